from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.cache import Cache, key_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "facts.sqlite3"


def test_what_was_put_is_there_for_the_next_process(file: Path) -> None:
    with Cache(file) as cache:
        cache.put({b"a": b"1", b"b": b"2"})
        cache.put({b"a": b"3"})
    with Cache(file) as cache:
        assert cache.get([b"a", b"b", b"c"]) == {b"a": b"3", b"b": b"2"}


def test_many_keys_at_once(file: Path) -> None:
    values = {key_of(str(number)): b"%d" % number for number in range(1700)}
    with Cache(file) as cache:
        cache.put(values)
        assert cache.get(list(values)) == values


def test_without_a_file_nothing_is_kept() -> None:
    cache = Cache()
    cache.put({b"a": b"1"})
    assert cache.get([b"a"]) == {}


@given(st.lists(st.text(max_size=3), max_size=4), st.lists(st.text(max_size=3), max_size=4))
def test_no_two_lists_of_parts_have_one_key(one: list[str], other: list[str]) -> None:
    assert (key_of(*one) == key_of(*other)) == (one == other)


def test_a_name_that_is_no_utf8_has_a_key() -> None:
    assert key_of("\udcff") != key_of("\udcfe")


@pytest.mark.parametrize(
    "damage",
    [b"no database at all", b"SQLite format 3\0" + b"\xff" * 4096],
    ids=["no database", "a head alone"],
)
def test_a_damaged_file_is_made_anew(file: Path, damage: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(damage)
    with Cache(file) as cache:
        assert cache.get([b"a"]) == {}
        cache.put({b"a": b"1"})
        assert cache.get([b"a"]) == {b"a": b"1"}


def test_a_page_damaged_later_is_a_miss_and_then_gone(file: Path) -> None:
    values = {key_of(str(number)): bytes(200) for number in range(500)}
    with Cache(file) as cache:
        cache.put(values)
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xaa" * (len(whole) - 4096))
    with Cache(file) as cache:
        assert cache.get(list(values)) == {}
        cache.put(values)
        assert cache.get(list(values)) == values


@pytest.mark.parametrize("place", [0, 3, 4, 20])
def test_a_flipped_bit_is_a_miss(file: Path, place: int) -> None:
    with Cache(file) as cache:
        cache.put({b"a": b"twenty-one characters", b"b": b"2"})
    database = sqlite3.connect(file)
    with database:
        (value,) = database.execute("SELECT value FROM kept WHERE key = ?", (b"a",)).fetchone()
        flipped = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        database.execute("UPDATE kept SET value = ? WHERE key = ?", (flipped, b"a"))
    database.close()
    with Cache(file) as cache:
        assert cache.get([b"a", b"b"]) == {b"b": b"2"}


def test_another_versions_file_is_made_anew(file: Path) -> None:
    with Cache(file) as cache:
        cache.put({b"a": b"1"})
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with Cache(file) as cache:
        assert cache.get([b"a"]) == {}
        cache.put({b"a": b"2"})
    with Cache(file) as cache:
        assert cache.get([b"a"]) == {b"a": b"2"}


def test_a_locked_file_is_a_miss(file: Path) -> None:
    with Cache(file) as cache:
        cache.put({b"a": b"1"})
        other = sqlite3.connect(file)
        other.execute("BEGIN EXCLUSIVE")
        cache.put({b"b": b"2"})
        other.rollback()
        other.close()
        assert cache.get([b"a", b"b"]) == {b"a": b"1"}


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with Cache(tmp_path / "cache" / "facts.sqlite3") as cache:
        cache.put({b"a": b"1"})
        assert cache.get([b"a"]) == {}


def test_the_file_stays_within_its_bound_and_keeps_what_was_used_last(file: Path) -> None:
    bound = 400_000
    keys = [key_of(str(number)) for number in range(60)]
    with Cache(file, bound) as cache:
        cache.put(dict.fromkeys(keys, bytes(4000)))
    database = sqlite3.connect(file)
    with database:
        database.execute("UPDATE kept SET day = 1")
    database.close()
    with Cache(file, bound) as cache:
        used = cache.get(keys[:5])
        fresh = {key_of("fresh", str(number)): bytes(4000) for number in range(60)}
        cache.put(fresh)
        assert cache.get(list(used)) == used
        assert len(cache.get(keys)) < 60
    assert file.stat().st_size <= bound


def _work(file: Path, number: int) -> int:
    with Cache(file) as cache:
        for step in range(20):
            key = key_of(str(number), str(step))
            cache.put({key: bytes(100)})
            cache.get([key_of(str(other), str(step)) for other in range(4)])
        return len(cache.get([key_of(str(number), str(step)) for step in range(20)]))


def test_many_processes_share_it(file: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(_work, [(file, number) for number in range(3)])
    with sqlite3.connect(file) as database:
        (sound,) = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    assert sound == "ok"
    assert all(0 < count <= 20 for count in found)


def test_values_that_wait_are_there_at_once_and_kept_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "facts.sqlite3"
    with Cache(file) as cache, Cache(file) as other:
        cache.put({b"a": b"1"}, soon=False)
        assert cache.get([b"a", b"b"]) == {b"a": b"1"}
        assert other.get([b"a"]) == {}
        cache.put({b"b": b"2"})
        assert other.get([b"a", b"b"]) == {b"a": b"1", b"b": b"2"}
        cache.put({b"a": b"3"}, soon=False)
        assert cache.get([b"a"]) == {b"a": b"3"}
    with Cache(file) as cache:
        assert cache.get([b"a"]) == {b"a": b"3"}
