"""Faults of the disk, and files that become something else meanwhile: all old, and said clearly."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import WriteFailed
from copilot.journal.history import log, undo
from copilot.journal.transact import commit

Orders = Callable[..., dict[str, Any]]
Start = Callable[..., "subprocess.Popen[str]"]
Finish = Callable[["subprocess.Popen[str]"], tuple[int, Any]]
Snapshots = Callable[..., dict[str, tuple[bytes, int] | None]]


def _changes(roots: dict[str, Path], size: int = 3) -> ChangeSet:
    """Fill the repositories; return an update in a folder of each, and a new file in each."""
    new = b"n" * size
    for root in roots.values():
        (root / "src").mkdir()
        (root / "src/a.txt").write_bytes(b"old")
    updates = [FileChange(alias, "src/a.txt", b"old", new) for alias in roots]
    creates = [FileChange(alias, "src/new.txt", None, new) for alias in roots]
    return ChangeSet((*updates, *creates))


# What becomes of which path, at which rename of a file in a repository ("early": before the plan is
# in place), and what is said.
BECOMES = [
    ("vanish_early", "web/src/a.txt", 1, "web/src/a.txt: changed on disk meanwhile"),
    ("to_link_early", "web/src/a.txt", 1, "web/src/a.txt: it is a symbolic link"),
    ("to_folder_early", "web/src/a.txt", 1, "web/src/a.txt: it is a folder"),
    ("vanish_early", "web/src", 1, "web/src/a.txt: changed on disk meanwhile"),
    ("to_link_early", "web/src", 1, "web/src/a.txt: src on its way is a symbolic link"),
    ("vanish_early", "web", 1, ".*/web: moved away or replaced meanwhile"),
    ("to_link_early", "web", 1, ".*/web: moved away or replaced meanwhile"),
    # Between the last look at the file and its replacement.
    ("vanish", "web/src/a.txt", 2, "web/src/a.txt cannot be written: .*"),
    ("to_link", "web/src/a.txt", 2, "web/src/a.txt: changed on disk meanwhile"),
    ("to_folder", "web/src/a.txt", 2, "web/src/a.txt: changed on disk meanwhile"),
    # When another file of it is being replaced already.
    ("vanish", "ops/src/a.txt", 2, "ops/src/a.txt: changed on disk meanwhile"),
    ("to_link", "ops/src/a.txt", 2, "ops/src/a.txt: it is a symbolic link"),
    ("to_folder", "ops/src/a.txt", 2, "ops/src/a.txt: it is a folder"),
    ("vanish", "ops/src", 2, "ops/src/a.txt cannot be written: its folder is gone"),
    ("to_link", "ops/src", 2, "ops/src/a.txt: src on its way is a symbolic link"),
    ("to_folder", "ops/src", 2, "ops/src/a.txt: changed on disk meanwhile"),
    ("vanish", "ops", 2, ".*/ops: moved away or replaced meanwhile"),
    ("to_link", "ops", 2, ".*/ops: moved away or replaced meanwhile"),
]


@pytest.mark.parametrize(("spoil", "path", "at", "message"), BECOMES)
def test_path_that_becomes_something_else(
    spoil: str,
    path: str,
    at: int,
    message: str,
    roots: dict[str, Path],
    journals: Path,
    tmp_path: Path,
    snapshot: Snapshots,
    order: Orders,
    start: Start,
    finish: Finish,
) -> None:
    """Every file is old afterwards, wherever it is, and no leftover of ours is in the roots."""
    changes = _changes(roots)
    told = finish(start(order("commit", changes, spoil=spoil, at=at, path=str(tmp_path / path))))[1]
    assert told["error"] in ("EditsRefused", "WriteFailed")
    assert re.fullmatch(message, told["message"]), told["message"]
    assert told["hint"]
    kept = [place for place in tmp_path.iterdir() if place.name.split(".")[0] in roots]
    files = {
        place: found
        for place, found in snapshot(*kept).items()
        # A folder that was moved away has taken along what was written in it.
        if found is not None and "/src.kept/.copilot-" not in place
    }
    assert {data for data, _ in files.values()} == {b"old"}
    assert all(Path(place).name in ("a.txt", "a.txt.kept") for place in files)
    assert [one.status for one in log(journals)] == ["rolled-back"]


def test_read_only_file_is_not_replaced(
    roots: dict[str, Path], journals: Path, snapshot: Snapshots
) -> None:
    changes = _changes(roots)
    (roots["web"] / "src/a.txt").chmod(0o444)
    before = snapshot(*roots.values())
    with pytest.raises(WriteFailed, match=r"web/src/a\.txt cannot be written: read-only"):
        commit(changes, roots, journals, label="")
    assert snapshot(*roots.values()) == before


def test_file_made_read_only_since_is_not_taken_back(
    roots: dict[str, Path], journals: Path, snapshot: Snapshots
) -> None:
    commit(_changes(roots), roots, journals, label="")
    (roots["web"] / "src/a.txt").chmod(0o444)
    before = snapshot(*roots.values())
    with pytest.raises(WriteFailed, match=r"web/src/a\.txt cannot be written: read-only"):
        undo(journals, roots["api"])
    assert snapshot(*roots.values()) == before


def test_read_only_folder(
    roots: dict[str, Path],
    journals: Path,
    snapshot: Snapshots,
    order: Orders,
    start: Start,
    finish: Finish,
) -> None:
    changes = _changes(roots)
    (roots["ops"] / "src").chmod(0o555)
    before = snapshot(*roots.values())
    told = finish(start(order("commit", changes), as_mere_user=True))[1]
    assert told["error"] == "WriteFailed"
    assert told["message"] == "ops/src/a.txt cannot be written: permission denied"
    assert snapshot(*roots.values()) == before
    assert [one.status for one in log(journals)] == ["rolled-back"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("who", ["repository", "journal"])
def test_disk_that_is_full(
    who: str, small_disk: Path, roots: dict[str, Path], journals: Path, snapshot: Snapshots
) -> None:
    """Undo of what fitted works on the full disk."""
    if who == "repository":
        roots["ops"] = small_disk / "ops"
        roots["ops"].mkdir()
    else:
        journals = small_disk / "journals"
    first = _changes(roots, 30_000 if who == "repository" else 10)
    old = snapshot(*roots.values())
    commit(first, roots, journals, label="")
    before = snapshot(*roots.values())
    new = b"m" * 300_000
    changes = [FileChange(alias, "src/more.txt", None, new) for alias in roots]
    with pytest.raises(WriteFailed, match="cannot be written: the disk is full"):
        commit(ChangeSet(tuple(changes)), roots, journals, label="")
    assert snapshot(*roots.values()) == before
    with (small_disk / "filler").open("wb") as filler:
        filler.write(b"f" * (160_000 if who == "repository" else 200_000))
    undo(journals, roots["api"])
    assert snapshot(*roots.values()) == old
