"""What a reviewer must know of a proposed change before saying yes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from copilot.edits.changes import ChangeSet, FileChange, Hunk, compose
from copilot.edits.flags import Flag, FlagKind
from copilot.edits.operations import Target
from copilot.edits.place import Placed
from copilot.edits.rungs import Rung
from copilot.structure.syntax import broken_by
from copilot.workspace.masks.placeholders import Mask
from copilot.workspace.protected import protection

# With more hunks than this, each is not tried alone to find the one that breaks the file.
_MOST_TRIED = 30


@dataclass(frozen=True)
class Known:
    """What is known of the edited files besides their bytes, by name with alias.

    `unseen` says what the model saw instead of the file, `stale` are the files that changed since
    it saw them, `masks` stand for each file's secrets.
    """

    unseen: Mapping[str, str] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    masks: Mapping[str, tuple[Mask, ...]] = field(default_factory=dict)


def flags_of(
    changes: ChangeSet, placed: Sequence[Placed], known: Known
) -> dict[str, tuple[Flag, ...]]:
    """Return the warnings for each changed file, by the change's name."""
    shifted = defaultdict(list)
    for one in placed:
        if one.rung is Rung.INDENT:
            shifted[one.target].append(one)
    found = {change.name: tuple(_flags(change, shifted, known)) for change in changes.changes}
    return {name: flags for name, flags in found.items() if flags}


def _flags(
    change: FileChange, shifted: Mapping[Target, Sequence[Placed]], known: Known
) -> Iterator[Flag]:
    names = _names(change)
    for path in sorted({change.path, change.old_path or change.path}):
        if why := protection(path):
            yield Flag(FlagKind.PROTECTED, f"protected: {path} {why}")
    if change.before is not None:
        for name in sorted(names & known.unseen.keys()):
            yield Flag(FlagKind.UNSEEN, known.unseen[name])
    if names & known.stale:
        yield Flag(FlagKind.STALE, "changed since the model saw it; the edits match what is there")
    for one in shifted.get(Target(change.repository, change.path), ()):
        about = f": {one.note}" if one.note else ""
        text = f"placed by an indent shift{about}"
        yield Flag(FlagKind.INDENT, text, _changed_line(change, one.start))
    yield from _syntax(change)
    yield from _masks(change, {m.value for name in names for m in known.masks.get(name, ())})


def _changed_line(change: FileChange, start: int) -> int:
    """Return the first changed line from an edit's start on: its first lines may be kept ones."""
    hunks = (hunk for hunk in change.hunks if hunk.kind == "text")
    below = (max(hunk.old_start, start) for hunk in hunks if _stop(hunk) > start)
    return next(below, start)


def _stop(hunk: Hunk) -> int:
    return hunk.old_start + max(hunk.old_count, 1)


def _names(change: FileChange) -> set[str]:
    paths = {change.path, change.old_path or change.path}
    return {f"{change.repository}/{path}" for path in paths}


def _syntax(change: FileChange) -> Iterator[Flag]:
    line = broken_by(change.path, change.before, change.after)
    if line is None:
        return
    hunk = _breaking_hunk(change, line - 1)
    text = f"no longer parses: syntax error at line {line} of the new file"
    yield Flag(FlagKind.SYNTAX, text, hunk.old_start if hunk else None)


def _breaking_hunk(change: FileChange, new_line: int) -> Hunk | None:
    """Return the hunk that breaks the file: the one around the error, else one that does alone."""
    texts = [(index, hunk) for index, hunk in enumerate(change.hunks) if hunk.kind == "text"]
    for _, hunk in texts:
        if hunk.new_start <= new_line < hunk.new_start + max(hunk.new_count, 1):
            return hunk
    for index, hunk in texts if len(texts) <= _MOST_TRIED else ():
        alone = compose(change, [index])
        if alone and broken_by(alone.path, alone.before, alone.after) is not None:
            return hunk
    above = [hunk for _, hunk in texts if hunk.new_start <= new_line]
    return above[-1] if above else None


def _masks(change: FileChange, secrets: set[str]) -> Iterator[Flag]:
    """Yield a flag for each hunk in which a masked value stands."""
    values = [secret.encode() for secret in secrets]
    for hunk in change.hunks if values else ():
        if any(value in line.data for line in hunk.lines for value in values):
            start = hunk.old_start if change.before is not None else None
            yield Flag(FlagKind.MASK, "holds a secret that the model saw masked", start)
