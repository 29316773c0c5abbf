"""Files that a session writes."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from copilot.assist.session.new_file import write_new
from copilot.errors import UsageError


def test_a_new_file_has_the_text_byte_for_byte(tmp_path: Path) -> None:
    write_new(tmp_path / "a.md", "é\r\n\udcff")
    assert (tmp_path / "a.md").read_bytes() == "é\r\n\\udcff".encode()


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match=r"a\.py is there") as refused:
        write_new(tmp_path / "a.py", "talk")
    assert refused.value.hint == "choose another name"
    assert (tmp_path / "a.py").read_text() == "x = 1\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*none$") as refused:
        write_new(tmp_path / "none/a.md", "talk")
    assert "space" not in refused.value.hint


def test_a_file_that_cannot_be_written_whole_is_removed(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(UsageError, match=r"cannot write .*a\.md: File too large"):
            write_new(tmp_path / "a.md", "talk" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        write_new(tmp_path / "a\0b", "talk")
