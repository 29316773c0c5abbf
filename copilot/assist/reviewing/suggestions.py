"""Suggested changes: edit blocks of findings, read and written in one form."""

from __future__ import annotations

import re
from collections.abc import Callable

from copilot.assist.reviewing.finding import Finding
from copilot.edits.operations import Replace
from copilot.edits.parse import parse
from copilot.errors import EditsRefused

NO_EDIT = "a suggestion that is no edit of what was shown"
_LEAST_MARKER = 7
_CLOSING = "\nEND OF EDITS: 1 file, 1 block\n"
_MARKER_LINE = re.compile(r"^([<=>])\1*", re.MULTILINE)


def written(text: str, marker: int, path_of: Callable[[str], str | None], alias: str) -> str | None:
    """Return a suggestion of a reply in the form it is kept in, None if it is none.

    That is one block that replaces lines of a file that `path_of` knows, under its name.
    """
    one = _read(text, marker)
    if one is None or not one.search.strip():
        return None
    path = path_of(one.path)
    if path is None or one.search == one.replace or "\n" in path:
        return None
    wide = _marker(one.search + one.replace)
    return (
        f"{alias}/{path}\n{'<' * wide} SEARCH\n{one.search}{'=' * wide}\n"
        f"{one.replace}{'>' * wide} REPLACE\n"
    )


def _marker(text: str) -> int:
    """Return a length for markers that no line of a text begins with."""
    taken = {len(match[0]) for match in _MARKER_LINE.finditer(text)}
    return next(n for n in range(_LEAST_MARKER, _LEAST_MARKER + len(taken) + 1) if n not in taken)


def operation_of(finding: Finding) -> Replace | None:
    """Return the edit that a finding suggests, None if it suggests none."""
    lines = finding.suggestion.split("\n", 2)
    if len(lines) < 3:
        return None
    marker = len(lines[1]) - len(lines[1].lstrip("<"))
    return _read(finding.suggestion, marker)


def _read(text: str, marker: int) -> Replace | None:
    """Return the one edit of a text, None if it is another or there are more."""
    try:
        found = parse(f"{text}{_CLOSING}", marker).operations
    except EditsRefused:
        return None
    return found[0] if len(found) == 1 and isinstance(found[0], Replace) else None
