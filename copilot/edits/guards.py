"""What a new text must not hold or do: marks for text left out, left-over markers, a great loss."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise

from copilot.edits.elision import new_elisions
from copilot.text import suffix_of

# A file with this many lines may not lose more than half of them at once.
SHRINKING_LINES = 20

# Endings of files that are patches themselves.
_PATCHES = frozenset({".patch", ".diff", ".rej"})

_KINDS = {
    "a marker of an edit": re.compile(
        r"<{5,20} (?:SEARCH|CREATE|OVERWRITE|DELETE|RENAME)|>{5,20} (?:REPLACE|END)"
        r"|-{5,20} SEARCH|\+{5,20} REPLACE|END OF EDITS: \d+ files?, \d+ blocks?\.?"
    ),
    "a marker of a merge conflict": re.compile(r"(?:<{7}|\|{7}|>{7})(?: .*)?"),
    "a marker of a patch": re.compile(
        r"\*\*\* (?:Begin Patch|End Patch|End of File|(?:Update|Add|Delete) File: .+|Move to: .+)"
    ),
    "a header of a diff": re.compile(
        r"diff --git \S.* \S.*|@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@.*|--- \S.*\n\+\+\+ \S.*"
    ),
}
_FIRST = frozenset("<>|*@dE-+")
_LONGEST_MARKER = 1000
_SHOWN = 80


def refused_text(
    path: str, old: Sequence[str], new: Sequence[str], old_kinds: Callable[[], Collection[str]]
) -> str:
    """Return why the lines `new` may not be written for the lines `old`, or an empty string.

    `old_kinds` tells the kinds of markers that the whole file holds: such a file is about them, and
    may hold more.
    """
    if elisions := new_elisions(path, old, new):
        shown = elisions[0][:_SHOWN]
        return f"`{shown}` stands for text that was left out, and would be written as it is"
    if suffix_of(path) in _PATCHES:
        return ""
    for kind, line in _markers(new):
        if kind not in old_kinds():
            return f"`{line[:_SHOWN]}` is {kind}, which the file does not hold before"
    return ""


def marker_kinds(lines: Sequence[str]) -> frozenset[str]:
    """Return the kinds of markers among the lines of a file."""
    return frozenset(kind for kind, _ in _markers(lines))


def shrinks(old_lines: int, new_lines: int) -> bool:
    """Tell whether a whole-file text loses more than half of a file that is not short."""
    return old_lines >= SHRINKING_LINES and 2 * new_lines < old_lines


def _markers(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the markers among lines, each with its kind."""
    for line, below in pairwise([*lines, ""]):
        if line[:1] not in _FIRST or len(line) > _LONGEST_MARKER:
            continue
        text = line.rstrip()
        if text.startswith("--- ") and below.startswith("+++ "):
            text = f"{text}\n{below.rstrip()[:_LONGEST_MARKER]}"
        for kind, pattern in _KINDS.items():
            if pattern.fullmatch(text):
                yield kind, text.partition("\n")[0]
                break
