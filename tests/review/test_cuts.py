from __future__ import annotations

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.review.state import (
    Decision,
    Place,
    Review,
    accepted,
    choose_lines,
    decide,
    split,
    start,
    undo,
)

_HERE = Place(0, 0)
_CHANGE = FileChange("main", "f", b"a\nb\nc\nd\n", b"A\nB\nc\nD\nE\n")


def _review(change: FileChange = _CHANGE, *flags: Flag) -> Review:
    return start(ChangeSet((change,)), {"main/f": flags})


def _shown(review: Review) -> list[str]:
    """Return the hunks, each as its lines with tags."""
    return [
        "".join(f"{line.tag}{line.data.decode().strip()}" for line in hunk.lines)
        for hunk in review.files[0].hunks
    ]


@pytest.mark.parametrize(
    ("at", "hunks"),
    [
        (None, ["-a-b+A+B", "-d+D+E"]),
        (0, ["-a-b+A+B c-d+D+E"]),
        (1, ["-a+A", "-b+B c-d+D+E"]),
        (2, ["-a-b+A+B c-d+D+E"]),
        (3, ["-a+A", "-b+B c-d+D+E"]),
        (4, ["-a-b+A+B", "-d+D+E"]),
        (5, ["-a-b+A+B", "-d+D+E"]),
        (6, ["-a-b+A+B", "-d+D+E"]),
        (7, ["-a-b+A+B c-d+D", "+E"]),
        (99, ["-a-b+A+B c-d+D+E"]),
    ],
)
def test_a_cut_goes_between_two_slots(at: int | None, hunks: list[str]) -> None:
    assert _shown(split(_review(), _HERE, at)) == hunks


def test_decisions_stay_with_their_lines() -> None:
    chosen = choose_lines(_review(), _HERE, [0, 2, 7])
    cut = split(split(chosen, _HERE, 1), Place(0, 1), 3)
    assert _shown(cut) == ["-a+A", "-b+B", "-d+D+E"]
    assert [cut.files[0].hunk_decision(hunk) for hunk in range(3)] == [
        Decision.ACCEPTED,
        Decision.REJECTED,
        None,
    ]
    assert accepted(cut) == accepted(chosen)
    assert undo(undo(cut)) == chosen


def test_a_cut_off_part_is_decided_alone() -> None:
    review = decide(split(_review(), _HERE, 1), Place(0, 1), Decision.ACCEPTED)
    assert accepted(review).changes[0].after == b"a\nB\nc\nD\nE\n"


def test_a_new_file_can_be_cut_and_a_move_cannot() -> None:
    created = _review(FileChange("main", "f", None, b"a\nb\nc\n"))
    assert _shown(split(created, _HERE, 2)) == ["+a+b", "+c"]
    assert split(created, _HERE) is created
    moved = _review(FileChange("main", "f", b"a\n", b"a\n", "g"))
    assert split(moved, _HERE, 0) is moved
    binary = _review(FileChange("main", "f", b"a\n\0\n", b"b\n\0\n"))
    assert split(binary, _HERE, 1) is binary


def test_a_flag_goes_with_the_part_that_holds_its_line() -> None:
    flag = Flag(FlagKind.INDENT, "placed by an indent shift", 3)
    review = split(_review(_CHANGE, flag), _HERE)
    assert [review.files[0].hunk_flags(hunk) for hunk in (0, 1)] == [(), (flag,)]
