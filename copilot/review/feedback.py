"""What a review tells a model that is asked again, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from copilot.edits.changes import DiffLine, FileChange, Hunk
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision
from copilot.review.slots import pairs
from copilot.review.state import Comment, Review
from copilot.review.taking import taken_change


@dataclass(frozen=True)
class Part:
    """Neighbouring lines of one hunk with one decision.

    `old` and `new` are the 0-based lines before and after the whole change; `lines` are those
    decided so, and the unchanged ones between them. A move or a new mode has no lines. `reasons`
    is what the person said of them.
    """

    hunk: int
    kind: str
    old: range
    new: range
    lines: tuple[DiffLine, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileFeedback:
    """What was said of one file.

    `taken` is the change with only the accepted lines, None where there are none. `edited` is the
    step from the model's text to the person's, None where nothing was edited by hand.
    """

    index: int
    name: str
    change: FileChange
    taken: FileChange | None
    accepted: tuple[Part, ...] = ()
    rejected: tuple[Part, ...] = ()
    undecided: tuple[Part, ...] = ()
    comments: tuple[Comment, ...] = ()
    edited: FileChange | None = None


@dataclass(frozen=True)
class Feedback:
    """What was said of a proposal, file by file."""

    files: tuple[FileFeedback, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to answer: no rejection, no comment, no edit."""
        return not any(file.rejected or file.comments or file.edited for file in self.files)


def feedback(review: Review) -> Feedback:
    """Return what the person said of each file; of files nobody said anything of, nothing."""
    told = (_of_file(review, index) for index in range(len(review.files)))
    return Feedback(tuple(file for file in told if file is not None))


def _of_file(review: Review, index: int) -> FileFeedback | None:
    file = review.files[index]
    remarks = tuple(comment for comment in review.comments if comment.file == index)
    if file.marks is Decision.UNDECIDED and not remarks and not file.is_edited:
        return None
    reasons = tuple(remark for remark in remarks if remark.is_rejection)
    parts = [part for hunk in range(len(file.hunks)) for part in _parts(file, hunk)]
    rejected = [part for decision, part in parts if decision is Decision.REJECTED]
    return FileFeedback(
        index,
        file.change.name,
        file.change,
        taken_change(file.shape, file.marks),
        tuple(part for decision, part in parts if decision is Decision.ACCEPTED),
        tuple(_with_reasons(part, reasons) for part in rejected),
        tuple(part for decision, part in parts if decision is Decision.UNDECIDED),
        tuple(r for r in remarks if not (r in reasons and any(_is_about(r, p) for p in rejected))),
        _by_hand(file),
    )


def _by_hand(file: FileReview) -> FileChange | None:
    if not file.is_edited:
        return None
    change = file.change
    return FileChange(change.repository, change.path, file.proposed.after, change.after)


def _parts(file: FileReview, hunk: int) -> Iterator[tuple[Decision, Part]]:
    """Yield a hunk's lines in runs of one decision, with the unchanged lines within."""
    found = file.hunks[hunk]
    lines, at = found.lines, (found.old_start, found.new_start)
    decision = file.hunk_decision(hunk)
    if decision is not None:
        yield decision, _part(found, hunk, at, lines)
        return
    for part_decision, indices in _joined([*_runs(lines, file.line_decisions(hunk))]):
        part = _part(found, hunk, at, tuple(lines[index] for index in indices))
        at = part.old.stop, part.new.stop
        if part_decision is not None:
            yield part_decision, part


def _part(hunk: Hunk, index: int, at: tuple[int, int], lines: tuple[DiffLine, ...]) -> Part:
    old = range(at[0], at[0] + sum(line.tag != "+" for line in lines))
    new = range(at[1], at[1] + sum(line.tag != "-" for line in lines))
    return Part(index, hunk.kind, old, new, lines)


# Lines of a hunk, as indices, with the decision they share; None for unchanged ones.
_Run = tuple[Decision | None, tuple[int, ...]]


def _runs(lines: tuple[DiffLine, ...], decisions: tuple[Decision | None, ...]) -> Iterator[_Run]:
    """Yield slots that are decided alike, one after the other; old lines come first."""
    ordered = (
        index
        for old, new in pairs(lines)
        for index in ((old,) if old == new else (old, new))
        if index is not None
    )
    for decision, run in groupby(ordered, lambda index: decisions[index]):
        yield decision, tuple(sorted(run, key=lambda index: (lines[index].tag == "+", index)))


def _joined(runs: Sequence[_Run]) -> Iterator[_Run]:
    """Yield the runs, those joined between which only unchanged lines lie."""
    queue = [*reversed(runs)]
    while queue:
        decision, indices = queue.pop()
        while decision and len(queue) > 1 and queue[-1][0] is None and queue[-2][0] is decision:
            indices += queue.pop()[1] + queue.pop()[1]
        yield decision, indices


def _with_reasons(part: Part, reasons: tuple[Comment, ...]) -> Part:
    """Return a part with the reasons given for its lines."""
    texts = tuple(reason.text for reason in reasons if _is_about(reason, part))
    return replace(part, reasons=texts)


def _is_about(reason: Comment, part: Part) -> bool:
    """Tell whether a reason was given for some line of a part, or neither has any."""
    if not part.lines:
        return not reason.old and not reason.new
    return _meet(part.old, reason.old) or _meet(part.new, reason.new)


def _meet(one: range, other: range) -> bool:
    return max(one.start, other.start) < min(one.stop, other.stop)
