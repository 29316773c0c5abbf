"""Needle in a haystack: whether a model finds one line in the user's own code, by its depth.

After Kamradt, "Needle In A Haystack: pressure testing LLMs" (2023): the haystack here is the packed
repository itself, the needle a comment with a number that stands nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from copilot.backends.protocol import Backend, Delta, Message, Request
from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Prompt, SectionKind
from copilot.workspace.model import Snapshot, SourceFile

QUESTION = "What is the access code of the harbour gate? Answer with the number alone."
_REPLY_TOKENS = 32


@dataclass(frozen=True)
class Trial:
    """One question: the needle's depth (0 first line of the haystack, 1 last), and the answer."""

    depth: float
    prompt_tokens: int
    wanted: str
    answer: str

    @property
    def found(self) -> bool:
        return self.wanted in self.answer.replace(",", "").replace(" ", "")


def needle_trials(
    backend: Backend, snapshot: Snapshot, wording: Wording, tokenizer: str, depths: Sequence[float]
) -> Iterator[Trial]:
    """Ask once for each depth. The wording's task is QUESTION. Raises ModelError."""
    for depth in depths:
        code = _code(depth)
        prompt = compose_prompt(hide_needle(snapshot, depth, code), wording, tokenizer)
        yield Trial(depth, prompt.total_tokens, code, _answer(backend, prompt))


def hide_needle(snapshot: Snapshot, depth: float, code: str) -> Snapshot:
    """Return the snapshot with the needle as a line of its own at `depth` of all lines."""
    line = f"# The access code of the harbour gate is {code}.\n"
    lines = [(file.text or "").count("\n") + 1 if file.text else 0 for file in snapshot.files]
    target = round(depth * max(0, sum(lines) - 1))
    files = list(snapshot.files)
    for index, count in enumerate(lines):
        if target < count:
            files[index] = _with_line(files[index], line, target)
            break
        target -= count
    return replace(snapshot, files=tuple(files))


def _with_line(file: SourceFile, line: str, number: int) -> SourceFile:
    lines = (file.text or "").splitlines(keepends=True)
    before = "".join(lines[:number])
    before += "" if before.endswith("\n") or not before else "\n"
    return replace(file, data=(before + line + "".join(lines[number:])).encode(), content=None)


def _code(depth: float) -> str:
    """Return seven digits that depend on the depth alone, so that a run can be repeated."""
    digest = hashlib.sha256(f"needle {depth:.6f}".encode()).digest()
    return str(1_000_000 + int.from_bytes(digest[:4]) % 9_000_000)


def _answer(backend: Backend, prompt: Prompt) -> str:
    rules, rest = (
        "".join(s.text for s in prompt.sections if (s.kind is SectionKind.RULES) is wanted)
        for wanted in (True, False)
    )
    request = Request((Message("system", rules), Message("user", rest)), _REPLY_TOKENS, 0.0)
    return "".join(e.text for e in backend.ask(request) if isinstance(e, Delta))
