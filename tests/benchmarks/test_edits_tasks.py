from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.edits_tasks import LANGUAGES, Task, all_tasks, can_run, passes, solved, write_files
from copilot.context.tokens import count_tokens

_TASKS = all_tasks()
_MOST_TOKENS, _MOST_FILE_TOKENS = 1700, 600
_KINDS = {
    *("bug", "constant", "dead code", "edge case", "extract", "field", "function"),
    *("message", "new file", "parameter", "rename"),
}


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.full_name)
def test_the_reference_solves_what_was_unsolved(task: Task, tmp_path: Path) -> None:
    if not can_run(task):
        pytest.skip(f"{LANGUAGES[task.language].program} is not here")
    write_files(task.files, tmp_path / "before")
    write_files(solved(task), tmp_path / "after")
    assert not passes(task, tmp_path / "before")
    assert passes(task, tmp_path / "after")


def test_there_are_enough_tasks_of_every_kind() -> None:
    names = [task.full_name for task in _TASKS]
    assert len(names) == len(set(names)) >= 60
    assert {task.kind for task in _TASKS} == _KINDS


def test_the_first_tasks_are_of_different_packages() -> None:
    packages = {task.package for task in _TASKS}
    assert {task.package for task in _TASKS[: len(packages)]} == packages


def test_tasks_are_small() -> None:
    for task in _TASKS:
        sizes = count_tokens(list(task.files.values()), "qwen3")
        assert sum(sizes) <= _MOST_TOKENS
        assert max(sizes) <= _MOST_FILE_TOKENS


@pytest.fixture
def task() -> Task:
    """Makes the number in `number.py` two."""
    blocks = "number.py\n<<<<<<< SEARCH\nN = 1\n=======\nN = 2\n>>>>>>> REPLACE\n\n"
    return Task(
        *("package", "two", "constant", "python", {"number.py": "N = 1\n"}),
        *("Make it two.", "from number import N\nassert N == 2\n"),
        blocks + "END OF EDITS: 1 file, 1 block\n",
    )


def test_a_task_is_solved(task: Task, tmp_path: Path) -> None:
    write_files(solved(task), tmp_path)
    assert (tmp_path / "number.py").read_bytes() == b"N = 2\n"
    assert passes(task, tmp_path)


def test_a_program_that_ends_early_has_not_passed(task: Task, tmp_path: Path) -> None:
    write_files({"number.py": "raise SystemExit(0)\n"}, tmp_path)
    assert not passes(task, tmp_path)


def test_the_test_runs_on_a_copy(task: Task, tmp_path: Path) -> None:
    write_files({"number.py": "N = 2\nopen('left', 'w').close()\n"}, tmp_path)
    assert passes(task, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["number.py"]


def test_a_reference_without_a_place_is_told(task: Task) -> None:
    with pytest.raises(ValueError, match="package/two"):
        solved(replace(task, files={"number.py": "N = 3\n"}))
