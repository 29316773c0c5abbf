from __future__ import annotations

from pathlib import Path

import pytest

from copilot.errors import WriteFailed
from copilot.journal.locks import locked, nobody_preparing, preparing
from copilot.journal.recover import settled

HERE = Path("/code/here")


@pytest.mark.parametrize(
    ("other", "free"),
    [
        (HERE, False),
        (HERE / "inside" / "deep", False),
        (HERE.parent, False),
        (HERE.parent / "beside", True),
        (Path("/elsewhere"), True),
    ],
)
def test_a_root_shuts_out_those_below_and_above(other: Path, free: bool, journals: Path) -> None:
    with (
        locked(journals, [HERE], patience=0) as first,
        locked(journals, [Path("/other"), other], patience=0) as second,
    ):
        assert (first, second) == (True, free)
    with locked(journals, [other], patience=0) as third:
        assert third


def test_nested_roots_in_one_call(journals: Path) -> None:
    with locked(journals, [HERE, HERE / "inside"], patience=0) as held:
        assert held


def test_locks_not_had_are_all_given_back(journals: Path) -> None:
    with (
        locked(journals, [HERE], patience=0),
        locked(journals, [HERE, Path("/other")], patience=0) as both,
        locked(journals, [Path("/other")], patience=0) as other,
    ):
        assert (both, other) == (False, True)


def test_busy_root_is_told_after_patience(journals: Path) -> None:
    with (
        locked(journals, [HERE], patience=0),
        pytest.raises(WriteFailed, match="another copilot is writing in /code/here"),
        settled(journals, [HERE], patience=0.05),
    ):
        pytest.fail("two writers at once")


def test_many_prepare_at_once_but_none_while_cleaning(journals: Path) -> None:
    with (
        preparing(journals) as first,
        preparing(journals) as second,
        nobody_preparing(journals) as alone,
    ):
        assert (first, second, alone) == (True, True, False)
    with nobody_preparing(journals) as alone:
        assert alone
