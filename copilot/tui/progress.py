"""How far a review is, in words that cost no diff of files nobody has looked at."""

from __future__ import annotations

from copilot.review.filereview import FileReview
from copilot.review.marks import Decision
from copilot.review.shape import Origin
from copilot.review.state import Review
from copilot.tui.labels import count


def progress(review: Review, is_counted: bool) -> str:
    """Return `3 of 7 hunks decided, 2 accepted`; of files while hunks are not `is_counted`."""
    if is_counted:
        total = sum(len(file.hunks) for file in review.files)
        accepted, rejected = (review.count(d) for d in (Decision.ACCEPTED, Decision.REJECTED))
        return f"{accepted + rejected} of {count(total, 'hunk')} decided, {accepted} accepted"
    decisions = [file.decision for file in review.files]
    accepted = decisions.count(Decision.ACCEPTED)
    decided = accepted + decisions.count(Decision.REJECTED)
    return f"{decided} of {count(len(decisions), 'file')} decided, {accepted} accepted"


def would_be_lost(review: Review) -> str:
    """Return what quitting loses, such as `decisions in 2 files, 1 comment`; empty for nothing."""
    touched = sum(_is_touched(file) for file in review.files)
    parts = [f"decisions in {count(touched, 'file')}"] if touched else []
    parts += [count(len(review.comments), "comment")] if review.comments else []
    return ", ".join(parts)


def fresh_hunks(review: Review) -> list[tuple[int, int, int]]:
    """Return file, hunk and first fresh line of all hunks that the proposal before had not."""
    found = []
    for index, file in enumerate(review.files):
        if file.shape.origins is Origin.KNOWN:
            continue
        for number, hunk in enumerate(file.hunks):
            lines = (n for n in range(max(1, len(hunk.lines))) if file.fresh(number, n))
            first = next(lines, None)
            if first is not None:
                found.append((index, number, first))
    return found


def _is_touched(file: FileReview) -> bool:
    return file.marks is not Decision.UNDECIDED or file.is_edited
