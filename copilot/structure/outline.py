"""A file without its function bodies.

An outline takes nothing up: it begins with the whole file and leaves lines out, so what our
queries do not know stays. Lines are kept byte for byte; each run of lines that is left out
becomes one line that says how many there were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from copilot.structure.grammars import Grammar, grammar_named, grammar_of, is_installed
from copilot.structure.reading import CALLABLES, TYPES, Extra, Found, Reading, Rows, read

_LONG_VALUE = 8
_CPP_HEADER = re.compile(rb"^\s*(?:class|namespace|template|public:|using)\b", re.MULTILINE)


@dataclass(frozen=True)
class Outline:
    """An outline's text; `kept_lines + left_out_lines` are the lines of the file.

    `errors` are the first and last line, from 1, of each place that could not be parsed.
    """

    text: str
    kept_lines: int
    left_out_lines: int
    errors: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Stroke:
    """Rows to keep or to leave out; a later stroke covers an earlier one."""

    rows: Rows
    keep: bool


def outline(path: str, text: str, *, members: bool = True) -> Outline | None:
    """Return the outline of a file, or None if no installed grammar reads it.

    Without `members` the bodies of classes and the like are left out too.
    """
    data = text.encode("utf-8", "replace")
    grammar = grammar_to_read(path, data)
    return outline_of(read(grammar, data), text, members=members) if grammar else None


def outline_of(reading: Reading, text: str, *, members: bool = True) -> Outline:
    """Return the outline of a file that was read."""
    lines = text.split("\n")
    lines = [f"{line}\n" for line in lines[:-1]] + lines[-1:] * bool(lines[-1])
    kept = _painted(_strokes(reading, members), len(lines))
    parts = tuple(_parts(lines, kept))
    left_out = sum(count for _, count in parts)
    errors = tuple((rows.first + 1, rows.last + 1) for rows in reading.errors)
    return Outline("".join(t for t, _ in parts), len(lines) - left_out, left_out, errors)


def grammar_to_read(path: str, data: bytes) -> Grammar | None:
    """Return the grammar to use, None if it is not installed; a `.h` may speak C++."""
    grammar = grammar_of(path)
    if grammar and grammar.language == "c" and path.lower().endswith(".h"):
        cpp = grammar_named("cpp")
        grammar = cpp if is_installed(cpp) and _CPP_HEADER.search(data) else grammar
    return grammar if grammar and is_installed(grammar) else None


def _strokes(reading: Reading, members: bool) -> Iterator[_Stroke]:
    """Yield what to keep and to leave out, in the order of the file, outer before inner."""
    items: list[Found | Extra] = [*reading.found, *_grouped(reading)]
    hidden: Found | Extra | None = None
    head_end = inside_end = 0
    for item in sorted(items, key=lambda item: (item.start, -item.end)):
        if hidden and item.start < hidden.end and not _documents(item, hidden):
            continue
        if isinstance(item, Extra):
            hidden = item if item.role == "data" and _goes(item.rows) else hidden
            if item.role == "inside":
                inside_end = max(inside_end, item.end)
            # A comment between parameters is part of the signature; so is a value that is one.
            after = {"comment": head_end, "value": head_end, "type": inside_end}
            if item.start >= after.get(item.role, 0):
                yield from _extra(item)
        elif item.body and item.kind in CALLABLES | TYPES:
            head_end = item.signature_end
            yield _Stroke(item.rows, keep=True)
            if item.kind in CALLABLES:
                inside_end = max(inside_end, item.end)
            if item.kind in CALLABLES or not members:
                yield _Stroke(item.body, keep=False)
            if item.kind in TYPES and not members:
                hidden = item


def _goes(rows: Rows) -> bool:
    return rows.last - rows.first >= _LONG_VALUE


def _documents(item: Found | Extra, outer: Found | Extra) -> bool:
    """Say whether an item is the documentation string of a definition."""
    if isinstance(outer, Extra) or outer.body is None or not isinstance(item, Extra):
        return False
    return item.role == "doc" and item.rows.first == outer.body.first


def _extra(extra: Extra) -> Iterator[_Stroke]:
    rows = extra.rows
    if extra.role in ("attribute", "block", "type"):
        yield _Stroke(rows, keep=True)
    if extra.role in ("value", "block") and rows.last - rows.first > _LONG_VALUE:
        yield _Stroke(Rows(rows.first + 1, rows.last - 1), keep=False)
    elif extra.role == "rest" or (extra.role == "data" and _goes(rows)):
        yield _Stroke(rows, keep=False)
    elif extra.role in ("doc", "lead", "comment"):
        first = rows.last if extra.word_row is None else extra.word_row
        if extra.role != "comment":
            yield _Stroke(Rows(rows.first, first), keep=True)
        yield _Stroke(Rows(first + 1, rows.last), keep=False)


def _grouped(reading: Reading) -> Iterator[Extra]:
    """Join comments on neighbouring lines; one right before a definition is its documentation."""
    heads = {f.rows.first for f in reading.found if f.body and f.kind in CALLABLES | TYPES}
    for run in _runs(reading.extras):
        documents = run.role == "comment" and run.rows.last + 1 in heads
        yield replace(run, role="lead") if documents else run


def _runs(extras: Sequence[Extra]) -> Iterator[Extra]:
    run: Extra | None = None
    for extra in extras:
        if extra.role != "comment":
            yield extra
        elif run and (extra.rows.first, extra.column) == (run.rows.last + 1, run.column):
            run = _both(run, extra)
        else:
            if run:
                yield run
            run = extra
    if run:
        yield run


def _both(run: Extra, following: Extra) -> Extra:
    word = following.word_row if run.word_row is None else run.word_row
    rows = Rows(run.rows.first, following.rows.last)
    return replace(run, end=following.end, rows=rows, word_row=word)


def _painted(strokes: Iterator[_Stroke], count: int) -> list[bool]:
    """Say of each row whether it is kept.

    The last stroke counts, so paint from the last and skip what is painted: each row once.
    """
    kept = [True] * count
    following = list(range(count + 1))
    for stroke in reversed(list(strokes)):
        row = _unpainted(following, min(stroke.rows.first, count))
        while row <= min(stroke.rows.last, count - 1):
            kept[row] = stroke.keep
            following[row] = row + 1
            row = _unpainted(following, row)
    return kept


def _unpainted(following: list[int], row: int) -> int:
    """Return the first unpainted row from `row` on, and shorten the way there."""
    while following[row] != row:
        following[row] = following[following[row]]
        row = following[row]
    return row


def _parts(lines: Sequence[str], kept: Sequence[bool]) -> Iterator[tuple[str, int]]:
    """Yield the outline's pieces, each with the number of lines it stands for and leaves out."""
    row = 0
    while row < len(lines):
        end = row
        while end < len(lines) and not kept[end]:
            end += 1
        if end == row:
            yield lines[row], 0
            row += 1
            continue
        run = lines[row:end]
        mark, text = _mark(run), "".join(run)
        # The mark's sign takes three bytes: shorter in letters must be shorter in bytes too.
        yield (mark, len(run)) if len(mark) + 2 < len(text) else (text, 0)
        row = end


def _mark(run: Sequence[str]) -> str:
    first = next((line for line in run if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())] if first else ""
    ending = run[-1][-2:] if run[-1].endswith("\r\n") else "\n" * run[-1].endswith("\n")
    return f"{indent}… {len(run)} {'line' if len(run) == 1 else 'lines'}{ending}"
