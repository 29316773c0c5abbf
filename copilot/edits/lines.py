"""The lines of a reply, and the words with which one of them is refused."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.errors import EditsRefused
from copilot.text import one_line

TRY_AGAIN = "nothing was applied; ask again"
# More edits than any person could review.
MAX_EDITS = 50_000
# Characters of a line that a refusal quotes.
_QUOTED = 100


def reply_lines(reply: str) -> list[str]:
    """Return the lines of a reply without their line feeds, and without a byte order mark.

    Where every line ends in CR LF the carriage returns go too; elsewhere they stay in the lines.
    """
    reply = reply.removeprefix("\ufeff")
    ends = reply.count("\n")
    if ends and reply.count("\r\n") == ends:
        reply = reply.replace("\r\n", "\n")
    lines = reply.split("\n")
    return lines if lines[-1] else lines[:-1]


def exact(lines: Sequence[str]) -> str:
    """Return lines of the reply as a text, each with its line feed."""
    return "\n".join(lines) + "\n" if lines else ""


def joined(lines: Sequence[str]) -> str:
    """Return lines of the reply as a text whose line ends are line feeds alone."""
    return exact(lines).replace("\r\n", "\n")


def is_blank(line: str) -> bool:
    """Tell whether a line holds nothing but white space."""
    return not line or line.isspace()


def next_filled(lines: Sequence[str], start: int) -> int:
    """Return the index of the first line from `start` on that is not blank, or their number."""
    for index in range(start, len(lines)):
        if not is_blank(lines[index]):
            return index
    return len(lines)


def check_count(edits: Sequence[object]) -> None:
    """Refuse a reply with more edits than anybody could review."""
    if len(edits) > MAX_EDITS:
        raise EditsRefused(f"the reply holds more than {MAX_EDITS} edits", TRY_AGAIN)


def refused(index: int, message: str, line: str = "") -> EditsRefused:
    """Return the refusal of the line at `index` (0-based), with the line itself where given."""
    quoted = f": {one_line(line.strip()[:_QUOTED])}" if line else ""
    return EditsRefused(f"line {index + 1} of the reply: {message}{quoted}", TRY_AGAIN)
