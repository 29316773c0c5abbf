"""What a file is worth to whoever reads a repository, whatever they ask."""

from __future__ import annotations

from copilot.workspace.kinds import Kind
from copilot.workspace.model import SourceFile

_BY_KIND = {
    Kind.SOURCE: 1.0,
    Kind.CONFIGURATION: 0.5,
    Kind.DOCUMENTATION: 0.4,
    Kind.TEST: 0.3,
    Kind.DATA: 0.1,
}
_OF_OTHERS = 0.1
_INTRODUCTIONS = ("readme", "agents", "claude", "conventions", "contributing", "architecture")


def value_of(file: SourceFile) -> float:
    """Return a file's worth, more than 0 and at most 1: by its kind and how deep it lies."""
    worth = _BY_KIND.get(file.kind, _OF_OTHERS) if file.kind else _OF_OTHERS
    stem = file.path.rpartition("/")[2].partition(".")[0].lower()
    if "/" not in file.path and stem in _INTRODUCTIONS:
        return 1.0
    depth = file.path.count("/")
    return worth / (1 + 0.1 * depth)
