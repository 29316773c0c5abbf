from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import EditsRefused, ExitCode, UsageError, WriteFailed
from copilot.journal.history import log
from copilot.journal.stops import stops_raise
from copilot.journal.transact import commit

Start = Callable[[dict[str, Any]], "subprocess.Popen[str]"]
Finish = Callable[["subprocess.Popen[str]"], tuple[int, Any]]


def _changes(*changes: FileChange) -> ChangeSet:
    return ChangeSet(changes)


def _create(path: str, alias: str = "api") -> FileChange:
    return FileChange(alias, path, None, b"new\n")


def test_one_commit_writes_three_repositories(roots: dict[str, Path], journals: Path) -> None:
    (roots["api"] / "run.sh").write_bytes(b"echo a\r\necho b\r\n")
    (roots["api"] / "run.sh").chmod(0o755)
    (roots["web"] / "gone.txt").write_bytes(b"no newline at the end")
    (roots["ops"] / "old.py").write_bytes(b"x = 1\n")
    (roots["ops"] / "old.py").chmod(0o750)
    done = commit(
        _changes(
            FileChange("api", "run.sh", b"echo a\r\necho b\r\n", b"echo a\r\necho c"),
            FileChange("web", "gone.txt", b"no newline at the end", None),
            FileChange("web", "a/b/new.txt", None, b"\xff\x00"),
            FileChange("ops", "lib/new.py", b"x = 1\n", b"x = 2\n", old_path="old.py"),
        ),
        roots,
        journals,
        label="make it\nso",
    )
    assert (roots["api"] / "run.sh").read_bytes() == b"echo a\r\necho c"
    assert stat.S_IMODE((roots["api"] / "run.sh").stat().st_mode) == 0o755
    assert not (roots["web"] / "gone.txt").exists()
    assert (roots["web"] / "a/b/new.txt").read_bytes() == b"\xff\x00"
    assert not (roots["ops"] / "old.py").exists()
    assert (roots["ops"] / "lib/new.py").read_bytes() == b"x = 2\n"
    assert stat.S_IMODE((roots["ops"] / "lib/new.py").stat().st_mode) == 0o750
    assert (done.status, done.kind, done.label) == ("committed", "apply", "make it so")
    assert [folder.path for folder in done.made_dirs] == ["a", "a/b", "lib"]
    assert log(journals) == (done,)


def test_new_file_gets_the_mode_of_the_umask(roots: dict[str, Path], journals: Path) -> None:
    old = os.umask(0o027)
    try:
        commit(_changes(_create("new.txt")), roots, journals, label="")
    finally:
        os.umask(old)
    assert stat.S_IMODE((roots["api"] / "new.txt").stat().st_mode) == 0o640


def test_replaced_file_keeps_its_owner(roots: dict[str, Path], journals: Path) -> None:
    path = roots["api"] / "a.txt"
    path.write_bytes(b"old\n")
    owner = (1234, 4321) if os.getuid() == 0 else (os.getuid(), os.getgid())
    os.chown(path, *owner)
    commit(_changes(FileChange("api", "a.txt", b"old\n", b"new\n")), roots, journals, label="")
    assert (path.stat().st_uid, path.stat().st_gid) == owner


def test_hard_link_elsewhere_keeps_the_old_bytes(
    roots: dict[str, Path], journals: Path, tmp_path: Path
) -> None:
    (roots["api"] / "a.txt").write_bytes(b"old\n")
    (tmp_path / "outside.txt").hardlink_to(roots["api"] / "a.txt")
    commit(_changes(FileChange("api", "a.txt", b"old\n", b"new\n")), roots, journals, label="")
    assert (tmp_path / "outside.txt").read_bytes() == b"old\n"
    assert (roots["api"] / "a.txt").read_bytes() == b"new\n"


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 on macOS")
def test_file_name_that_is_no_utf8(roots: dict[str, Path], journals: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (roots["api"] / name).write_bytes(b"old\n")
    commit(_changes(FileChange("api", name, b"old\n", b"new\n")), roots, journals, label="")
    assert (roots["api"] / name).read_bytes() == b"new\n"
    assert log(journals)[0].entries[0].path == name


def test_journals_are_private(roots: dict[str, Path], journals: Path) -> None:
    commit(_changes(_create("a.txt")), roots, journals, label="")
    private = [journals, *(path for path in journals.rglob("*"))]
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in private)


@pytest.mark.parametrize(
    "change",
    [
        FileChange("web", "a.txt", b"as read\n", b"new\n"),
        FileChange("web", "a.txt", b"as read\n", None),
        FileChange("web", "a.txt", None, b"new\n"),
        FileChange("web", "missing.txt", b"as read\n", b"new\n"),
        FileChange("web", "b.txt", b"as read\n", b"new\n", old_path="a.txt"),
        FileChange("web", "a.txt", b"other\n", b"new\n", old_path="c.txt"),
    ],
)
def test_file_changed_since_it_was_read(
    change: FileChange,
    roots: dict[str, Path],
    journals: Path,
    snapshot: Callable[..., object],
) -> None:
    (roots["web"] / "a.txt").write_bytes(b"edited since\n")
    (roots["web"] / "c.txt").write_bytes(b"other\n")
    before = snapshot(*roots.values())
    with pytest.raises(EditsRefused, match=r"web/.*changed on disk since it was read") as refused:
        commit(_changes(_create("fine.txt"), change), roots, journals, label="")
    assert refused.value.exit_code == ExitCode.EDITS
    assert snapshot(*roots.values()) == before


def test_unknown_repository_is_refused(roots: dict[str, Path], journals: Path) -> None:
    with pytest.raises(EditsRefused, match="other/x"):
        commit(_changes(_create("fine.txt"), _create("x", "other")), roots, journals, label="")
    assert not (roots["api"] / "fine.txt").exists()


def test_same_file_through_two_roots_is_refused(roots: dict[str, Path], journals: Path) -> None:
    both = {"outer": roots["api"].parent, "api": roots["api"]}
    with pytest.raises(EditsRefused, match="twice"):
        commit(_changes(_create("api/x", "outer"), _create("x")), both, journals, label="")


def test_nothing_to_write_and_missing_root(roots: dict[str, Path], journals: Path) -> None:
    with pytest.raises(UsageError):
        commit(ChangeSet(), roots, journals, label="")
    with pytest.raises(UsageError):
        commit(_changes(_create("x")), {"api": Path("/nowhere/at/all")}, journals, label="")


def test_file_and_folder_of_one_name(
    roots: dict[str, Path], journals: Path, snapshot: Callable[..., object]
) -> None:
    with pytest.raises(EditsRefused, match="api/d: it is a folder"):
        commit(_changes(_create("d/x"), _create("d")), roots, journals, label="")
    assert snapshot(*roots.values()) == {}
    assert [one.status for one in log(journals)] == ["rolled-back"]


def _thousand_bytes(roots: dict[str, Path]) -> ChangeSet:
    """An update in each repository, then a new file in each, all of 1,000 bytes."""
    for alias in roots:
        (roots[alias] / "kept.txt").write_bytes(b"old\n")
        (roots[alias] / "kept.txt").chmod(0o755)
    new = b"n" * 1000
    updates = [FileChange(alias, "kept.txt", b"old\n", new) for alias in roots]
    creates = [FileChange(alias, "made/new.txt", None, new) for alias in roots]
    return ChangeSet((*updates, *creates))


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (
            {"file_size": 500},
            "the journal .* cannot be written: the file is larger than the system allows",
        ),
        (
            {"spoil": "file_size", "at": 1},
            "api/kept.txt cannot be written: the file is larger than the system allows",
        ),
        (
            {"spoil": "file_size", "at": 5},
            "web/made/new.txt cannot be written: the file is larger than .*",
        ),
        ({"spoil": "folder", "at": 4}, "api/made/new.txt: it is a folder"),
        ({"spoil": "folder", "at": 6}, "ops/made/new.txt: it is a folder"),
    ],
)
def test_error_in_the_middle_takes_everything_back(
    trouble: dict[str, Any],
    message: str,
    roots: dict[str, Path],
    journals: Path,
    snapshot: Callable[..., dict[str, Any]],
    order: Callable[..., dict[str, Any]],
    start: Start,
    finish: Finish,
) -> None:
    changes = _thousand_bytes(roots)
    before = snapshot(*roots.values())
    code, told = finish(start(order("commit", changes, **trouble)))
    assert code == 0
    assert told["error"] == ("EditsRefused" if trouble.get("spoil") == "folder" else "WriteFailed")
    assert re.fullmatch(message, told["message"])
    assert told["hint"]
    after = snapshot(*roots.values())
    in_the_way = {path: None for path in after if "made" in path}
    assert after == before | (in_the_way if trouble.get("spoil") == "folder" else {})
    assert all(one.status == "rolled-back" for one in log(journals))
    if "file_size" in trouble:
        assert log(journals) == ()
        assert [path.name for path in journals.iterdir()] == ["locks"]


def test_file_edited_during_the_commit_keeps_the_edit(
    roots: dict[str, Path],
    journals: Path,
    snapshot: Callable[..., dict[str, Any]],
    order: Callable[..., dict[str, Any]],
    start: Start,
    finish: Finish,
) -> None:
    changes = _thousand_bytes(roots)
    before = snapshot(*roots.values())
    edited = str(roots["ops"] / "kept.txt")
    told = finish(start(order("commit", changes, spoil="edit", at=2, path=edited)))[1]
    assert (told["error"], told["message"]) == (
        "EditsRefused",
        "ops/kept.txt: changed on disk meanwhile",
    )
    assert snapshot(*roots.values()) == before | {edited: (b"mine", 0o755)}


def test_file_edited_after_its_replacement_is_named_when_the_rest_is_taken_back(
    roots: dict[str, Path],
    journals: Path,
    order: Callable[..., dict[str, Any]],
    start: Start,
    finish: Finish,
) -> None:
    changes = _thousand_bytes(roots)
    edited = str(roots["api"] / "kept.txt")
    told = finish(start(order("commit", changes, spoil="edit_and_block", at=4, path=edited)))[1]
    assert told["error"] == "WriteFailed"
    assert "api/made/new.txt: it is a folder" in told["message"]
    assert "api/kept.txt: changed by somebody else" in told["message"]
    assert (roots["api"] / "kept.txt").read_bytes() == b"mine"
    assert (roots["web"] / "kept.txt").read_bytes() == b"old\n"


@pytest.mark.parametrize(
    ("spoil", "code", "logged"),
    [
        ("interrupt", -signal.SIGINT, ["rolled-back"]),
        ("terminate", 143, ["rolled-back"]),
        ("terminate_early", 143, []),
        ("hang_up", 129, ["rolled-back"]),
        ("hang_up_twice", 129, ["rolled-back"]),
    ],
)
def test_told_to_end_it_takes_everything_back_at_once(
    spoil: str,
    code: int,
    logged: list[str],
    roots: dict[str, Path],
    journals: Path,
    snapshot: Callable[..., dict[str, Any]],
    order: Callable[..., dict[str, Any]],
    start: Start,
    finish: Finish,
) -> None:
    changes = _thousand_bytes(roots)
    before = snapshot(*roots.values())
    at = 1 if spoil == "terminate_early" else 3
    assert finish(start(order("commit", changes, spoil=spoil, at=at)))[0] == code
    assert snapshot(*roots.values()) == before
    assert [one.status for one in log(journals)] == logged
    assert not list(journals.glob("2*/prepared.json"))


def test_signals_are_as_before_after_a_commit(roots: dict[str, Path], journals: Path) -> None:
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    commit(_changes(_create("x")), roots, journals, label="")
    assert [signal.getsignal(number) for number in numbers] == before
    own = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with stops_raise():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, own)


def test_everything_is_flushed_before_it_counts(
    roots: dict[str, Path],
    journals: Path,
    order: Callable[..., dict[str, Any]],
    start: Start,
    finish: Finish,
) -> None:
    calls = finish(start(order("commit", _thousand_bytes(roots))))[1]["calls"]
    plan, *_ = renames = [number for number, name in enumerate(calls) if name == "rename"]
    assert calls[:plan].count("fsync") == 3, "contents, plan and their folder"
    assert calls[plan + 1 : plan + 3] == ["fsync", "fsync"], (
        "the journal's folder and the one above"
    )
    first = calls.index("renameat2")
    assert calls[:first].count("fsync") == 3 + 2 + 6, "every new file, before one is in place"
    assert all(calls[number - 1] == "fsync" for number in renames[1:-1])
    last = len(calls) - 1 - calls[::-1].index("renameat2")
    folders_with_changes = 6
    assert calls[last : renames[-1]].count("fsync") == folders_with_changes
    assert calls[renames[-1] + 1 :] == ["fsync"], "nothing to prune"


def test_state_folder_that_cannot_be_made(roots: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(WriteFailed, match=r"the journal .* cannot be written"):
        commit(_changes(_create("x")), roots, tmp_path / "state" / "journals", label="")
    assert not (roots["api"] / "x").exists()


def test_two_processes_on_the_same_files_do_not_mix(
    roots: dict[str, Path],
    journals: Path,
    order: Callable[..., dict[str, Any]],
    start: Start,
    finish: Finish,
) -> None:
    names = [f"{number}.txt" for number in range(50)]
    for name in names:
        (roots["api"] / name).write_bytes(b"old")
    sets = [
        ChangeSet(tuple(FileChange("api", name, b"old", writer) for name in names))
        for writer in (b"first", b"second")
    ]
    told = _at_once([start(order("commit", one, wait=True)) for one in sets], finish)
    assert sorted(one["error"] or "" for one in told) == ["", "EditsRefused"]
    winner = b"first" if told[0]["error"] is None else b"second"
    assert {(roots["api"] / name).read_bytes() for name in names} == {winner}


def test_two_processes_on_different_files_both_succeed(
    roots: dict[str, Path],
    journals: Path,
    order: Callable[..., dict[str, Any]],
    start: Start,
    finish: Finish,
) -> None:
    sets = [
        ChangeSet(tuple(_create(f"{writer}/{number}") for number in range(50)))
        for writer in ("first", "second")
    ]
    told = _at_once([start(order("commit", one, wait=True)) for one in sets], finish)
    assert [one["error"] for one in told] == [None, None]
    assert sum(path.is_file() for path in roots["api"].rglob("*")) == 100
    assert len(log(journals)) == 2


def _at_once(children: list[subprocess.Popen[str]], finish: Finish) -> list[dict[str, Any]]:
    told: dict[int, dict[str, Any]] = {}

    def wait(number: int) -> None:
        told[number] = finish(children[number])[1]

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(len(children))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [told[number] for number in range(len(children))]
