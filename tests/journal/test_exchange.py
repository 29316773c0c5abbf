from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot.journal.exchange import exchange, move


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def _files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.skipif(sys.platform != "linux", reason="a system call of Linux")
def test_two_files_exchange_their_names(folder: int, tmp_path: Path) -> None:
    assert exchange(folder, "a", "b")
    assert _files(tmp_path) == {"a": "b", "b": "a"}


def test_exchange_with_nothing_changes_nothing(folder: int, tmp_path: Path) -> None:
    if sys.platform == "linux":
        with pytest.raises(FileNotFoundError):
            exchange(folder, "a", "c")
    assert _files(tmp_path) == {"a": "a", "b": "b"}


def test_file_moves_where_none_is_and_never_over_one(folder: int, tmp_path: Path) -> None:
    move(folder, "a", "c")
    assert _files(tmp_path) == {"c": "a", "b": "b"}
    with pytest.raises(FileExistsError):
        move(folder, "c", "b")
    assert _files(tmp_path) == {"c": "a", "b": "b"}


def test_link_is_moved_and_not_followed(folder: int, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a")
    move(folder, "link", "moved")
    assert (tmp_path / "moved").is_symlink()


def test_event_is_that_of_a_rename(folder: int) -> None:
    seen = []
    sys.addaudithook(lambda event, args: seen.append(args[:2]) if event == "os.rename" else None)
    move(folder, "a", "c")
    assert ("a", "c") in seen
