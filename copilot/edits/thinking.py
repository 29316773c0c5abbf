"""Thinking sections of a reply, which hold no edits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot.edits.lines import TRY_AGAIN
from copilot.errors import EditsRefused

_TAG = re.compile(r"[ \t]*+<(/?)(think|thinking|reasoning)>", re.IGNORECASE)


def opens_thinking(line: str, *, first: bool) -> str | None:
    """Return the tag that opens a thinking section on this line, if one does.

    On the reply's first line text may follow the tag; elsewhere the section has its own lines.
    """
    match = _TAG.match(line)
    if match is None or match[1]:
        return None
    rest = line[match.end() :].rstrip().lower()
    alone = not rest or rest.endswith(f"</{match[2].lower()}>")
    return match[2].lower() if alone or first else None


def closes_thinking(line: str) -> bool:
    """Tell whether a line is nothing but the end of a thinking section."""
    match = _TAG.match(line)
    return bool(match and match[1] and not line[match.end() :].strip())


def behind_thinking(lines: Sequence[str], start: int, tag: str) -> tuple[int, str]:
    """Return the index of the line where the section ends, and what stands behind its end there."""
    end = f"</{tag}>"
    for index in range(start, len(lines)):
        position = lines[index].lower().find(end)
        if position >= 0:
            return index, lines[index][position + len(end) :]
    raise EditsRefused("the thinking section is never closed: the reply was cut off", TRY_AGAIN)
