"""The code blocks of an answer: fenced ones, as in CommonMark 0.31, section 4.5."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n`]*$")


@dataclass(frozen=True)
class CodeBlock:
    """A block's text, each line ended, and the word behind its fence."""

    text: str
    language: str = ""


def code_blocks(text: str) -> tuple[CodeBlock, ...]:
    """Return the blocks in their order; one that is not closed goes to the end."""
    blocks: list[CodeBlock] = []
    fence, language, lines = "", "", list[str]()
    for line in text.splitlines():
        if fence:
            if _closes(line, fence):
                blocks.append(CodeBlock("".join(lines), language))
                fence, lines = "", []
            else:
                lines.append(f"{line}\n")
        elif match := _FENCE.match(line):
            fence, language = match[1], match[2]
    if fence:
        blocks.append(CodeBlock("".join(lines), language))
    return tuple(blocks)


def _closes(line: str, fence: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(fence) and not bare.strip(fence[0])
