from __future__ import annotations

import pytest

from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    SetMode,
    Target,
    Write,
)
from copilot.edits.works import FileWork, by_file, refuse_clashes, refuse_spellings

_REPLACE = Replace("a", "x\n", "y\n", 1)
_VERBS: list[Operation] = [
    Create("a", "y\n", 2),
    Overwrite("a", "y\n", 2),
    Write("a", "y\n", 2),
    Delete("a", 2),
    Rename("a", "b", 2),
    SetMode("a", True, 2),
]


def _work(path: str, *operations: Operation, original: bytes | None = b"x\n") -> FileWork:
    return FileWork(Target("main", path), original, operations=[*operations])


@pytest.mark.parametrize("verb", _VERBS[:4])
def test_nothing_edits_a_file_that_is_written_whole(verb: Operation) -> None:
    work = _work("a", _REPLACE, verb)
    refuse_clashes(work)
    assert [refusal.line for refusal in work.refusals] == [1]
    assert "the block at line 2" in work.refusals[0].reason


@pytest.mark.parametrize("verb", _VERBS)
def test_nothing_is_asked_twice(verb: Operation) -> None:
    work = _work("a", verb, verb.__class__(**{**vars(verb), "line": 3}))
    refuse_clashes(work)
    assert [refusal.line for refusal in work.refusals] == [3]


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (Rename("a", "b", 1), _REPLACE, False),
        (Rename("a", "b", 1), Overwrite("a", "y\n", 2), False),
        (Rename("a", "b", 1), Delete("a", 2), True),
        (Rename("a", "b", 1), Create("b", "y\n", 2), True),
        (SetMode("a", True, 1), Rename("a", "b", 2), False),
        (SetMode("a", True, 1), Create("a", "y\n", 2), False),
        (SetMode("a", True, 1), Delete("a", 2), True),
        (_REPLACE, _REPLACE, False),
    ],
)
def test_what_may_stand_side_by_side(one: Operation, other: Operation, clash: bool) -> None:
    work = _work("a", one, other)
    refuse_clashes(work)
    assert bool(work.refusals) is clash


def test_operations_under_the_new_name_belong_to_the_old_file() -> None:
    operations: list[Operation] = [
        Replace("new", "x\n", "y\n", 1),
        Rename("old", "new", 2),
        Delete("c", 3),
    ]
    targets = {name: Target("main", name) for name in ("old", "new", "c")}
    assert by_file(operations, targets) == {
        targets["old"]: operations[:2],
        targets["c"]: operations[2:],
    }


@pytest.mark.parametrize(
    ("one", "other"), [("A.py", "a.py"), ("caf\u00e9", "cafe\u0301"), ("STRASSE", "straße")]
)
def test_two_new_files_that_some_disks_take_for_one_are_refused(one: str, other: str) -> None:
    works = [
        _work(one, Create(one, "", 1), original=None),
        _work(other, Create(other, "", 2), original=None),
    ]
    refuse_spellings(works)
    assert [refusal.line for work in works for refusal in work.refusals] == [2]


def test_two_spellings_that_are_there_are_two_files_only_with_two_contents() -> None:
    same = [_work("A", _REPLACE), _work("a", _REPLACE)]
    refuse_spellings(same)
    assert same[1].refusals
    apart = [_work("A", _REPLACE), _work("a", _REPLACE, original=b"z\n")]
    refuse_spellings(apart)
    assert not apart[1].refusals


def test_a_rename_may_change_the_spelling_of_its_own_file_only() -> None:
    own = _work("a", Rename("a", "A", 1))
    own.destination = Target("main", "A")
    refuse_spellings([own])
    assert not own.refusals
    other = _work("b", Rename("b", "A", 2))
    other.destination = Target("main", "A")
    refuse_spellings([_work("a", _REPLACE), other])
    assert other.refusals


def test_the_same_path_in_two_repositories_is_two_files() -> None:
    works = [_work("A", _REPLACE), FileWork(Target("lib", "a"), b"x\n", operations=[_REPLACE])]
    refuse_spellings(works)
    assert not any(work.refusals for work in works)
