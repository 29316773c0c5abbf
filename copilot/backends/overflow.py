"""What a provider says when a prompt is too long, and the figures in it.

The texts are those of Anthropic, OpenAI (DeepSeek and Azure say the same), Gemini, vLLM of several
ages, SGLang, llama.cpp, LM Studio and Ollama.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_FIGURED = tuple(
    re.compile(
        text.replace("GOT", r"(?P<got>\(?[\d,]+\)?)").replace("LIMIT", r"(?P<limit>\(?[\d,]+\)?)"),
        re.IGNORECASE | re.DOTALL,
    )
    for text in (
        r"prompt is too long: GOT tokens > LIMIT maximum",
        r"input length and `?max_tokens`? exceed context limit: GOT \+ [\d,]+ > LIMIT",
        r"input token count GOT exceeds the maximum number of tokens allowed LIMIT",
        r"maximum context length is LIMIT tokens.{0,200}?GOT in the messages",
        r"maximum context length is LIMIT tokens.{0,200}?(?:resulted in|request has) GOT ",
        r"maximum context length is LIMIT tokens.{0,200}?you requested GOT tokens",
        r"maximum context length of LIMIT tokens.{0,200}?: GOT tokens from the input",
        r"maximum context length (?:is|of) LIMIT",
        r"configured limit of LIMIT tokens.{0,200}?resulted in GOT tokens",
        r"you passed GOT input tokens.{0,200}?context length is only LIMIT",
        r"context length is only LIMIT",
        r"keep the first GOT tokens.{0,200}?context length of only LIMIT",
        r"n_keep: GOT >= n_ctx: LIMIT",
        r"input \(GOT tokens\) is longer than the model's context length \(LIMIT",
        r"request \(GOT tokens\) exceeds the available context size \(LIMIT tokens",
    )
)
_BARE = re.compile(
    "exceed_context_size_error|context size has been exceeded|context_length_exceeded"
    "|exceeds the available context size|prompt is too long(?!: *[0-9])"
    "|maximum context length|prompt is longer than the context length"
    "|input length exceeds the context length|model's context length is only",
    re.IGNORECASE,
)
# Texts far longer than these are no refusal that a server wrote.
_MOST_CHARACTERS = 20_000


@dataclass(frozen=True)
class Overflow:
    """A prompt of `got` tokens for a window of `limit`; None where the provider does not tell."""

    limit: int | None = None
    got: int | None = None


def overflow_in(text: str, document: Any = None) -> Overflow | None:
    """Return what a refusal says of a prompt that is too long, None if it is about another thing.

    `document` is the refusal parsed, where it is JSON: llama.cpp puts the figures there.
    """
    text = text[:_MOST_CHARACTERS]
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict) and isinstance(error.get("n_ctx"), int):
        got = error.get("n_prompt_tokens")
        return Overflow(error["n_ctx"], got if isinstance(got, int) else None)
    for pattern in _FIGURED:
        match = pattern.search(text)
        if match:
            figures = {name: _number(said) for name, said in match.groupdict().items()}
            return Overflow(figures.get("limit"), figures.get("got"))
    return Overflow() if _BARE.search(text) else None


def _number(said: str) -> int | None:
    digits = re.sub(r"\D", "", said)
    return int(digits) if digits and len(digits) < 16 else None
