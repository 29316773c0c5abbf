from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.journal.history import log, redo, undo
from copilot.journal.model import Transaction
from copilot.journal.prune import BOUNDS, Bounds, prune
from copilot.journal.recover import recover
from copilot.journal.transact import commit

Orders = Callable[..., dict[str, Any]]
Start = Callable[..., "subprocess.Popen[str]"]
Finish = Callable[["subprocess.Popen[str]"], tuple[int, Any]]

MANY, LONG, MUCH = 100, timedelta(days=100), 10**9


@pytest.fixture
def write(roots: dict[str, Path], journals: Path) -> Callable[..., Transaction]:
    def run(alias: str, name: str, size: int = 1) -> Transaction:
        change = FileChange(alias, name, None, name.encode() * size)
        return commit(ChangeSet((change,)), roots, journals, label=name)

    return run


def _labels(journals: Path) -> list[str]:
    return [one.label for one in log(journals)]


def test_the_oldest_go_beyond_so_many(journals: Path, write: Callable[..., Transaction]) -> None:
    for name in "abcde":
        write("api", name)
    prune(journals, Bounds(3, LONG, MUCH))
    assert _labels(journals) == ["e", "d", "c"]
    assert len(list(journals.iterdir())) == 3 + 1


def test_the_oldest_go_beyond_so_many_bytes(
    journals: Path, write: Callable[..., Transaction]
) -> None:
    for name in "abcd":
        write("api", name, 10_000)
    prune(journals, Bounds(MANY, LONG, 25_000))
    assert _labels(journals) == ["d", "c"]
    prune(journals, Bounds(MANY, LONG, 5))
    assert _labels(journals) == ["d"]


def test_old_ones_go(journals: Path, write: Callable[..., Transaction]) -> None:
    for name in "ab":
        write("api", name)
    prune(journals, BOUNDS)
    assert _labels(journals) == ["b", "a"]
    prune(journals, Bounds(MANY, timedelta(0), MUCH))
    assert _labels(journals) == ["b"]


def test_the_newest_of_every_root_stays(
    roots: dict[str, Path], journals: Path, write: Callable[..., Transaction]
) -> None:
    for alias, name in (("api", "a"), ("web", "b"), ("ops", "c"), ("ops", "d"), ("ops", "e")):
        write(alias, name)
    prune(journals, Bounds(1, LONG, MUCH))
    assert _labels(journals) == ["e", "b", "a"]
    undo(journals, roots["web"])
    assert list(roots["web"].iterdir()) == []


def test_an_undo_can_be_made_again_when_what_it_undid_is_gone(
    roots: dict[str, Path], journals: Path, write: Callable[..., Transaction]
) -> None:
    write("api", "a")
    undo(journals, roots["api"])
    prune(journals, Bounds(1, LONG, MUCH))
    assert [one.kind for one in log(journals)] == ["undo"]
    redo(journals, roots["api"])
    assert (roots["api"] / "a").read_bytes() == b"a"


def test_an_unfinished_one_stays_and_is_recovered(
    roots: dict[str, Path],
    journals: Path,
    write: Callable[..., Transaction],
    order: Orders,
    start: Start,
    finish: Finish,
) -> None:
    change = ChangeSet((FileChange("web", "x", None, b"x"),))
    code, _ = finish(start(order("commit", change, spoil="kill", at=1)))
    assert code == -signal.SIGKILL
    for name in "ab":
        write("api", name)
    prune(journals, Bounds(1, timedelta(0), 0))
    assert [one.status for one in log(journals)] == ["committed", "prepared"]
    (found,) = recover(journals)
    assert found.outcome == "rolled-back"
    prune(journals, Bounds(1, timedelta(0), 0))
    assert _labels(journals) == ["b"]


def test_half_deleted_journal_is_cleaned_away(
    journals: Path, write: Callable[..., Transaction]
) -> None:
    first, _ = write("api", "a"), write("api", "b")
    (journals / first.id / "committed.json").unlink()
    assert _labels(journals) == ["b"]
    assert recover(journals) == ()
    assert not (journals / first.id).exists()


def test_damaged_journal_is_left_for_a_person(
    journals: Path, write: Callable[..., Transaction]
) -> None:
    first, second, _ = (write("api", name) for name in "abc")
    (journals / second.id / "committed.json").write_bytes(b"{")
    prune(journals, Bounds(1, LONG, MUCH))
    assert (journals / second.id).exists()
    assert not (journals / first.id).exists()


def test_a_commit_prunes(
    journals: Path, roots: dict[str, Path], write: Callable[..., Transaction]
) -> None:
    """The bounds are wide; an id of long ago stands for a month gone by."""
    first = write("api", "a")
    ancient = f"20200101T000000.000000Z-{first.id[-8:]}"
    (journals / first.id).rename(journals / ancient)
    plan = journals / ancient / "committed.json"
    plan.write_text(plan.read_text().replace(first.id, ancient))
    assert len(log(journals)) == 1
    write("api", "b")
    assert _labels(journals) == ["b"]
