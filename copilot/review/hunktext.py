"""A hunk as text that a person edits, and back."""

from __future__ import annotations

from typing import Literal

from copilot.edits.changes import DiffLine, Hunk
from copilot.errors import EditsRefused

_TAGS: dict[bytes, Literal[" ", "-", "+"]] = {b" ": " ", b"-": "-", b"+": "+"}
_NO_NEWLINE = b"\\ No newline at end of file"
_HELP = (
    b"# To keep a '-' line, make its '-' a space. To drop a '+' line, delete it.",
    b"# Add lines that begin with '+'. Lines that begin with '#' are ignored.",
    b"# Delete everything to leave the hunk as it is.",
)


def to_text(hunk: Hunk) -> bytes:
    """Return the hunk's lines with their tags in front, and a short help behind `#`.

    The help ends its lines as the hunk does, so that an editor sees one kind of line end.
    """
    lines = [_tagged(line) for line in hunk.lines]
    crlf = any(line.data.endswith(b"\r\n") for line in hunk.lines)
    end = b"\r\n" if crlf else b"\n"
    return b"".join([*lines, *(line + end for line in _HELP)])


def from_text(text: bytes) -> tuple[DiffLine, ...]:
    """Return the lines of an edited hunk; none where the person deleted everything.

    An empty line counts as an empty unchanged one, since editors strip spaces. Raises EditsRefused
    for a line that begins with anything else than a tag.
    """
    raw = [line for line in text.removesuffix(b"\n").split(b"\n") if not line.startswith(b"#")]
    if all(line in (b"", b"\r") for line in raw):
        return ()
    lines: list[DiffLine] = []
    for line in raw:
        if line.startswith(_NO_NEWLINE) and lines:
            last = lines.pop()
            lines.append(DiffLine(last.tag, last.data.removesuffix(b"\n")))
        else:
            lines.append(_line(line))
    return tuple(lines)


def _tagged(line: DiffLine) -> bytes:
    end = b"" if line.data.endswith(b"\n") else b"\n" + _NO_NEWLINE + b"\n"
    return line.tag.encode() + line.data + end


def _line(line: bytes) -> DiffLine:
    tag = _TAGS.get(line[:1])
    if tag is not None:
        return DiffLine(tag, line[1:] + b"\n")
    if line.strip():
        raise EditsRefused(
            "a line of the edited hunk begins with no tag",
            "begin each line with a space, '-' or '+'",
        )
    return DiffLine(" ", line + b"\n")
