"""How far a review is, in words that cost no diff of files nobody has looked at."""

from __future__ import annotations

from copilot.review.filereview import FileReview
from copilot.review.marks import Decision, holds
from copilot.review.shape import Origin
from copilot.review.state import Review
from copilot.tui.labels import count


def progress(review: Review, hunks: int | None) -> str:
    """Return `3 of 7 hunks decided, 1 accepted, 1 in part, 1 comment`.

    Of files where `hunks`, the number of all, is None.
    """
    begun = [file for file in review.files if file.marks is not Decision.UNDECIDED]
    if hunks is None:
        decisions = [_file_decision(file) for file in begun]
        total = count(len(review.files), "file")
    else:
        decisions = [one for file in begun for one in _hunk_decisions(file)]
        total = count(hunks, "hunk")
    decided = len(decisions) - decisions.count(Decision.UNDECIDED)
    parts = [f"{decided} of {total} decided", f"{decisions.count(Decision.ACCEPTED)} accepted"]
    parts += [f"{decisions.count(None)} in part"] if None in decisions else []
    parts += [count(len(review.comments), "comment")] if review.comments else []
    return ", ".join(parts)


def would_be_written(review: Review, hunks: int | None) -> str:
    """Return what is accepted, in whole or in part: `3 hunks in 2 files`; empty for nothing.

    Without the hunks where their number, `hunks`, is None.
    """
    files = [file for file in review.files if holds(file.marks, Decision.ACCEPTED)]
    if not files or hunks is None:
        return count(len(files), "file") if files else ""
    every = (file.holds(n, Decision.ACCEPTED) for file in files for n in range(len(file.hunks)))
    return f"{count(sum(every), 'hunk')} in {count(len(files), 'file')}"


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


def _file_decision(file: FileReview) -> Decision | None:
    """Return what is decided of a file; None where all is, but not the same."""
    is_open = file.shape.is_empty or holds(file.marks, Decision.UNDECIDED)
    return Decision.UNDECIDED if is_open else file.decision


def _hunk_decisions(file: FileReview) -> list[Decision | None]:
    """Return what is decided of each hunk; None where all is, but not the same."""
    return [
        Decision.UNDECIDED if file.holds(hunk, Decision.UNDECIDED) else file.hunk_decision(hunk)
        for hunk in range(len(file.hunks))
    ]


def _is_touched(file: FileReview) -> bool:
    return file.marks is not Decision.UNDECIDED or file.is_edited
