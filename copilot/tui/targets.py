"""What a decision is about - lines, a hunk, files - and the step that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copilot.review.state import (
    Decision,
    Place,
    Review,
    Step,
    decide,
    decide_files,
    decide_lines,
)

_AFTER = {
    Decision.UNDECIDED: Decision.ACCEPTED,
    Decision.ACCEPTED: Decision.REJECTED,
    Decision.REJECTED: Decision.UNDECIDED,
    None: Decision.ACCEPTED,
}


@dataclass(frozen=True)
class Lines:
    """Lines of hunks: each hunk's place with its first and last line, counted from 0."""

    parts: tuple[tuple[Place, int, int], ...]


@dataclass(frozen=True)
class OneHunk:
    place: Place


@dataclass(frozen=True)
class Files:
    """Whole files: one, or all below a folder."""

    indices: tuple[int, ...]


Target = Lines | OneHunk | Files


def decided(review: Review, target: Target, decision: Decision) -> Review:
    """Return the review with everything in `target` decided, as one step that undo takes back."""
    if isinstance(target, Files):
        return decide_files(review, target.indices, decision)
    if isinstance(target, OneHunk):
        return decide(review, target.place, decision)
    after = review
    for place, first, last in target.parts:
        after = decide_lines(after, place, first, last, decision)
    return as_one_step(review, after)


def toggled(review: Review, target: Target) -> Review:
    """Return the review with the next decision: accepted, rejected, undecided; mixed: accepted."""
    return decided(review, target, _AFTER[decision_of(review, target)])


def decision_of(review: Review, target: Target) -> Decision | None:
    """Return the decision that all of `target` shares, or None."""
    if isinstance(target, Files):
        found = {review.files[index].decision for index in target.indices}
    elif isinstance(target, OneHunk):
        found = {review.files[target.place.file].hunk_decision(target.place.hunk)}
    else:
        found = set(_line_decisions(review, target.parts))
    return found.pop() if len(found) == 1 else None


def as_one_step(before: Review, after: Review) -> Review:
    """Return `after` with all steps since `before` as one that undo takes back."""
    pairs = enumerate(zip(before.files, after.files, strict=True))
    changed = tuple((index, old) for index, (old, new) in pairs if old is not new)
    if not changed and before.comments == after.comments:
        return before
    return replace(after, past=Step(changed, before.comments, before.past), future=None)


def _line_decisions(
    review: Review, parts: Sequence[tuple[Place, int, int]]
) -> list[Decision | None]:
    """Return the decisions of the changed lines; context has none."""
    every = (
        review.files[place.file].line_decision(place.hunk, line)
        for place, first, last in parts
        for line in range(first, last + 1)
    )
    return [decision for decision in every if decision is not None]
