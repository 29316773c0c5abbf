"""Which definitions a change touches: their names, and the lines they have after it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copilot.structure.definitions import Definition, definitions
from copilot.workspace.diffs import DiffHunk

# More takes too long to parse while somebody waits.
_MOST_BYTES = 1024 * 1024
# Where no grammar reads a file, what stands behind these words is taken for a name.
_DEFINES = re.compile(
    r"\b(?:def|fn|func|function|fun|sub|proc|class|struct|interface|trait|enum|type|module|const"
    r"|let|var|macro)\s+([A-Za-z_]\w*)"
)
_IS_NAME = re.compile(r"[A-Za-z_$][\w$]{2,}")
# Keys and headings are referred to by nobody by name.
_NAMELESS = frozenset({"key", "heading", "element", "impl", "template"})


@dataclass(frozen=True)
class Touched:
    """What a change touches in one file: names, and spans of lines after it, both ends included."""

    names: frozenset[str] = frozenset()
    spans: tuple[tuple[int, int], ...] = ()


def touched(path: str, hunks: Sequence[DiffHunk], old: bytes | None, new: bytes | None) -> Touched:
    """Return the innermost definitions in which lines were added or removed.

    `old` and `new` are the texts before and after, None where one is not known or is not there.
    """
    added = {line.new for hunk in hunks for line in hunk.lines if line.sign == "+" and line.new}
    removed = {line.old for hunk in hunks for line in hunk.lines if line.sign == "-" and line.old}
    before = _innermost(_defined(path, old), removed) if removed else []
    here = _defined(path, new) if added or before else ()
    after = _innermost(here, added)
    names = {name for one in (*before, *after) if (name := _name(one))}
    spans = {(one.start_line, one.end_line) for one in after}
    same = {(one.parent, one.name) for one in before}
    spans |= {(one.start_line, one.end_line) for one in here if (one.parent, one.name) in same}
    if not names:
        names = set(_by_word(hunks))
    return Touched(frozenset(names), tuple(sorted(spans)))


def _defined(path: str, text: bytes | None) -> Sequence[Definition]:
    return definitions(path, text) if text and len(text) <= _MOST_BYTES else ()


def _innermost(found: Sequence[Definition], lines: set[int]) -> list[Definition]:
    """Return for each line the smallest definition around it, each definition once."""
    ordered = sorted(lines)
    owners: dict[int, Definition] = {}
    # The largest first, so that those inside take its lines from it.
    for one in sorted(found, key=lambda one: one.start_line - one.end_line):
        first = bisect_left(ordered, one.start_line)
        owners.update(dict.fromkeys(ordered[first : bisect_right(ordered, one.end_line)], one))
    return list({id(one): one for one in owners.values()}.values())


def _name(one: Definition) -> str:
    """Return the name by which others refer to a definition; of a constructor, its class's."""
    if one.kind in _NAMELESS:
        return ""
    name = one.name
    is_special = name.startswith("__") or name in ("constructor", "new")
    if is_special and one.parent:
        name = one.parent
    name = re.split(r"[.:\\/#]+", name)[-1]
    return name if _IS_NAME.fullmatch(name) else ""


def _by_word(hunks: Sequence[DiffHunk]) -> Iterator[str]:
    for hunk in hunks:
        for text in (hunk.section, *(line.text for line in hunk.lines if line.sign != " ")):
            yield from (name for name in _DEFINES.findall(text) if _IS_NAME.fullmatch(name))
