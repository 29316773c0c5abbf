"""What a journal looks like on disk: private, versioned, and read in its older form too."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import UsageError
from copilot.journal.history import log, redo, undo
from copilot.journal.recover import recover
from copilot.journal.transact import commit

ID = "20260101T000000.000000Z-0123abcd"


@pytest.fixture(params=[0o000, 0o022, 0o777])
def mask(request: pytest.FixtureRequest) -> Iterator[int]:
    old = os.umask(request.param)
    yield request.param
    os.umask(old)


def test_journals_are_their_owner_s_alone_under_any_mask(
    mask: int, roots: dict[str, Path], tmp_path: Path
) -> None:
    journals = tmp_path / "deep" / "state" / "journals"
    (roots["api"] / "secret").write_bytes(b"key")
    (roots["api"] / "secret").chmod(0o644)
    changes = ChangeSet((FileChange("api", "secret", b"key", b"other key"),))
    commit(changes, roots, journals, label="")
    undo(journals, roots["api"])
    for path in (*tmp_path.glob("deep/**/*"), tmp_path / "deep"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert stat.S_IMODE((roots["api"] / "secret").stat().st_mode) == 0o644


def test_folder_of_journals_that_others_may_read_is_closed(
    roots: dict[str, Path], journals: Path
) -> None:
    journals.mkdir(parents=True)
    journals.chmod(0o755)
    commit(ChangeSet((FileChange("api", "a", None, b"a"),)), roots, journals, label="")
    assert stat.S_IMODE(journals.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("make it\n so\t", "make it so"),
        ("\x1b[2Jx\x00\u202ey", "\\x1b[2Jx\\x00\\u202ey"),
        ("x" * 5000, "x" * 200),
    ],
)
def test_label_is_one_harmless_short_line(
    label: str, kept: str, roots: dict[str, Path], journals: Path
) -> None:
    change = ChangeSet((FileChange("api", "a", None, b"a"),))
    assert commit(change, roots, journals, label=label).label == kept


def test_each_content_is_kept_once(roots: dict[str, Path], journals: Path) -> None:
    changes = [FileChange("api", name, None, b"same") for name in "abc"]
    done = commit(
        ChangeSet((*changes, FileChange("api", "d", None, b""))), roots, journals, label=""
    )
    assert sorted(path.name for path in (journals / done.id).iterdir()) == [
        "committed.json",
        "contents",
    ]
    assert (journals / done.id / "contents").read_bytes() == b"same"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def first_version(roots: dict[str, Path], journals: Path) -> Callable[[str], None]:
    """Write a journal of version 1: one file updated, one moved, one made in a new folder."""

    def entry(path: str, before: bytes | None, after: bytes | None, mode: int) -> dict[str, object]:
        shas = [None if data is None else _sha256(data) for data in (before, after)]
        return {
            "alias": "api", "root": str(roots["api"]), "path": path, "before": shas[0],
            "after": shas[1], "mode": mode,
        }  # fmt: skip

    def write(status: str) -> None:
        plan = {
            "version": 1,
            "id": ID,
            "label": "long ago",
            "created": "2026-01-01T00:00:00+00:00",
            "kind": "apply",
            "reverses": None,
            "entries": [
                entry("a", b"old", b"new", 0o755),
                entry("to", None, b"moved", 0o644),
                entry("from", b"moved", None, 0o644),
                entry("made/b", None, b"b", 0o644),
            ],
            "made_dirs": [{"root": str(roots["api"]), "path": "made"}],
            "removed_dirs": [],
        }
        (journals / ID).mkdir(parents=True)
        for data in (b"old", b"new", b"moved", b"b"):
            (journals / ID / _sha256(data)).write_bytes(data)
        (journals / ID / f"{status}.json").write_text(json.dumps(plan, indent=1))

    return write


def test_first_version_is_undone_and_done_again(
    first_version: Callable[[str], None], roots: dict[str, Path], journals: Path
) -> None:
    first_version("committed")
    (roots["api"] / "made").mkdir()
    for name, data in (("a", b"new"), ("to", b"moved"), ("made/b", b"b")):
        (roots["api"] / name).write_bytes(data)
    (roots["api"] / "a").chmod(0o755)
    assert [one.label for one in log(journals)] == ["long ago"]
    undo(journals, roots["api"])
    assert {path.name: path.read_bytes() for path in roots["api"].iterdir()} == {
        "a": b"old",
        "from": b"moved",
    }
    assert stat.S_IMODE((roots["api"] / "a").stat().st_mode) == 0o755
    redo(journals, roots["api"])
    assert (roots["api"] / "made/b").read_bytes() == b"b"


def test_first_version_cut_off_is_rolled_back_with_its_half_written_files(
    first_version: Callable[[str], None], roots: dict[str, Path], journals: Path
) -> None:
    first_version("prepared")
    (roots["api"] / "a").write_bytes(b"new")
    (roots["api"] / "from").write_bytes(b"moved")
    (roots["api"] / f".copilot-{ID}-1").write_bytes(b"mo")
    (found,) = recover(journals)
    assert found.outcome == "rolled-back"
    assert {path.name: path.read_bytes() for path in roots["api"].iterdir()} == {
        "a": b"old",
        "from": b"moved",
    }


def test_unknown_version_is_told(
    first_version: Callable[[str], None], roots: dict[str, Path], journals: Path
) -> None:
    first_version("committed")
    plan = journals / ID / "committed.json"
    plan.write_text(plan.read_text().replace('"version": 1', '"version": 99'))
    with pytest.raises(UsageError, match="format 99"):
        log(journals)
