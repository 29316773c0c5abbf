"""Which parts of a proposal were taken: counted, listed for programs, or named beforehand."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from copilot.edits.changes import DiffLine
from copilot.errors import UsageError
from copilot.review.filereview import FileReview
from copilot.review.marks import code_of, spread
from copilot.review.state import Decision, Place, Review, decide, decide_all, decide_file
from copilot.text import one_line, visible

_NUMBERED = re.compile(r"(.+):([0-9]{1,9})")


class Tally(NamedTuple):
    """What a person decided.

    `accepted_hunks` and `rejected_hunks` are those decided so as a whole, the lines are changed
    ones. `edited_files` were changed by hand; `rounds` are the proposals that were reviewed.
    """

    accepted_hunks: int = 0
    rejected_hunks: int = 0
    accepted_lines: int = 0
    rejected_lines: int = 0
    edited_files: int = 0
    rounds: int = 1


def tally(review: Review) -> Tally:
    """Count what was decided."""
    marks = [spread(file.marks, file.shape.unit_count) for file in review.files]
    accepted, rejected = (
        sum(one.count(code_of(decision)) for one in marks)
        for decision in (Decision.ACCEPTED, Decision.REJECTED)
    )
    return Tally(
        review.count(Decision.ACCEPTED),
        review.count(Decision.REJECTED),
        accepted,
        rejected,
        sum(file.is_edited for file in review.files),
        review.round,
    )


def hunk_documents(review: Review) -> list[dict[str, Any]]:
    """Return each hunk as it stands in a JSON document, with its number in its file from 1 on."""
    return [
        _hunk_document(file, index) for file in review.files for index in range(len(file.hunks))
    ]


def _hunk_document(file: FileReview, index: int) -> dict[str, Any]:
    hunk, decision = file.hunks[index], file.hunk_decision(index)
    return {
        "file": file.change.name,
        "hunk": index + 1,
        "kind": hunk.kind,
        "old_start": hunk.old_start + 1,
        "lines": [_shown(line) for line in hunk.lines] if file.change.is_divisible else [],
        "decision": decision.value if decision else "mixed",
    }


def _shown(line: DiffLine) -> str:
    return line.tag + visible(line.data.decode("utf-8", "replace")).rstrip("\r\n")


def take_named(review: Review, names: Sequence[str]) -> Review:
    """Accept the files that patterns name, and the hunks `PATH:N`; reject all else.

    Raises UsageError for a name that means nothing here.
    """
    taken = decide_all(review, Decision.REJECTED)
    for name in names:
        places = list(_named(review, name))
        if not places:
            known = ", ".join(one_line(file.change.name) for file in review.files[:5])
            raise UsageError(
                f"--accept {one_line(name)} names nothing of what is proposed; nothing was written",
                f"these files are: {known}; --json lists their hunks",
            )
        for place in places:
            if isinstance(place, Place):
                taken = decide(taken, place, Decision.ACCEPTED)
            else:
                taken = decide_file(taken, place, Decision.ACCEPTED)
    return taken


def _named(review: Review, name: str) -> Iterator[int | Place]:
    """Yield the files, by index, or the hunk that a name means."""
    files = [i for i, file in enumerate(review.files) if _matches(file, name)]
    yield from files
    numbered = _NUMBERED.fullmatch(name)
    if files or not numbered:
        return
    hunk = int(numbered[2]) - 1
    for index, file in enumerate(review.files):
        if _matches(file, numbered[1]) and 0 <= hunk < len(file.hunks):
            yield Place(index, hunk)


def _matches(file: FileReview, pattern: str) -> bool:
    """Tell whether a pattern is a file's path, or its name with alias, or matches one of these.

    A star stands for any text, slashes too; a folder stands for all below it.
    """
    change = file.change
    names = {change.name, change.path}
    whole = pattern.rstrip("/")
    return any(
        name == pattern or name.startswith(f"{whole}/") or fnmatch.fnmatchcase(name, pattern)
        for name in names
    )
