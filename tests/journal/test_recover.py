from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import EditsRefused
from copilot.journal.history import log
from copilot.journal.recover import recover
from copilot.journal.transact import commit

Snapshots = Callable[..., dict[str, tuple[bytes, int] | None]]
Orders = Callable[..., dict[str, Any]]
Start = Callable[[dict[str, Any]], "subprocess.Popen[str]"]
Finish = Callable[["subprocess.Popen[str]"], tuple[int, Any]]


def _small(roots: dict[str, Path]) -> ChangeSet:
    (roots["api"] / "run.sh").write_bytes(b"old\r\n")
    (roots["api"] / "run.sh").chmod(0o755)
    (roots["web"] / "src").mkdir()
    (roots["web"] / "src/old.py").write_bytes(b"old")
    (roots["ops"] / "gone").write_bytes(b"gone")
    return ChangeSet(
        (
            FileChange("api", "run.sh", b"old\r\n", b"new\r\n"),
            FileChange("api", "a/b/new.txt", None, b"new"),
            FileChange("web", "lib/new.py", b"old", b"new", old_path="src/old.py"),
            FileChange("ops", "gone", b"gone", None),
        )
    )


def _killed_halfway(order: Orders, start: Start, finish: Finish, changes: ChangeSet) -> None:
    """Kill a commit in front of the second rename of a file in a repository."""
    code, _ = finish(start(order("commit", changes, spoil="kill", at=2)))
    assert code == -signal.SIGKILL


def test_all_written_but_not_marked_is_completed(
    roots: dict[str, Path], journals: Path, order: Orders, start: Start, finish: Finish
) -> None:
    code, _ = finish(start(order("commit", _small(roots), spoil="kill_mark", at=1)))
    assert code == -signal.SIGKILL
    (found,) = recover(journals)
    assert (found.outcome, found.transaction.status) == ("completed", "committed")
    assert (roots["web"] / "lib/new.py").read_bytes() == b"new"
    assert log(journals) == (found.transaction,)


def test_file_edited_after_the_kill_is_left_alone_and_reported_once(
    roots: dict[str, Path], journals: Path, order: Orders, start: Start, finish: Finish
) -> None:
    changes = _small(roots)
    _killed_halfway(order, start, finish, changes)
    (roots["api"] / "run.sh").write_bytes(b"edited")
    (found,) = recover(journals)
    assert found.outcome == "conflict"
    assert found.transaction.status == "rolled-back"
    (line,) = found.conflicts
    assert line.startswith("api/run.sh: ")
    assert Path(line.rsplit(" ", 1)[1]).read_bytes() == b"old\r\n"
    assert (roots["api"] / "run.sh").read_bytes() == b"edited"
    assert not (roots["api"] / "a").exists()
    assert recover(journals) == ()


def test_link_in_place_of_a_file_is_a_conflict_and_not_followed(
    roots: dict[str, Path],
    journals: Path,
    tmp_path: Path,
    order: Orders,
    start: Start,
    finish: Finish,
) -> None:
    changes = _small(roots)
    _killed_halfway(order, start, finish, changes)
    (tmp_path / "outside").write_bytes(b"new\r\n")
    (roots["api"] / "run.sh").unlink()
    (roots["api"] / "run.sh").symlink_to(tmp_path / "outside")
    (found,) = recover(journals)
    assert [line.split(": ")[0] for line in found.conflicts] == ["api/run.sh"]
    assert (tmp_path / "outside").read_bytes() == b"new\r\n"


def test_repository_that_is_gone_is_a_conflict_and_the_others_are_restored(
    roots: dict[str, Path], journals: Path, order: Orders, start: Start, finish: Finish
) -> None:
    changes = _small(roots)
    _killed_halfway(order, start, finish, changes)
    shutil.rmtree(roots["ops"])
    (found,) = recover(journals)
    assert [line.split(": ")[0] for line in found.conflicts] == ["ops/gone"]
    assert (roots["api"] / "run.sh").read_bytes() == b"old\r\n"


def test_next_commit_recovers_first(
    roots: dict[str, Path], journals: Path, order: Orders, start: Start, finish: Finish
) -> None:
    changes = _small(roots)
    _killed_halfway(order, start, finish, changes)
    done = commit(changes, roots, journals, label="again")
    assert [one.status for one in log(journals)] == ["committed", "rolled-back"]
    assert (roots["api"] / "run.sh").read_bytes() == b"new\r\n"
    assert log(journals)[0] == done


def test_next_commit_tells_a_conflict_and_the_one_after_goes_on(
    roots: dict[str, Path], journals: Path, order: Orders, start: Start, finish: Finish
) -> None:
    _killed_halfway(order, start, finish, _small(roots))
    (roots["api"] / "run.sh").write_bytes(b"edited")
    change = ChangeSet((FileChange("api", "other", None, b"x"),))
    with pytest.raises(EditsRefused, match=r"api/run\.sh"):
        commit(change, roots, journals, label="")
    assert not (roots["api"] / "other").exists()
    commit(change, roots, journals, label="")
    assert (roots["api"] / "other").exists()


def test_only_transactions_of_the_given_roots(
    roots: dict[str, Path], journals: Path, order: Orders, start: Start, finish: Finish
) -> None:
    _killed_halfway(order, start, finish, _small(roots))
    assert recover(journals, [roots["api"].parent / "elsewhere"]) == ()
    (found,) = recover(journals, [roots["web"] / "src"])
    assert found.outcome == "rolled-back"


def test_half_written_journal_is_removed_and_nothing_else(
    roots: dict[str, Path], journals: Path, order: Orders, start: Start, finish: Finish
) -> None:
    code, _ = finish(start(order("commit", _small(roots), spoil="kill_plan", at=1)))
    assert code == -signal.SIGKILL
    (journals / "notes").mkdir()
    assert len(list(journals.iterdir())) == 3
    assert recover(journals) == ()
    assert sorted(path.name for path in journals.iterdir()) == ["locks", "notes"]


@pytest.mark.parametrize(("spoil", "logged"), [("stop_plan", []), ("stop", ["prepared"])])
def test_living_transaction_is_not_disturbed(
    spoil: str,
    logged: list[str],
    roots: dict[str, Path],
    journals: Path,
    snapshot: Snapshots,
    order: Orders,
    start: Start,
    finish: Finish,
) -> None:
    child = start(order("commit", _small(roots), spoil=spoil, at=1))
    assert os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1])
    everything = (journals, *roots.values())
    halfway = snapshot(*everything)
    assert [one.status for one in log(journals)] == logged
    assert recover(journals) == ()
    assert snapshot(*everything) == halfway
    child.send_signal(signal.SIGCONT)
    code, told = finish(child)
    assert (code, told["error"]) == (0, None)
    assert [one.status for one in log(journals)] == ["committed"]


def test_recover_of_nothing_makes_nothing(journals: Path) -> None:
    assert recover(journals) == ()
    assert not journals.exists()
