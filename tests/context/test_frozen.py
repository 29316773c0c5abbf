from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.context.entries import Entry, Shape
from copilot.context.frozen import RECORD_VERSION, Frozen, FrozenStore, Head, Record, is_sound
from copilot.context.model import Frame

_KEY = "a" * 32


def _frozen(files: bytes = b"files\n", **changes: Any) -> Frozen:
    data = b"rules\n" + files
    record = Record(
        version=RECORD_VERSION,
        file_tag="file-2",
        marker=8,
        words=("one", "two", "three"),
        over=(b"app/\xff",),
        heads=(Head("app", "0" * 40, None),),
        rules_size=6,
        rules_tokens=2,
        base=(Entry(b"app/\xff.py", Shape.FULL, "source", 5, len(files), 3, "0" * 40),),
        base_sha256=hashlib.sha256(data).hexdigest(),
        overlay=(Entry(b"app/a", Shape.DELETED, "", 4, 7, 7),),
        overlay_data=b"<gone>\n",
    )
    return Frozen.of(msgspec.structs.replace(record, **changes), data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "frozen"


def _saved(folder: Path, frozen: Frozen, key: str = _KEY) -> None:
    with FrozenStore(folder).held(key) as slot:
        slot.save(frozen)


def _loaded(folder: Path, key: str = _KEY) -> Frozen | None:
    with FrozenStore(folder).held(key) as slot:
        return slot.load()


def test_what_is_saved_is_loaded(folder: Path) -> None:
    assert _loaded(folder) is None
    _saved(folder, _frozen())
    assert _loaded(folder) == _frozen()
    assert _loaded(folder, "b" * 32) is None


def test_a_base_of_many_pieces_is_saved_whole(folder: Path) -> None:
    files = bytes(range(256)) * 20
    whole = _frozen(files)
    pieces = (b"rules\n", *(files[at : at + 1] for at in range(len(files))))
    _saved(folder, Frozen(whole.record, pieces))
    assert _loaded(folder) == whole


def test_a_frozen_base_counts_its_tokens() -> None:
    frozen = _frozen()
    assert frozen.tokens == 2 + 5 + 4
    assert frozen.record.frame == Frame("file-2", 8)
    assert [entry.name for entry in frozen.entries] == ["app/\udcff.py", "app/a"]


def test_without_a_folder_nothing_is_kept() -> None:
    with FrozenStore().held(_KEY) as slot:
        slot.save(_frozen())
        assert slot.load() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"version": RECORD_VERSION + 1},
        {"rules_size": 5},
        {"base": ()},
        {"base_sha256": "0" * 64},
        {"overlay": ()},
        {"overlay_data": b""},
    ],
)
def test_a_record_that_does_not_fit_its_bytes_is_not_sound(
    folder: Path, changes: dict[str, Any]
) -> None:
    frozen = _frozen(**changes)
    assert is_sound(_frozen().record, _frozen().data)
    assert not is_sound(frozen.record, frozen.data)
    _saved(folder, frozen)
    assert _loaded(folder) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.sampled_from(["*.record", "*.base"]), where=st.floats(0, 1), flip=st.integers(0, 255)
)
def test_what_is_damaged_was_never_kept(folder: Path, which: str, where: float, flip: int) -> None:
    _saved(folder, _frozen())
    (file,) = folder.glob(which)
    data = bytearray(file.read_bytes())
    place = min(int(where * len(data)), len(data) - 1)
    if flip:
        data[place] ^= flip
    else:
        del data[place:]
    file.write_bytes(data)
    assert _loaded(folder) is None
    _saved(folder, _frozen())
    assert _loaded(folder) == _frozen()


@pytest.mark.parametrize("which", ["*.record", "*.base"])
def test_what_was_removed_was_never_kept(folder: Path, which: str) -> None:
    _saved(folder, _frozen())
    for file in folder.glob(which):
        file.unlink()
    assert _loaded(folder) is None


def test_an_overlay_leaves_the_base_where_it_is(folder: Path) -> None:
    _saved(folder, _frozen(overlay=(), overlay_data=b""))
    (base,) = folder.glob("*.base")
    before = base.stat()
    _saved(folder, _frozen())
    (base,) = folder.glob("*.base")
    assert (base.stat().st_ino, base.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not list(folder.glob(".part.*"))


def test_what_a_base_replaced_stays_for_a_day(folder: Path) -> None:
    _saved(folder, _frozen(b"first\n"))
    (first,) = folder.glob("*.base")
    _saved(folder, _frozen(b"second\n"))
    assert first.is_file()
    os.utime(first, ns=(0, first.stat().st_mtime_ns - 2 * 86_400 * 10**9))
    _saved(folder, _frozen(b"third\n"))
    assert not first.is_file()
    assert _loaded(folder) == _frozen(b"third\n")


def test_no_more_than_64_records_are_kept(folder: Path) -> None:
    for number in range(70):
        _saved(folder, _frozen(b"%d\n" % number), f"{number:032d}")
        for file in folder.glob("*.record"):
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 10**9))
    there = [number for number in range(70) if _loaded(folder, f"{number:032d}")]
    assert there == list(range(6, 70))


def test_what_is_used_stays_longer_than_what_is_not(folder: Path) -> None:
    for number in range(64):
        _saved(folder, _frozen(b"%d\n" % number), f"{number:032d}")
        for file in folder.glob("*.record"):
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 10**9))
    assert _loaded(folder, f"{0:032d}")
    _saved(folder, _frozen(b"64\n"), f"{64:032d}")
    assert _loaded(folder, f"{0:032d}")
    assert _loaded(folder, f"{1:032d}") is None


@pytest.fixture
def shut(folder: Path) -> Iterator[Path]:
    """Put a file where the folder should be."""
    folder.write_text("no folder")
    yield folder
    assert folder.read_text() == "no folder"


def test_where_there_can_be_no_folder_nothing_is_kept(shut: Path) -> None:
    _saved(shut, _frozen())
    assert _loaded(shut) is None


def test_a_folder_in_the_place_of_a_record_is_no_record(folder: Path) -> None:
    (folder / f"{_KEY}.record").mkdir(parents=True)
    _saved(folder, _frozen())
    assert _loaded(folder) is None


def test_one_holds_a_base_and_the_other_waits_for_it(folder: Path) -> None:
    found: list[Frozen | None] = []
    with FrozenStore(folder).held(_KEY) as slot:
        other = threading.Thread(target=lambda: found.append(_loaded(folder)))
        other.start()
        slot.save(_frozen())
    other.join()
    assert found == [_frozen()]


def test_what_fails_while_a_base_is_held_is_not_hidden(folder: Path) -> None:
    with pytest.raises(PermissionError), FrozenStore(folder).held(_KEY):
        raise PermissionError
    assert _loaded(folder) is None
