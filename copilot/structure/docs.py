"""The first line of what documents a definition: its documentation string or leading comment."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set

from copilot.structure.reading import Extra, Found, Reading

_OPENING = re.compile(
    r"/\*+[!<]*|//+[!<]*|#+[:|!']*|--\[=*\[|--+(?:\s*[|^])?|;+|%+|\{-\|?|\(\*+|<!--|=\w+"
)
_CLOSING = re.compile(r"\s*(?:\*+/|-->|-\}|\*\)|\]=*\]|=end|=cut)\s*$")
_STAR = re.compile(r"\s*\*+(?:\s|$)")
_QUOTES = re.compile(r"[A-Za-z]{0,2}(\"\"\"|'''|\"|')")
_SUMMARY = re.compile(r"^[@\\](?:brief|short|summary)\b\s*|</?(?:summary|para)>")
_BARE_TAG = re.compile(r"[@\\]\w+$")
_TAG = re.compile(r"[@\\]\w|:\w+[^:]*:|<(?:param|returns|inheritdoc)\b")
_DIRECTIVE = re.compile(
    r"go:\w|nolint|noqa|type: ?ignore|pylint:|mypy:|ruff:|pragma\b|eslint|prettier-ignore|"
    r"istanbul |c8 ignore|clang-format|NOLINT|NOSONAR|rubocop:|shellcheck |frozen_string_literal"
)
_LEADING = re.compile(rb"@(?:doc|typedoc)\b[^\n]*$")
_ATTRIBUTE = (b"#[", b"@")
_LONGEST_ATTRIBUTE = 40


def docs(reading: Reading, data: bytes) -> list[str]:
    """Return one line for each definition of a reading, "" where nothing documents it."""
    lines = data.split(b"\n")
    inner = _inner(reading, data)
    above = _above(reading, data, lines)
    others = {found.rows.first for found in reading.found}.union(above)
    firsts: dict[int, int] = {}
    made = []
    for number, found in enumerate(reading.found):
        parts = [inner[number]] if number in inner else []
        # A comment above a line is about the first definition on it.
        if not parts and firsts.setdefault(found.rows.first, found.start) == found.start:
            parts = _block(above, _row_above(others, lines, found))
        texts = [(p, data[p.start : p.end].decode("utf-8", "replace")) for p in parts]
        made.append(_first([line for part, text in texts for line in _bare(part, text)]))
    return made


def _above(reading: Reading, data: bytes, lines: Sequence[bytes]) -> dict[int, Extra]:
    """Return what documents a definition that comes after it, by the last row of it."""
    made = {}
    for extra in reading.extras:
        if extra.role == "comment":
            made[extra.rows.last] = extra
        elif extra.role == "doc" and _leads(extra, data):
            made[extra.rows.last + _is_closed_below(extra, lines)] = extra
    return made


def _is_closed_below(extra: Extra, lines: Sequence[bytes]) -> bool:
    """Say whether the quotes that close a string stand alone on the next line."""
    return b"".join(lines[extra.rows.last + 1 : extra.rows.last + 2]).strip() == b'"""'


def _inner(reading: Reading, data: bytes) -> dict[int, Extra]:
    """Return the documentation strings that stand in what they document, by its number."""
    starts = [found.start for found in reading.found]
    made: dict[int, Extra] = {}
    for extra in reading.extras:
        if extra.role != "doc" or _leads(extra, data):
            continue
        number = bisect_right(starts, extra.start) - 1
        while number >= 0 and reading.found[number].end <= extra.start:
            number -= 1
        if number >= 0 and _is_first(extra, reading.found[number]):
            made.setdefault(number, extra)
    return made


def _is_first(extra: Extra, found: Found) -> bool:
    return found.body is None or extra.rows.first <= found.body.first


def _leads(extra: Extra, data: bytes) -> bool:
    """Say whether a documentation string stands before what it documents, as in Elixir."""
    line = data.rfind(b"\n", 0, extra.start) + 1
    return _LEADING.search(data[line : extra.start]) is not None


def _row_above(others: Set[int], lines: Sequence[bytes], found: Found) -> int:
    """Return the row above a definition and above attributes that its grammar sets apart.

    `others` are rows where something else begins or ends.
    """
    row, indent = found.rows.first - 1, _indent(lines[found.rows.first])
    while row >= 0 and row not in others:
        first = row
        while first > max(0, row - _LONGEST_ATTRIBUTE) and _continues(lines[first], indent):
            first -= 1
        attribute = lines[first].lstrip().startswith(_ATTRIBUTE)
        if first in others or not attribute or _indent(lines[first]) != indent:
            break
        row = first - 1
    return row


def _continues(line: bytes, indent: int) -> bool:
    """Say whether a line is inside of or closes brackets that were opened above it."""
    text = line.strip()
    return bool(text) and (_indent(line) > indent or text[:1] in (b")", b"]", b"}"))


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip())


def _block(above: dict[int, Extra], row: int) -> list[Extra]:
    """Return the comments that end at a row and follow one another in one column."""
    block: list[Extra] = []
    while (extra := above.get(row)) and (not block or extra.column == block[0].column):
        block.append(extra)
        row = extra.rows.first - 1
    return block[::-1]


def _bare(extra: Extra, text: str) -> list[str]:
    """Return the lines of a comment or a documentation string without its signs."""
    if extra.role == "doc":
        quotes = _QUOTES.match(text)
        inner = text[quotes.end() :].removesuffix(quotes[1]) if quotes else text
        return inner.split("\n")
    opening = _OPENING.match(text)
    lines = _CLOSING.sub("", text[opening.end() if opening else 0 :]).split("\n")
    if not text.startswith("/*"):
        return lines
    return [lines[0], *(_STAR.sub("", line) for line in lines[1:])]


def _first(lines: Sequence[str]) -> str:
    """Return the first line that is a sentence: no rule, directive or tag."""
    for line in _described(lines):
        if re.search(r"\w", line):
            return line
    return ""


def _described(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        text = _SUMMARY.sub("", line.strip()).strip()
        if _DIRECTIVE.match(text) or _BARE_TAG.match(text):
            continue
        if _TAG.match(text):
            return
        yield text
