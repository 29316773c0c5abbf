from __future__ import annotations

from pathlib import Path

import pytest

from copilot.settings.windows import found_window, keep_window


def test_what_is_kept_is_found_under_its_name(tmp_path: Path) -> None:
    file = tmp_path / "state" / "windows.json"
    assert found_window(file, "a") is None
    keep_window(file, "a", 1000)
    keep_window(file, "b", 2000)
    keep_window(file, "a", 900)
    assert (found_window(file, "a"), found_window(file, "b")) == (900, 2000)
    assert [path.name for path in file.parent.iterdir()] == ["windows.json"]


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"a": "x"}', b'{"a": -1}', b"[" * 100_000])
def test_a_damaged_file_says_nothing_and_is_written_anew(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "windows.json"
    file.write_bytes(data)
    assert found_window(file, "a") is None
    keep_window(file, "a", 5)
    assert found_window(file, "a") == 5


def test_a_folder_that_refuses_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    keep_window(tmp_path / "state" / "windows.json", "a", 5)
    assert found_window(tmp_path / "state" / "windows.json", "a") is None
