"""The hooks of one commit share one deadline."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from copilot.assist.hooking.commits import Spent, spend, spent
from copilot.settings.paths import state_paths


def test_the_next_hook_of_the_commit_knows(tmp_path: Path) -> None:
    said = Spent(42, time.time(), 1.5, in_vain=True)
    spend(state_paths(), tmp_path, said)
    assert spent(state_paths(), tmp_path, 42) == said


@pytest.mark.parametrize(
    "said",
    [Spent(41, time.time(), 1.5), Spent(42, time.time() - 86_400, 1.5), Spent(42, 2**40, 1.5)],
)
def test_another_commit_begins_anew(tmp_path: Path, said: Spent) -> None:
    assert spent(state_paths(), tmp_path, 42) == Spent()
    spend(state_paths(), tmp_path, said)
    assert spent(state_paths(), tmp_path, 42) == Spent()
