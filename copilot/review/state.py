"""A review of a change set as pure state: every step returns a new review.

What is decided is the changed line; hunks, files and folders are decided by their lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from copilot.edits.changes import ChangeSet, DiffLine, split_lines
from copilot.edits.flags import ASKED, Flag
from copilot.review.byhand import edited_file, edited_hunk
from copilot.review.carry import renewed_file
from copilot.review.cuts import cut
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision, filled, filled_from, holds, marked
from copilot.review.remarks import Comment, comment_on, kept_in_place
from copilot.review.shape import Shape
from copilot.review.taking import taken_change

__all__ = [
    "Comment", "Decision", "FileReview", "Place", "Review", "accepted", "asked_apart",
    "choose_lines", "decide", "decide_all", "decide_file", "decide_files", "decide_lines",
    "decide_rest", "first_changed", "next_place", "next_undecided", "places",
    "redo", "renewed", "split", "start", "undo", "with_comment", "with_edited_file",
    "with_edited_hunk", "without_comment",
]  # fmt: skip

Files = tuple[FileReview, ...]
Comments = tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A hunk's address: index of the file, index of the hunk in it."""

    file: int
    hunk: int


@dataclass(frozen=True, slots=True)
class Step:
    """What a step takes back or makes again: the files it changed, by index, and all comments."""

    files: tuple[tuple[int, FileReview], ...]
    comments: Comments
    next: Step | None = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Review:
    """All files under review and the comments on them; `round` counts the proposals from 1.

    `past` and `future` are the steps that undo and redo take, the nearest first.
    """

    files: Files
    comments: Comments = ()
    round: int = 1
    past: Step | None = field(default=None, compare=False, repr=False)
    future: Step | None = field(default=None, compare=False, repr=False)

    def count(self, decision: Decision) -> int:
        """Return how many hunks are decided so all over; finds the hunks of every file."""
        return sum(_count(file, decision) for file in self.files)

    @property
    def is_decided(self) -> bool:
        """Tell whether no line is left undecided; finds no hunks."""
        return not any(_is_open(file) for file in self.files)


def start(changes: ChangeSet, flags: Mapping[str, tuple[Flag, ...]] | None = None) -> Review:
    """Return a review with everything undecided; `flags` maps a change's name to its warnings."""
    warnings = flags or {}
    return Review(tuple(FileReview(Shape(c, c, warnings.get(c.name, ()))) for c in changes.changes))


def decide(review: Review, place: Place, decision: Decision) -> Review:
    """Decide one hunk."""
    file = review.files[place.file]
    return _decided(review, place.file, file.shape.units(place.hunk), decision)


def decide_lines(review: Review, place: Place, first: int, last: int, decision: Decision) -> Review:
    """Decide the changed lines from `first` to `last` of a hunk's lines, both included."""
    units = review.files[place.file].shape.units_between(place.hunk, first, last)
    return _decided(review, place.file, units, decision)


def choose_lines(review: Review, place: Place, chosen: Iterable[int]) -> Review:
    """Accept the lines of a hunk that are chosen, and reject its others, in one step."""
    file = review.files[place.file]
    count = file.shape.unit_count
    marks = marked(file.marks, count, file.shape.units(place.hunk), Decision.REJECTED)
    for line in chosen:
        units = file.shape.units_between(place.hunk, line, line)
        marks = marked(marks, count, units, Decision.ACCEPTED)
    return _step(review, [(place.file, FileReview(file.shape, marks))])


def decide_rest(review: Review, place: Place, decision: Decision) -> Review:
    """Decide one hunk and what is undecided behind it in the same file."""
    file = review.files[place.file]
    count, units = file.shape.unit_count, file.shape.units(place.hunk)
    here = marked(file.marks, count, units, decision)
    marks = filled_from(here, count, units.stop, decision)
    return _step(review, [(place.file, FileReview(file.shape, marks))])


def decide_file(
    review: Review, index: int, decision: Decision, *, only_undecided: bool = False
) -> Review:
    """Decide all of a file, or what nobody has decided yet."""
    return decide_files(review, (index,), decision, only_undecided=only_undecided)


def decide_files(
    review: Review, indices: Iterable[int], decision: Decision, *, only_undecided: bool = False
) -> Review:
    """Decide all of some files, such as a folder's, or what nobody has decided yet."""
    files = review.files
    if only_undecided:
        filling = ((index, filled(files[index].marks, decision)) for index in indices)
        changed = [(i, FileReview(files[i].shape, m)) for i, m in filling if m != files[i].marks]
    else:
        changed = [
            (index, FileReview(files[index].shape, decision))
            for index in indices
            if files[index].marks is not decision
        ]
    return _step(review, changed)


def decide_all(review: Review, decision: Decision, *, only_undecided: bool = False) -> Review:
    """Decide everything, or what nobody has decided yet."""
    every = range(len(review.files))
    return decide_files(review, every, decision, only_undecided=only_undecided)


def split(review: Review, place: Place, at: int | None = None) -> Review:
    """Cut a hunk in two before one of its lines, or without `at` wherever lines are unchanged.

    In a changed run the cut goes between two slots: an old line stays with the new one beside it.
    Decisions stay. The same review where nothing can be cut.
    """
    file = review.files[place.file]
    found = cut(file, place.hunk, at)
    return review if found is file else _step(review, [(place.file, found)])


def with_edited_hunk(review: Review, place: Place, lines: Sequence[DiffLine]) -> Review:
    """Return the review with one hunk's lines replaced by `lines`; undo takes it back.

    All other hunks stay as they are. What the edit makes of this one, perhaps several hunks or
    none, is undecided. Raises EditsRefused as `with_hunk_lines` does.
    """
    file = review.files[place.file]
    return _edited(review, place.file, edited_hunk(file, place.hunk, tuple(lines)))


def with_edited_file(review: Review, index: int, data: bytes) -> Review:
    """Return the review with another text for the whole file after the change.

    Lines that stay keep their decisions; what comes otherwise is undecided. A file that was to be
    deleted is kept with this text.
    """
    return _edited(review, index, edited_file(review.files[index], data))


def with_comment(
    review: Review, place: Place, first: int, last: int, text: str, *, is_rejection: bool = False
) -> Review:
    """Add a comment on the lines from `first` to `last` of a hunk's lines, both included.

    With `is_rejection` the lines are rejected too, in the same step.
    """
    file = review.files[place.file]
    comment = comment_on(file, place.file, place.hunk, (first, last), text, is_rejection)
    files: list[tuple[int, FileReview]] = []
    if is_rejection:
        units = file.shape.units_between(place.hunk, first, last)
        marks = marked(file.marks, file.shape.unit_count, units, Decision.REJECTED)
        files = [(place.file, FileReview(file.shape, marks))]
    return _step(review, files, (*review.comments, comment))


def without_comment(review: Review, index: int) -> Review:
    """Take one comment away; what it rejected stays rejected."""
    return _step(review, [], (*review.comments[:index], *review.comments[index + 1 :]))


def undo(review: Review) -> Review:
    """Take the last step back; with none, the same review."""
    if review.past is None:
        return review
    now = Step(_now(review, review.past), review.comments, review.future)
    return _walked(review, review.past, review.past.next, now)


def redo(review: Review) -> Review:
    """Make the step again that was taken back last; with none, the same review."""
    if review.future is None:
        return review
    now = Step(_now(review, review.future), review.comments, review.past)
    return _walked(review, review.future, now, review.future.next)


def renewed(
    review: Review, changes: ChangeSet, flags: Mapping[str, tuple[Flag, ...]] | None = None
) -> Review:
    """Return a review of the next proposal, with the decisions on the last one carried over.

    What was accepted and is in the new proposal stays accepted, what was rejected and comes again
    stays rejected; what was not in the last one is fresh. Comments are gone, and undo begins anew.
    """
    former = {file.change.source: file for file in review.files}
    warnings = flags or {}
    files = (
        renewed_file(former.get(change.source), change, warnings.get(change.name, ()))
        for change in changes.changes
    )
    return Review(tuple(files), round=review.round + 1)


def places(review: Review) -> tuple[Place, ...]:
    """Return the addresses of all hunks in the order they are shown; finds every file's hunks."""
    return tuple(
        Place(index, hunk)
        for index, file in enumerate(review.files)
        for hunk in range(len(file.hunks))
    )


def next_place(review: Review, place: Place, step: int = 1) -> Place | None:
    """Return the hunk behind this one, or with -1 the one before; None at the end."""
    inside = Place(place.file, place.hunk + step)
    if 0 <= inside.hunk < len(review.files[place.file].hunks):
        return inside
    stop = len(review.files) if step > 0 else -1
    for index in range(place.file + step, stop, step):
        if hunks := review.files[index].hunks:
            return Place(index, 0 if step > 0 else len(hunks) - 1)
    return None


def next_undecided(
    review: Review, after: Place | None = None, *, step: int = 1, wrap: bool = True
) -> Place | None:
    """Return the nearest hunk behind `after` with an undecided line, or None.

    With step -1 the one before it. Finds the hunks of no file that is decided.
    """
    return next(_undecided(review, after, step, wrap), None)


def first_changed(one: Review, other: Review) -> Place | None:
    """Return the first hunk of `other` that is not as in `one`, an earlier or later state of it."""
    for index, (old, new) in enumerate(zip(one.files, other.files, strict=True)):
        if old == new:
            continue
        for hunk in range(len(new.hunks)):
            is_there = hunk < len(old.hunks) and old.hunks[hunk] == new.hunks[hunk]
            if not is_there or _marks(old, hunk) != _marks(new, hunk):
                return Place(index, hunk)
    return None


def accepted(review: Review) -> ChangeSet:
    """Return the change set that holds exactly the accepted lines."""
    taken = (taken_change(file.shape, file.marks) for file in review.files)
    return ChangeSet(tuple(change for change in taken if change is not None))


def asked_apart(review: Review) -> tuple[tuple[int, tuple[Flag, ...]], ...]:
    """Return the files of which something is accepted that needs a yes of its own, and why."""
    asked = (
        (index, tuple(flag for flag in file.flags if flag.kind in ASKED))
        for index, file in enumerate(review.files)
        if holds(file.marks, Decision.ACCEPTED)
    )
    return tuple((index, flags) for index, flags in asked if flags)


def _marks(file: FileReview, hunk: int) -> tuple[Decision | None, ...]:
    return (file.hunk_decision(hunk), *file.line_decisions(hunk))


def _is_open(file: FileReview) -> bool:
    return holds(file.marks, Decision.UNDECIDED) and not file.shape.is_empty


def _count(file: FileReview, decision: Decision) -> int:
    if not holds(file.marks, decision):
        return 0
    if isinstance(file.marks, Decision):
        return len(file.hunks)
    return sum(file.hunk_decision(hunk) is decision for hunk in range(len(file.hunks)))


def _undecided(review: Review, after: Place | None, step: int, wrap: bool) -> Iterator[Place]:
    count = len(review.files)
    first = after.file if after else (0 if step > 0 else count - 1)
    turns = range(count + 1) if wrap else range(count - first if step > 0 else first + 1)
    for turn in turns:
        index = (first + step * turn) % count if count else 0
        if not count or not _is_open(review.files[index]):
            continue
        for hunk in _undecided_hunks(review.files[index])[::step]:
            is_behind = after is None or turn > 0 or step * (hunk - after.hunk) > 0
            if is_behind:
                yield Place(index, hunk)


def _undecided_hunks(file: FileReview) -> list[int]:
    return [hunk for hunk in range(len(file.hunks)) if file.holds(hunk, Decision.UNDECIDED)]


def _decided(review: Review, index: int, units: range, decision: Decision) -> Review:
    file = review.files[index]
    marks = marked(file.marks, file.shape.unit_count, units, decision)
    return _step(review, [(index, FileReview(file.shape, marks))])


def _edited(review: Review, index: int, file: FileReview) -> Review:
    """Take a step to another text of one file; comments on it keep their lines."""
    old = split_lines(review.files[index].change.after or b"")
    new = split_lines(file.change.after or b"")
    return _step(review, [(index, file)], kept_in_place(review.comments, index, old, new))


def _step(
    review: Review, changed: Sequence[tuple[int, FileReview]], comments: Comments | None = None
) -> Review:
    """Return the review with some files replaced; a step that changes nothing is none."""
    said = review.comments if comments is None else comments
    real = [(index, file) for index, file in changed if file != review.files[index]]
    if not real and said == review.comments:
        return review
    back = Step(
        tuple((index, review.files[index]) for index, _ in real), review.comments, review.past
    )
    return Review(_replaced(review.files, real), said, review.round, back)


def _replaced(files: Files, changed: Iterable[tuple[int, FileReview]]) -> Files:
    every = [*files]
    for index, file in changed:
        every[index] = file
    return tuple(every)


def _now(review: Review, step: Step) -> tuple[tuple[int, FileReview], ...]:
    return tuple((index, review.files[index]) for index, _ in step.files)


def _walked(review: Review, step: Step, past: Step | None, future: Step | None) -> Review:
    files = _replaced(review.files, step.files)
    return replace(review, files=files, comments=step.comments, past=past, future=future)
