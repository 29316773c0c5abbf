"""A file and the texts of a reply as lines that can be compared, with every byte kept."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from copilot.edits.changes import split_lines
from copilot.edits.lineindex import LineIndex

# White space that may be wrong behind a line, and in front of one.
BEHIND = b" \t\r"
BEFORE = b" \t"
UTF8 = "utf-8"

_WORD = re.compile(rb"\w+")
_BOM_CHARACTER = "\ufeff"
_MARKS = {
    "utf-8": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}


@dataclass(frozen=True)
class TextFile:
    """A file as lines.

    `raw` are the lines as they are, with their ends, behind the byte order mark `bom`. `lines` are
    the same in UTF-8 without their ends, which are in `ends`: CR LF, LF, or nothing at last.
    `stops` remembers where the blocks below lines end (anchors.py).
    """

    bom: bytes
    codec: str
    raw: list[bytes] = field(repr=False)
    lines: list[bytes] = field(repr=False)
    ends: list[bytes] = field(repr=False)
    stops: dict[int, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def unterminated(self) -> bool:
        """Tell whether the last line has no end."""
        return bool(self.ends) and not self.ends[-1]

    @cached_property
    def exact(self) -> LineIndex:
        return LineIndex(self.lines)

    @cached_property
    def trailing(self) -> LineIndex:
        return LineIndex(trailing_keys(self.lines))

    @cached_property
    def indents(self) -> dict[bytes, set[bytes]]:
        """The white space that stands in front of each text."""
        indents: dict[bytes, set[bytes]] = {}
        for line in self.lines:
            indent, text = split_indent(line)
            indents.setdefault(text, set()).add(indent)
        return indents

    @cached_property
    def stripped(self) -> dict[bytes, list[int]]:
        """Where each line stands, white space around it aside."""
        places: dict[bytes, list[int]] = {}
        for number, line in enumerate(self.lines):
            places.setdefault(line.strip(BEHIND), []).append(number)
        return places

    @cached_property
    def words(self) -> dict[bytes, list[int]]:
        """Where each word stands."""
        places: dict[bytes, list[int]] = {}
        for number, line in enumerate(self.lines):
            for word in set(_WORD.findall(line)):
                places.setdefault(word, []).append(number)
        return places

    def encoded(self, line: bytes) -> bytes:
        """Return a UTF-8 line in the file's encoding; raises UnicodeEncodeError."""
        return line if self.codec == UTF8 else line.decode().encode(self.codec)


def text_file(data: bytes, encoding: str = UTF8) -> TextFile | None:
    """Return the file as lines, or None where it is no such text or would not keep its bytes."""
    name = codecs.lookup(encoding).name
    found = (m for m in _MARKS.get(name, ()) if data.startswith(m[0]))
    bom, codec = next(found, (b"", name))
    body = data[len(bom) :]
    try:
        text = body.decode(codec)
    except UnicodeDecodeError:
        return None
    if codec == UTF8:
        raw = plain = split_lines(body)
    else:
        plain = split_lines(text.encode())
        raw = [line.decode().encode(codec) for line in plain]
        if b"".join(raw) != body:
            return None
    ends = [_end_of(line) for line in plain]
    lines = [line[: len(line) - len(end)] for line, end in zip(plain, ends, strict=True)]
    return TextFile(bom, codec, raw, lines, ends)


@dataclass(frozen=True)
class Given:
    """Lines that a reply gives, in UTF-8 and without their ends, which are in `ends`."""

    lines: list[bytes]
    ends: list[bytes]

    @property
    def is_open(self) -> bool:
        """Tell whether the reply says that the last line has no end."""
        return bool(self.ends) and not self.ends[-1]

    @property
    def shows_ends(self) -> bool:
        """Tell whether the reply gives carriage returns, so that its line ends are meant."""
        return b"\r\n" in self.ends


def given(text: str, file: TextFile | None = None) -> Given:
    """Return a text of the reply as lines, without the byte order mark that the file has itself.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    if file is not None and file.bom:
        text = text.removeprefix(_BOM_CHARACTER)
    plain = split_lines(text.encode())
    ends = [_end_of(line) for line in plain]
    lines = [line[: len(line) - len(end)] for line, end in zip(plain, ends, strict=True)]
    return Given(lines, ends)


def trailing_keys(lines: Sequence[bytes]) -> list[bytes]:
    """Return the lines without the white space behind them."""
    return [line.rstrip(BEHIND) for line in lines]


def split_indent(line: bytes) -> tuple[bytes, bytes]:
    """Return the white space in front of a line, and its text without any around it."""
    text = line.lstrip(BEFORE)
    return line[: len(line) - len(text)], text.rstrip(BEHIND)


def is_blank(line: bytes) -> bool:
    return not line.strip(BEHIND)


def _end_of(line: bytes) -> bytes:
    if line.endswith(b"\r\n"):
        return b"\r\n"
    return b"\n" if line.endswith(b"\n") else b""
