"""A writer killed at any moment, or refused any call: all old or all new, and nothing lost.

Moments are the calls that change something on disk, one after the other, so that no test depends on
luck. Three repositories with 40 files are changed in every way there is; undo and redo merge with
edits made in between.
"""

from __future__ import annotations

import errno
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.journal.history import log, redo, undo
from copilot.journal.transact import commit

Orders = Callable[..., dict[str, Any]]
Start = Callable[[dict[str, Any]], "subprocess.Popen[str]"]
Finish = Callable[["subprocess.Popen[str]"], tuple[int, Any]]
Sweep = Callable[..., list[Any]]

FILES = 40
OPERATIONS = ["commit", "undo", "redo"]
PLAIN, EXECUTABLE = 0o100644, 0o100755


@pytest.fixture
def journals(ram: Path) -> Path:
    return ram / "state" / "journals"


@pytest.fixture
def roots(ram: Path) -> dict[str, Path]:
    made = {alias: ram / alias for alias in ("api", "web", "ops")}
    for root in made.values():
        root.mkdir()
    return made


@pytest.fixture
def sweep(
    roots: dict[str, Path],
    journals: Path,
    keep: Callable[[str], None],
    order: Orders,
    start: Start,
    finish: Finish,
) -> Sweep:
    """Lay out `files` files, sweep over the operation in the way `how`; return what was found."""

    def run(op: str, how: str, *, files: int = FILES, **more: Any) -> list[Any]:
        changes = _lay_out(roots, files)
        if op != "commit":
            commit(changes, roots, journals, label="")
            _edit(roots, "after the commit")
        if op == "redo":
            undo(journals, roots["api"])
            _edit(roots, "after the undo")
        for name in ("old", "start"):
            keep(name)
        _perform(op, changes, roots, journals)
        keep("new")
        code, found = finish(start(order(op, changes, sweep=how, **more)))
        assert code == 0
        assert isinstance(found, list)
        return found

    return run


def _perform(op: str, changes: ChangeSet, roots: dict[str, Path], journals: Path) -> None:
    if op == "commit":
        commit(changes, roots, journals, label="")
    else:
        {"undo": undo, "redo": redo}[op](journals, roots["api"])


def _kind(number: int) -> int:
    """Which of the six kinds of change a file gets; all come in each repository."""
    return (number + number // 6) % 6


def _lay_out(roots: dict[str, Path], files: int) -> ChangeSet:
    """Make files and return changes of all kinds."""
    changes = []
    for number in range(files):
        alias = list(roots)[number % 3]
        name, old = f"d{number % 2}/{number}.txt", b"".join(b"%d\r\n" % n for n in range(12))
        new = old.replace(b"5", b"five")
        kind = _kind(number)
        if kind:
            (roots[alias] / name).parent.mkdir(exist_ok=True)
            (roots[alias] / name).write_bytes(old)
            (roots[alias] / name).chmod(0o640)
        changes.append(
            [
                FileChange(alias, f"made/{name}", None, new, mode=EXECUTABLE),
                FileChange(alias, name, old, None),
                FileChange(alias, name, old, new),
                FileChange(alias, f"moved/{name}", old, new, name),
                FileChange(alias, name, old, old, None, PLAIN, EXECUTABLE),
                FileChange(alias, f"moved/{name}", old, new, name, PLAIN, EXECUTABLE),
            ][kind]
        )
    return ChangeSet(tuple(changes))


def _edit(roots: dict[str, Path], words: str) -> None:
    """Put a line at the end of every file that the change neither made nor deleted."""
    for root in roots.values():
        for path in root.rglob("*.txt"):
            if _kind(int(path.stem)) > 1:
                path.write_bytes(path.read_bytes() + words.encode() + b"\n")


@pytest.mark.parametrize("op", OPERATIONS)
def test_killed_at_every_call(op: str, sweep: Sweep) -> None:
    outcomes = sweep(op, "kills")
    assert set(outcomes) == {"old", "new"}
    assert outcomes[-1] == "new"
    # Old up to some moment and new from there on.
    assert outcomes == sorted(outcomes, key=["old", "new"].index)
    assert len(outcomes) > 5 * FILES


@pytest.mark.parametrize("op", OPERATIONS)
def test_killed_at_random_moments(op: str, sweep: Sweep) -> None:
    outcomes = sweep(op, "kills", random=100, seed=5)
    assert len(outcomes) == 100
    assert set(outcomes) <= {"old", "new"}


@pytest.mark.parametrize("op", OPERATIONS)
def test_recovery_killed_as_well(op: str, sweep: Sweep) -> None:
    outcomes = sweep(op, "kills", files=6, kill_recovery=True, step=6)
    assert set(outcomes) == {"old", "new"}


@pytest.mark.parametrize("op", OPERATIONS)
def test_killed_at_every_call_without_renameat2(op: str, sweep: Sweep) -> None:
    outcomes = sweep(op, "kills", files=6, old_kernel=True, step=2)
    assert set(outcomes) <= {"old", "new"}


@pytest.mark.parametrize("op", OPERATIONS)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_every_call_refused_once(op: str, code: int, sweep: Sweep) -> None:
    """Taken back at once, without recovery."""
    found = sweep(op, "faults", files=6, fault="fail_at", errno=code)
    assert found[-1][:2] == [None, None]
    # A folder that is not needed and cannot go stays.
    states = {(error, state) for call, error, _, state in found if call != "rmdir"}
    assert states == {("WriteFailed", "old"), (None, "new")}


def test_every_look_refused_once(sweep: Sweep) -> None:
    found = sweep("commit", "faults", files=6, fault="fail_at", errno=errno.EIO, reads=True)
    assert {(bool(error), state) for _, error, _, state in found} == {(True, "old"), (False, "new")}


@pytest.mark.parametrize("op", OPERATIONS)
def test_disk_full_from_any_call_on(op: str, sweep: Sweep, journals: Path) -> None:
    """What was begun is taken back on a disk that has no room for another byte."""
    found = sweep(op, "faults", files=6, fault="full_from")
    assert {one[1::2] for one in map(tuple, found)} == {("WriteFailed", "old"), (None, "new")}
    said = Counter(message for _, error, message, _ in found if error)
    assert all("the disk is full" in message for message in said)
    assert all("taking it back failed" not in message for message in said)
    assert all(one.status != "prepared" for one in log(journals))
