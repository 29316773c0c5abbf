"""A hook leaves at once where the environment or the change says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from copilot.assist.hooking.leaving import is_in_ci, is_relevant, is_skipped
from copilot.workspace.diffs import Diff, DiffFile, DiffHunk, DiffLine


@pytest.mark.parametrize(
    ("hook", "skip", "skipped"),
    [
        ("pre-commit", "copilot", True),
        ("pre-commit", "copilot-review", True),
        ("pre-commit", "ruff, copilot-review ,mypy", True),
        ("pre-push", "copilot-review", True),
        ("prepare-commit-msg", "copilot-message", True),
        ("prepare-commit-msg", "copilot-review", False),
        ("pre-commit", "copilot-message", False),
        ("pre-commit", "mycopilot", False),
        ("pre-commit", "", False),
    ],
)
def test_skip_names_hooks(hook: str, skip: str, skipped: bool) -> None:
    assert is_skipped(hook, {"SKIP": skip}) is skipped


def test_nothing_is_skipped_without_a_word() -> None:
    assert not is_skipped("pre-commit", {})


@pytest.mark.parametrize(
    ("value", "in_ci"), [("true", True), ("1", True), ("", False), ("False", False), ("0", False)]
)
def test_ci_is_told_by_its_variable(value: str, in_ci: bool) -> None:
    assert is_in_ci({"CI": value}) is in_ci
    assert not is_in_ci({})


def test_lines_of_text_alone_are_relevant() -> None:
    hunk = DiffHunk(0, 0, 1, 1, (DiffLine("+", "one", None, 1),))
    binary = DiffFile("a.png", None, "added", "", "100644", True, None, None, ())
    text = DiffFile("a.py", None, "added", "", "100644", False, None, None, (hunk,))
    assert not is_relevant(Diff((), "key", None, "nothing"))
    assert not is_relevant(Diff((binary,), "key", None, "a picture"))
    assert is_relevant(Diff((binary, text), "key", None, "both"))


def test_what_nobody_could_read_is_relevant_and_a_submodule_that_moves_is_not() -> None:
    hunk = DiffHunk(1, 1, 1, 1, (DiffLine("+", "Subproject commit 0123", None, 1),))
    large = DiffFile(
        "a.sql", None, "added", "", "100644", False, None, None, hunks=(), is_large=True
    )
    module = DiffFile("lib", None, "submodule", "160000", "160000", False, None, None, (hunk,))
    assert is_relevant(Diff((large,), "key", None, "a dump"))
    assert not is_relevant(Diff((replace(large, status="deleted"),), "key", None, "its end"))
    assert not is_relevant(Diff((module,), "key", None, "a submodule"))
