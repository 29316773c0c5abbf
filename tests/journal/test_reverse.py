"""Undo and redo amid later work: merged where it stands apart, refused where it collides."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from copilot.edits.changes import ChangeKind, ChangeSet, FileChange
from copilot.errors import EditsRefused, UsageError
from copilot.journal.history import (
    FileOutcome,
    last_reverser,
    log,
    outcomes,
    preview,
    redo,
    reversers,
    undo,
)
from copilot.journal.model import Transaction
from copilot.journal.store import delete
from copilot.journal.transact import commit

PLAIN, EXECUTABLE = 0o100644, 0o100755
TEN = b"".join(b"%d\n" % n for n in range(10))


def _changed(data: bytes, number: int) -> bytes:
    """The ten lines with one of them changed."""
    return data.replace(b"%d\n" % number, b"line %d\n" % number)


@pytest.fixture
def root(roots: dict[str, Path]) -> Path:
    (roots["api"] / "a.txt").write_bytes(TEN)
    (roots["api"] / "run").write_bytes(TEN)
    (roots["api"] / "run").chmod(0o740)
    return roots["api"]


@pytest.fixture
def write(roots: dict[str, Path], journals: Path) -> Callable[..., Transaction]:
    """Commit changes, given as `FileChange` without its alias."""

    def run(*changes: tuple[object, ...]) -> Transaction:
        made = ChangeSet(tuple(FileChange("api", *one) for one in changes))  # type: ignore[arg-type]
        return commit(made, roots, journals, label="")

    return run


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _ways(journals: Path, transaction: Transaction) -> dict[str, str]:
    return {one.path: one.outcome for one in outcomes(journals, transaction)}


def test_later_edit_elsewhere_survives_undo_and_redo(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    write(("a.txt", TEN, _changed(TEN, 2)))
    (root / "a.txt").write_bytes(_changed(_changed(TEN, 2), 7))
    undone = undo(journals, root)
    assert (root / "a.txt").read_bytes() == _changed(TEN, 7)
    assert _ways(journals, undone) == {"a.txt": "merged"}
    redone = redo(journals, root)
    assert (root / "a.txt").read_bytes() == _changed(_changed(TEN, 2), 7)
    assert _ways(journals, redone) == {"a.txt": "restored"}


def test_edits_after_the_undo_survive_the_redo_and_the_next_undo(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    write(("a.txt", TEN, _changed(TEN, 2)))
    undo(journals, root)
    (root / "a.txt").write_bytes(_changed(TEN, 9))
    assert _ways(journals, redo(journals, root)) == {"a.txt": "merged"}
    assert (root / "a.txt").read_bytes() == _changed(_changed(TEN, 2), 9)
    (root / "a.txt").write_bytes(b"top\n" + _changed(_changed(TEN, 2), 9))
    undo(journals, root)
    assert (root / "a.txt").read_bytes() == b"top\n" + _changed(TEN, 9)


def test_collision_names_file_and_lines_and_touches_nothing(
    roots: dict[str, Path],
    journals: Path,
    root: Path,
    write: Callable[..., Transaction],
    snapshot: Callable[..., object],
) -> None:
    write(
        ("a.txt", TEN, _changed(_changed(TEN, 2), 8)),
        ("run", TEN, _changed(TEN, 5)),
        ("new", None, b"x"),
    )
    edited = b"top\n" + _changed(_changed(TEN, 2), 8).replace(b"line 2", b"mine 2")
    (root / "a.txt").write_bytes(edited)
    before = snapshot(*roots.values())
    with pytest.raises(EditsRefused) as refused:
        undo(journals, root)
    assert refused.value.message == "api/a.txt: line 4 changed since it was written"
    assert refused.value.hint
    (root / "a.txt").write_bytes(edited.replace(b"line 8\n9\n", b"mine 8\nmine 9\n"))
    with pytest.raises(EditsRefused, match=r"api/a\.txt: lines 4, 10-11 changed since"):
        undo(journals, root)
    (root / "a.txt").write_bytes(_changed(_changed(TEN, 2), 8).replace(b"line 2\n", b""))
    with pytest.raises(EditsRefused, match=r"api/a\.txt: line 3 \(taken out\) changed"):
        undo(journals, root)
    (root / "a.txt").write_bytes(edited)
    assert snapshot(*roots.values()) == before
    assert len(log(journals)) == 1


def test_older_change_is_undone_below_a_newer_one_in_the_same_file(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    one, both = _changed(TEN, 2), _changed(_changed(TEN, 2), 7)
    first = write(("a.txt", TEN, one))
    second = write(("a.txt", one, both))
    undo(journals, root, transaction_id=first.id)
    assert (root / "a.txt").read_bytes() == _changed(TEN, 7)
    with pytest.raises(UsageError, match="nothing to undo") as refused:
        undo(journals, root, transaction_id=first.id)
    assert "taken back already" in refused.value.hint
    undo(journals, root)
    assert (root / "a.txt").read_bytes() == TEN
    redo(journals, root)
    assert (root / "a.txt").read_bytes() == _changed(TEN, 7)
    redo(journals, root)
    assert (root / "a.txt").read_bytes() == both
    assert log(journals)[-2].id == second.id


def test_older_change_is_refused_below_a_newer_one_of_the_same_lines(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    first = write(("a.txt", TEN, _changed(TEN, 2)))
    write(("a.txt", _changed(TEN, 2), TEN.replace(b"2\n", b"two\n")))
    with pytest.raises(EditsRefused, match=r"api/a\.txt: line 3 changed"):
        undo(journals, root, transaction_id=first.id)


def test_twice_back_and_twice_forth(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    states = [TEN, _changed(TEN, 2), _changed(_changed(TEN, 2), 7)]
    for before, after in pairwise(states):
        write(("a.txt", before, after))
    for call, number in ((undo, 1), (undo, 0), (redo, 1), (redo, 2), (undo, 1), (redo, 2)):
        call(journals, root)
        assert (root / "a.txt").read_bytes() == states[number]


def test_what_a_person_took_back_by_hand_counts_as_done(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    write(("a.txt", TEN, b"x"), ("run", TEN, None), ("new", None, b"new"))
    (root / "a.txt").write_bytes(TEN)
    (root / "run").write_bytes(TEN)
    (root / "new").unlink()
    undone = undo(journals, root)
    assert set(_ways(journals, undone).values()) == {"unchanged"}
    with pytest.raises(UsageError, match="nothing to undo"):
        undo(journals, root)
    redo(journals, root)
    assert (root / "a.txt").read_bytes() == b"x"
    assert sorted(path.name for path in root.iterdir()) == ["a.txt", "new"]


def test_redo_of_an_undo_that_found_some_files_done(
    root: Path, journals: Path, write: Callable[..., Transaction], snapshot: Callable[..., object]
) -> None:
    before = snapshot(root)
    write(("a.txt", TEN, _changed(TEN, 2)), ("lib/moved", TEN, _changed(TEN, 3), "run"))
    after = snapshot(root)
    (root / "lib/moved").rename(root / "run")
    (root / "run").write_bytes(TEN)
    undone = undo(journals, root)
    assert _ways(journals, undone) == {"a.txt": "restored", "run": "unchanged"}
    # The folder was emptied by hand and goes with the change.
    assert snapshot(root) == before
    redone = redo(journals, root)
    assert _ways(journals, redone) == {"a.txt": "restored", "lib/moved": "restored"}
    assert snapshot(root) == after
    undo(journals, root)
    assert snapshot(root) == before


def test_redo_and_undo_that_both_had_nothing_to_do(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    write(("a.txt", TEN, _changed(TEN, 2)))
    (root / "a.txt").write_bytes(_changed(TEN, 7))
    undo(journals, root)
    (root / "a.txt").write_bytes(_changed(_changed(TEN, 2), 7))
    assert _ways(journals, redo(journals, root)) == {"a.txt": "unchanged"}
    assert _ways(journals, undo(journals, root)) == {"a.txt": "merged"}
    assert (root / "a.txt").read_bytes() == _changed(TEN, 7)


def test_redo_of_what_the_journal_has_forgotten_is_refused(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    applied = write(("a.txt", TEN, b"x"))
    (root / "a.txt").write_bytes(TEN)
    undo(journals, root)
    delete(journals, applied.id)
    with pytest.raises(EditsRefused, match=r"api/a\.txt: it was so already, .* out of the journal"):
        redo(journals, root)


def test_an_id_stands_for_the_last_that_made_the_change_again(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    applied = write(("a.txt", TEN, _changed(TEN, 2)))
    write(("run", TEN, b"x"))
    undone = undo(journals, root, transaction_id=applied.id)
    with pytest.raises(UsageError) as refused:
        undo(journals, root, transaction_id=applied.id)
    assert refused.value.hint.endswith(
        f"by {undone.id}; to make it again: copilot redo {undone.id}"
    )
    redone = redo(journals, root)
    with pytest.raises(UsageError) as refused:
        redo(journals, root, transaction_id=undone.id)
    assert refused.value.hint.endswith(f"to take it back: copilot undo {redone.id}")
    again = undo(journals, root, transaction_id=applied.id)
    assert again.reverses == redone.id
    assert (root / "a.txt").read_bytes() == TEN
    by = reversers(log(journals))
    assert by == {applied.id: undone, undone.id: redone, redone.id: again}
    assert last_reverser(applied.id, by) == again
    assert redo(journals, root, transaction_id=undone.id).reverses == again.id


@pytest.mark.parametrize("older", [True, False])
def test_the_later_of_two_at_once_is_told_to_run_again(
    older: bool,
    root: Path,
    journals: Path,
    write: Callable[..., Transaction],
    order: Callable[..., dict[str, Any]],
    start: Callable[..., subprocess.Popen[str]],
    finish: Callable[[subprocess.Popen[str]], tuple[int, Any]],
) -> None:
    """The other comes in between the choice and the lock."""
    if older:
        write(("run", TEN, b"x"))
    write(("a.txt", TEN, b"x"))
    told = finish(start(order("undo", spoil="rival", at=1)))[1]
    assert told["error"] == "EditsRefused"
    assert told["message"] == "another copilot wrote there at the same moment"
    assert told["hint"].endswith("run the command again")
    assert (root / "a.txt").read_bytes() == TEN
    assert len(log(journals)) == 2 + older


def test_made_file_that_was_edited_is_not_deleted(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    write(("made/new", None, b"new"))
    (root / "made/new").write_bytes(b"mine")
    with pytest.raises(EditsRefused, match="api/made/new: edited since") as refused:
        undo(journals, root)
    assert "by hand" in refused.value.message
    assert (root / "made/new").read_bytes() == b"mine"
    (root / "made/new").write_bytes(b"new")
    assert _ways(journals, undo(journals, root)) == {"made/new": "removed"}
    assert not (root / "made").exists()


def test_deleted_file_whose_path_is_taken_is_not_restored(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    write(("a.txt", TEN, None))
    (root / "a.txt").write_bytes(b"mine")
    with pytest.raises(EditsRefused, match=r"api/a\.txt: the path is taken again"):
        undo(journals, root)
    (root / "a.txt").unlink()
    assert _ways(journals, undo(journals, root)) == {"a.txt": "restored"}
    assert (root / "a.txt").read_bytes() == TEN


def test_moved_file_comes_back_with_later_edits(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    write(("lib/b.txt", TEN, _changed(TEN, 2), "a.txt"))
    (root / "lib/b.txt").write_bytes(_changed(_changed(TEN, 2), 7))
    undone = undo(journals, root)
    assert (root / "a.txt").read_bytes() == _changed(TEN, 7)
    assert not (root / "lib").exists()
    assert outcomes(journals, undone) == (FileOutcome("api", root, "a.txt", "merged", "lib/b.txt"),)
    redo(journals, root)
    assert (root / "lib/b.txt").read_bytes() == _changed(_changed(TEN, 2), 7)
    assert not (root / "a.txt").exists()


def test_moved_file_whose_old_path_is_taken_stays(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    write(("b.txt", TEN, TEN, "a.txt"))
    (root / "a.txt").write_bytes(b"mine")
    with pytest.raises(EditsRefused, match=r"api/b\.txt: its old path api/a\.txt is taken"):
        undo(journals, root)
    (root / "a.txt").unlink()
    (root / "b.txt").rename(root / "a.txt")
    assert set(_ways(journals, undo(journals, root)).values()) == {"unchanged"}
    assert (root / "a.txt").read_bytes() == TEN


def test_binary_file_only_as_it_was_written(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    (root / "img").write_bytes(b"\0a\nb\nc\n")
    write(("img", b"\0a\nb\nc\n", b"\0A\nb\nc\n"))
    (root / "img").write_bytes(b"\0A\nb\nC\n")
    with pytest.raises(EditsRefused, match="api/img: it is binary and was changed since"):
        undo(journals, root)
    (root / "img").write_bytes(b"\0A\nb\nc\n")
    undo(journals, root)
    assert (root / "img").read_bytes() == b"\0a\nb\nc\n"


def test_only_the_executable_bit_is_changed_and_taken_back(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    (root / "a.txt").chmod(0o640)
    write(
        ("a.txt", TEN, TEN, None, PLAIN, EXECUTABLE),
        ("run", TEN, TEN, None, EXECUTABLE, PLAIN),
        ("new", None, b"#!", None, None, EXECUTABLE),
        ("moved", None, b"x", None, None, PLAIN),
    )
    assert [_mode(root / name) for name in ("a.txt", "run")] == [0o750, 0o640]
    assert [_mode(root / name) & 0o100 for name in ("new", "moved")] == [0o100, 0]
    (root / "a.txt").write_bytes(b"mine")
    undone = undo(journals, root)
    assert [_mode(root / name) for name in ("a.txt", "run")] == [0o640, 0o750]
    assert (root / "a.txt").read_bytes() == b"mine"
    assert _ways(journals, undone)["a.txt"] == "merged"
    assert sorted(path.name for path in root.iterdir()) == ["a.txt", "run"]
    redo(journals, root)
    assert [_mode(root / name) for name in ("a.txt", "run")] == [0o750, 0o640]
    assert _mode(root / "new") & 0o100


def test_rename_with_a_new_mode_and_text(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    (root / "a.txt").chmod(0o640)
    write(("bin/a", TEN, _changed(TEN, 2), "a.txt", PLAIN, EXECUTABLE))
    assert _mode(root / "bin/a") == 0o750
    undo(journals, root)
    assert (_mode(root / "a.txt"), (root / "a.txt").read_bytes()) == (0o640, TEN)
    redo(journals, root)
    assert _mode(root / "bin/a") == 0o750


def test_mode_that_is_not_as_read_is_refused(
    root: Path, journals: Path, write: Callable[..., Transaction]
) -> None:
    with pytest.raises(EditsRefused, match="api/run: changed on disk since it was read"):
        write(("run", TEN, TEN, None, PLAIN, EXECUTABLE))
    assert log(journals) == ()


def test_preview_shows_what_undo_would_do_and_writes_nothing(
    roots: dict[str, Path],
    root: Path,
    journals: Path,
    write: Callable[..., Transaction],
    snapshot: Callable[..., object],
) -> None:
    done = write(
        ("a.txt", TEN, _changed(TEN, 2)),
        ("new", None, b"new"),
        ("lib/run", TEN, TEN, "run", EXECUTABLE, PLAIN),
    )
    (root / "a.txt").write_bytes(_changed(_changed(TEN, 2), 7))
    before = snapshot(root, journals)
    planned, changes = preview(journals, root, "undo")
    assert snapshot(root, journals) == before
    assert (planned.id, planned.reverses) == ("", done.id)
    by_path = {change.path: change for change in changes.changes}
    assert by_path["a.txt"].after == _changed(TEN, 7)
    assert by_path["new"].kind is ChangeKind.DELETE
    assert (by_path["run"].old_path, by_path["run"].mode) == ("lib/run", EXECUTABLE)
    undo(journals, root)
    with pytest.raises(UsageError, match="nothing to undo"):
        preview(journals, root, "undo")
    again = preview(journals, root, "redo")[1]
    assert {change.path: change.kind for change in again.changes} == {
        "a.txt": ChangeKind.UPDATE,
        "new": ChangeKind.CREATE,
        "lib/run": ChangeKind.RENAME,
    }


def test_undo_is_itself_refused_by_a_link_in_the_file_s_place(
    root: Path, journals: Path, tmp_path: Path, write: Callable[..., Transaction]
) -> None:
    write(("a.txt", TEN, b"x"))
    (tmp_path / "outside").write_bytes(b"x")
    (root / "a.txt").unlink()
    (root / "a.txt").symlink_to(tmp_path / "outside")
    with pytest.raises(EditsRefused, match=r"api/a\.txt: it is a symbolic link"):
        undo(journals, root)
    assert (tmp_path / "outside").read_bytes() == b"x"
