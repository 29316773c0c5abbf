"""How far a review is, in words that cost no diff of files nobody has looked at."""

from __future__ import annotations

from copilot.review.filereview import FileReview
from copilot.review.marks import Decision
from copilot.review.shape import Origin
from copilot.review.state import Review
from copilot.tui.labels import count


def progress(review: Review, hunks: int | None) -> str:
    """Return `3 of 7 hunks decided, 2 accepted, 1 comment`; of files where `hunks` is None."""
    comments = f", {count(len(review.comments), 'comment')}" if review.comments else ""
    begun = [file for file in review.files if file.marks is not Decision.UNDECIDED]
    if hunks is not None:
        accepted = sum(_hunks_decided(file, Decision.ACCEPTED) for file in begun)
        decided = accepted + sum(_hunks_decided(file, Decision.REJECTED) for file in begun)
        return f"{decided} of {count(hunks, 'hunk')} decided, {accepted} accepted{comments}"
    decisions = [file.decision for file in begun]
    accepted = decisions.count(Decision.ACCEPTED)
    decided = accepted + decisions.count(Decision.REJECTED)
    files = count(len(review.files), "file")
    return f"{decided} of {files} decided, {accepted} accepted{comments}"


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
        if not has_fresh(file):
            continue
        for number, hunk in enumerate(file.hunks):
            lines = (n for n in range(max(1, len(hunk.lines))) if file.fresh(number, n))
            first = next(lines, None)
            if first is not None:
                found.append((index, number, first))
    return found


def has_fresh(file: FileReview) -> bool:
    """Tell whether something of a file is not in the proposal before this one."""
    origins = file.shape.origins
    return origins is Origin.FRESH or (isinstance(origins, bytes) and Origin.FRESH in origins)


def _hunks_decided(file: FileReview, decision: Decision) -> int:
    """Return how many hunks of a file are decided so all over."""
    if isinstance(file.marks, Decision):
        return len(file.hunks) if file.marks is decision else 0
    return sum(file.hunk_decision(hunk) is decision for hunk in range(len(file.hunks)))


def _is_touched(file: FileReview) -> bool:
    return file.marks is not Decision.UNDECIDED or file.is_edited
