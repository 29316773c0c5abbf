"""Decisions on the hunks of a change set, as pure state: every step returns a new review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from copilot.edits.changes import (
    ChangeSet,
    DiffLine,
    FileChange,
    compose,
    with_hunk_lines,
)
from copilot.edits.flags import ASKED, Flag

T = TypeVar("T")


class Decision(Enum):
    """What a person said of one hunk."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True)
class FileReview:
    """One file's change and a decision for each of its hunks; `flags` warn the person."""

    change: FileChange
    decisions: tuple[Decision, ...]
    flags: tuple[Flag, ...] = ()

    @property
    def decision(self) -> Decision | None:
        """The decision all hunks share, or None where they differ."""
        return self.decisions[0] if len(set(self.decisions)) == 1 else None

    @property
    def file_flags(self) -> tuple[Flag, ...]:
        """The flags that are about the whole file, or about lines that no hunk covers."""
        placed = {flag for index in range(len(self.decisions)) for flag in self.hunk_flags(index)}
        return tuple(flag for flag in self.flags if flag not in placed)

    def hunk_flags(self, index: int) -> tuple[Flag, ...]:
        """Return the flags that are about the lines of one hunk."""
        hunk = self.change.hunks[index]
        if hunk.kind not in ("text", "create", "delete"):
            return ()
        lines = range(hunk.old_start, hunk.old_start + max(hunk.old_count, 1))
        return tuple(flag for flag in self.flags if flag.old_line in lines)


@dataclass(frozen=True)
class Review:
    """All files under review, with the earlier and later decisions for undo and redo."""

    files: tuple[FileReview, ...]
    past: tuple[tuple[FileReview, ...], ...] = ()
    future: tuple[tuple[FileReview, ...], ...] = ()

    def count(self, decision: Decision) -> int:
        return sum(file.decisions.count(decision) for file in self.files)


@dataclass(frozen=True)
class Place:
    """A hunk's address: index of the file, index of the hunk in it."""

    file: int
    hunk: int


def start(changes: ChangeSet, flags: Mapping[str, tuple[Flag, ...]] | None = None) -> Review:
    """Return a review with every hunk undecided; `flags` maps a change's name to its warnings."""
    return Review(
        tuple(
            FileReview(c, (Decision.UNDECIDED,) * len(c.hunks), (flags or {}).get(c.name, ()))
            for c in changes.changes
        )
    )


def decide(review: Review, place: Place, decision: Decision) -> Review:
    """Decide one hunk."""
    file = review.files[place.file]
    decisions = _set(file.decisions, place.hunk, decision)
    return _step(review, _set(review.files, place.file, replace(file, decisions=decisions)))


def decide_rest(review: Review, place: Place, decision: Decision) -> Review:
    """Decide one hunk and the undecided ones behind it in the same file."""
    file = review.files[place.file]
    rest = _decide_all(file, decision, only_undecided=True).decisions[place.hunk + 1 :]
    decisions = (*file.decisions[: place.hunk], decision, *rest)
    return _step(review, _set(review.files, place.file, replace(file, decisions=decisions)))


def decide_file(
    review: Review, index: int, decision: Decision, *, only_undecided: bool = False
) -> Review:
    """Decide all hunks of a file, or those nobody has decided yet."""
    file = _decide_all(review.files[index], decision, only_undecided)
    return _step(review, _set(review.files, index, file))


def decide_all(review: Review, decision: Decision, *, only_undecided: bool = False) -> Review:
    """Decide every hunk, or those nobody has decided yet."""
    return _step(review, tuple(_decide_all(f, decision, only_undecided) for f in review.files))


def with_edited_hunk(review: Review, place: Place, lines: tuple[DiffLine, ...]) -> Review:
    """Return the review with one hunk's lines replaced by `lines`; undo takes it back.

    The hunks are found anew in the edited file. A hunk that is the same as before, at the same
    lines of the file before, keeps its decision; the edited one, and any that came out
    differently, is undecided. If the edit leaves no change, the file stays without hunks.
    Raises EditsRefused as `with_hunk_lines` does.
    """
    file = review.files[place.file]
    change = with_hunk_lines(file.change, place.hunk, lines)
    kept = {
        (hunk.old_start, hunk.kind, hunk.lines): decision
        for index, (hunk, decision) in enumerate(
            zip(file.change.hunks, file.decisions, strict=True)
        )
        if index != place.hunk
    }
    decisions = tuple(
        kept.get((hunk.old_start, hunk.kind, hunk.lines), Decision.UNDECIDED)
        for hunk in change.hunks
    )
    edited = FileReview(change, decisions, file.flags)
    return _step(review, _set(review.files, place.file, edited))


def undo(review: Review) -> Review:
    """Take the last decision back; with none, the same review."""
    if not review.past:
        return review
    *past, files = review.past
    return Review(files, tuple(past), (review.files, *review.future))


def redo(review: Review) -> Review:
    """Make the decision again that was taken back last; with none, the same review."""
    if not review.future:
        return review
    files, *future = review.future
    return Review(files, (*review.past, review.files), tuple(future))


def places(review: Review) -> tuple[Place, ...]:
    """Return the addresses of all hunks in the order they are shown."""
    return tuple(
        Place(f, h) for f, file in enumerate(review.files) for h in range(len(file.decisions))
    )


def next_undecided(review: Review, after: Place | None = None) -> Place | None:
    """Return the first undecided hunk behind `after`, wrapping around, or None."""
    every = places(review)
    start_at = every.index(after) + 1 if after in every else 0
    turned = every[start_at:] + every[:start_at]
    return next((p for p in turned if decision_at(review, p) is Decision.UNDECIDED), None)


def decision_at(review: Review, place: Place) -> Decision:
    return review.files[place.file].decisions[place.hunk]


def accepted(review: Review) -> ChangeSet:
    """Return the change set that holds exactly the accepted hunks."""
    composed = (compose(f.change, _accepted_hunks(f)) for f in review.files)
    return ChangeSet(tuple(change for change in composed if change is not None))


def asked_apart(review: Review) -> tuple[tuple[int, tuple[Flag, ...]], ...]:
    """Return the files of which something is accepted that needs a yes of its own, and why."""
    asked = (
        (index, tuple(flag for flag in file.flags if flag.kind in ASKED))
        for index, file in enumerate(review.files)
        if Decision.ACCEPTED in file.decisions
    )
    return tuple((index, flags) for index, flags in asked if flags)


def _accepted_hunks(file: FileReview) -> list[int]:
    return [i for i, decision in enumerate(file.decisions) if decision is Decision.ACCEPTED]


def _decide_all(file: FileReview, decision: Decision, only_undecided: bool) -> FileReview:
    decisions = tuple(
        old if only_undecided and old is not Decision.UNDECIDED else decision
        for old in file.decisions
    )
    return replace(file, decisions=decisions)


def _step(review: Review, files: tuple[FileReview, ...]) -> Review:
    return Review(files, (*review.past, review.files))


def _set(items: tuple[T, ...], index: int, item: T) -> tuple[T, ...]:
    return (*items[:index], item, *items[index + 1 :])
