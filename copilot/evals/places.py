"""Where something of a file stands in a prompt."""

from __future__ import annotations

from copilot.context.model import Prompt
from copilot.context.tokens import count_tokens


def position_of(prompt: Prompt, name: str, start: int) -> int:
    """Return the tokens before a byte of a file that the prompt shows in full."""
    before = 0
    for section in prompt.sections:
        if not section.entries:
            before += section.tokens
            continue
        begin = 0
        for entry in section.entries:
            if entry.name == name:
                piece = section.data[begin : begin + entry.head + start]
                return before + count_tokens([piece], prompt.tokenizer)[0]
            before, begin = before + entry.tokens, begin + entry.size
    return before
