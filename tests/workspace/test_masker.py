from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from copilot.errors import UsageError, WriteFailed
from copilot.workspace.masker import Masker
from copilot.workspace.masks.placeholders import unmask_text

TEXT = 'DB_PASSWORD = "' + "hunter2" + '-Real!"\nHOST = "db.example.com"\n'


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "masks.key"


def _placeholder(key_file: Path) -> str:
    (mask,) = Masker(key_file).masked("settings.py", TEXT)[1]
    return mask.placeholder


def test_a_value_has_the_same_placeholder_in_every_run(key_file: Path) -> None:
    assert _placeholder(key_file) == _placeholder(key_file)


def test_another_user_has_another(key_file: Path, tmp_path: Path) -> None:
    assert _placeholder(key_file) != _placeholder(tmp_path / "other.key")


def test_the_key_is_the_users_alone(key_file: Path) -> None:
    _placeholder(key_file)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert [file.name for file in key_file.parent.iterdir()] == ["masks.key"]


def test_no_key_is_made_where_there_is_no_secret(key_file: Path) -> None:
    assert Masker(key_file).masked("a.py", "x = 1\n") == ("x = 1\n", ())
    assert not key_file.exists()


def test_processes_that_begin_at_once_have_one_key(key_file: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert len(set(pool.map(_placeholder, [key_file] * 6))) == 1


def test_the_mask_can_be_taken_off(key_file: Path) -> None:
    masker = Masker(key_file)
    masked, masks = masker.masked("settings.py", TEXT)
    assert unmask_text(masked, masks) == TEXT
    assert "hunter2" not in masked


@pytest.mark.parametrize("contents", [b"", b"short"])
def test_a_broken_key_is_an_error_with_the_way_out(key_file: Path, contents: bytes) -> None:
    key_file.parent.mkdir()
    key_file.write_bytes(contents)
    with pytest.raises(UsageError, match=r"masks.key is no key") as raised:
        _placeholder(key_file)
    assert "remove it" in raised.value.hint


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteFailed, match="cannot keep the key"):
        _placeholder(tmp_path / "file" / "masks.key")
