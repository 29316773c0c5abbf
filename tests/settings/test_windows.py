from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from copilot.settings.windows import (
    Effective,
    effective_length,
    forget_effective,
    found_window,
    keep_effective,
    keep_window,
)


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


def test_measured_lengths_and_found_windows_are_kept_apart(tmp_path: Path) -> None:
    file = tmp_path / "windows.json"
    keep_window(file, "a", 4000)
    keep_effective(file, "a", Effective("ruler", 8000, 7900, 16000))
    keep_window(file, "b", 2000)
    assert (found_window(file, "a"), found_window(file, "b")) == (4000, 2000)
    assert effective_length(file, "a") == Effective("ruler", 8000, 7900, 16000)
    assert effective_length(file, "b") is None


def test_the_shortest_of_several_suites_counts_and_each_is_kept_anew(tmp_path: Path) -> None:
    file = tmp_path / "windows.json"
    keep_effective(file, "a", Effective("ruler", 8000, 7900, 16000))
    keep_effective(file, "a", Effective("edits", 4000, 3500, 8000))
    shortest = effective_length(file, "a")
    assert shortest is not None
    assert shortest.suite == "edits"
    keep_effective(file, "a", Effective("edits", 16000, 15500, 32000))
    shortest = effective_length(file, "a")
    assert shortest is not None
    assert (shortest.suite, shortest.room) == ("ruler", 7900)


def test_a_length_is_forgotten_where_the_one_that_failed_does_well(tmp_path: Path) -> None:
    file = tmp_path / "windows.json"
    keep_effective(file, "a", Effective("ruler", 8000, 7900, 16000))
    assert not forget_effective(file, "a", "ruler", 8000)
    assert not forget_effective(file, "a", "needle", 64000)
    assert not forget_effective(file, "b", "ruler", 64000)
    assert effective_length(file, "a") is not None
    assert forget_effective(file, "a", "ruler", 16000)
    assert effective_length(file, "a") is None


@pytest.mark.parametrize(
    "data",
    [
        b'{"effective": 5}',
        b'{"effective": {"a": []}}',
        b'{"effective": {"a": {"ruler": 7}}}',
        b'{"effective": {"a": {"ruler": {"tokens": 1, "room": "x", "fails_at": 2}}}}',
        b'{"effective": {"a": {"ruler": {"tokens": 1, "room": -1, "fails_at": 2}}}}',
    ],
)
def test_a_damaged_measurement_says_nothing(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "windows.json"
    file.write_bytes(data)
    assert effective_length(file, "a") is None
    keep_effective(file, "a", Effective("ruler", 8000, 7900, 16000))
    assert effective_length(file, "a") is not None


def test_what_is_kept_at_once_is_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "windows.json"
    names = [f"model {number}" for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: keep_window(file, name, 1000), names))
    assert [name for name in names if found_window(file, name) != 1000] == []
