from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.runs.store import (
    KEPT_MANIFESTS,
    SCHEMA_VERSION,
    Run,
    list_runs,
    read_manifest,
    read_run,
    record_run,
)

RUN = Run(
    started="2026-11-21T12:00:00+00:00",
    command="edit",
    task="add a 'test'; DROP TABLE runs --\n日本",
    roots="api=/src/api",
    model="qwen",
    prompt_sha256="0" * 64,
    prompt_tokens=1234,
    reply_tokens=56,
    cached_tokens=0,
    seconds=1.25,
    outcome="applied",
    read_only="lib=https://example.com/lib.git@" + "1" * 40,
    mode="rank",
    asked_tokens=1230,
    expected_cached_tokens=1000,
    first_token_seconds=0.5,
    cost=0.015,
    currency="EUR",
    cache_written_tokens=200,
)
MANIFEST = {"version": 1, "files": [{"path": "a\udcff.py", "tokens": 3}] * 5, "model": None}

_RECORD = """
import sys
from pathlib import Path
from copilot.runs.store import Run, record_run
for number in range(20):
    name = f"{sys.argv[2]}-{number}"
    run = Run("2026", "ask", name, "", "", "", 1, None, None, 0.0, "answered")
    record_run(Path(sys.argv[1]), run, {"name": name})
"""
# The tables of the versions before ours, as they stand in users' files.
_OLD_COLUMNS = (
    "id INTEGER PRIMARY KEY, started NOT NULL, command NOT NULL, task NOT NULL, roots NOT NULL,"
    " model NOT NULL, prompt_sha256 NOT NULL, prompt_tokens, reply_tokens, cached_tokens,"
    " seconds NOT NULL, outcome NOT NULL"
)
_OLD_TABLES = {
    1: f"CREATE TABLE runs ({_OLD_COLUMNS})",
    2: f"CREATE TABLE runs ({_OLD_COLUMNS}, read_only NOT NULL)",
    3: f"CREATE TABLE runs ({_OLD_COLUMNS}, read_only NOT NULL, mode NOT NULL, asked_tokens,"
    " expected_cached_tokens, first_token_seconds, cost, currency NOT NULL)",
}
_OLD_MANIFESTS = "CREATE TABLE manifests (run INTEGER PRIMARY KEY, document BLOB NOT NULL)"
_OLD_ROW = ("2026", "ask", "old", "a=/a", "qwen", "0" * 64, 10, None, 3, 1.5, "answered")
_OLD_RUNS = {
    1: Run(*_OLD_ROW),
    2: Run(*_OLD_ROW, "lib=x@1"),
    3: Run(*_OLD_ROW, "lib=x@1", "rank", 11, 4, 0.5, 0.25, "EUR"),
}


def _make_old(file: Path, version: int) -> None:
    row: Sequence[str | float | None] = astuple(_OLD_RUNS[version])[: [11, 12, 18][version - 1]]
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(_OLD_TABLES[version])
        if version > 2:
            database.execute(_OLD_MANIFESTS)
        blanks = ", ".join("?" * len(row))
        database.execute(f"INSERT INTO runs VALUES (1, {blanks})", row)  # noqa: S608
        database.execute(f"PRAGMA user_version = {version}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runs.sqlite3"


def test_a_run_comes_back_as_it_was(file: Path) -> None:
    record_run(file, RUN)
    assert list_runs(file) == (RUN,)


def test_what_the_server_did_not_tell_stays_unknown(file: Path) -> None:
    run = replace(RUN, reply_tokens=None, cached_tokens=None, first_token_seconds=None, cost=None)
    record_run(file, run)
    assert list_runs(file) == (run,)


def test_the_newest_come_first_and_not_more_than_asked_for(file: Path) -> None:
    for number in range(30):
        record_run(file, replace(RUN, prompt_tokens=number))
    assert [run.prompt_tokens for run in list_runs(file, 3)] == [29, 28, 27]
    assert len(list_runs(file)) == 20


def test_those_before_a_moment_are_left_out(file: Path) -> None:
    for started in ("2026-11-20T23:59:59+00:00", "2026-11-21T00:00:00+00:00"):
        record_run(file, replace(RUN, started=started))
    assert [run.id for run in list_runs(file, since="2026-11-21")] == [2]
    assert list_runs(file, since="2026-11-22") == ()


def test_without_a_file_there_are_no_runs_and_none_is_made(file: Path) -> None:
    assert (list_runs(file), read_run(file, 1), read_manifest(file, 1)) == ((), None, None)
    assert not file.parent.exists()


def test_only_the_user_may_look_into_a_new_folder(file: Path) -> None:
    record_run(file, RUN)
    assert file.parent.stat().st_mode & 0o777 == 0o700


def _run_children(file: Path, count: int) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", _RECORD, str(file), str(child)])
        for child in range(count)
    ]
    assert [child.wait(timeout=120) for child in children] == [0] * count


def test_many_processes_record_at_once(file: Path) -> None:
    _run_children(file, 6)
    runs = list_runs(file, 1000)
    assert {run.task for run in runs} == {f"{c}-{n}" for c in range(6) for n in range(20)}
    assert len(runs) == 120
    for child in range(6):
        own = [run.task for run in reversed(runs) if run.task.startswith(f"{child}-")]
        assert own == [f"{child}-{number}" for number in range(20)]
    kept = [read_manifest(file, run.id) for run in runs]
    assert kept == [{"name": run.task} for run in runs[:KEPT_MANIFESTS]] + [None] * 70


@pytest.mark.parametrize("version", _OLD_TABLES)
def test_processes_bring_an_old_file_to_ours_at_once(file: Path, version: int) -> None:
    _make_old(file, version)
    _run_children(file, 4)
    runs = list_runs(file, 1000)
    assert len(runs) == 81
    assert {run.task for run in runs} == {"old"} | {f"{c}-{n}" for c in range(4) for n in range(20)}


@pytest.mark.parametrize("version", _OLD_TABLES)
def test_the_runs_of_an_old_file_stay_as_they_were(file: Path, version: int) -> None:
    _make_old(file, version)
    old = _OLD_RUNS[version]
    assert list_runs(file) == (old,)
    assert read_manifest(file, 1) is None
    assert record_run(file, RUN, MANIFEST) == 2
    assert list_runs(file) == (RUN, old)
    assert read_manifest(file, 2) == MANIFEST


def test_a_run_is_found_by_its_id(file: Path) -> None:
    numbers = [record_run(file, replace(RUN, task=f"task {number}")) for number in range(3)]
    assert [run.id for run in list_runs(file)] == numbers[::-1]
    found = read_run(file, numbers[1])
    assert found is not None
    assert (found.task, found.id) == ("task 1", numbers[1])
    assert (read_run(file, 99), read_run(file, 2**64), read_manifest(file, 2**64)) == (None,) * 3


def test_runs_are_found_by_model_and_by_their_tasks_words(file: Path) -> None:
    tasks = ["Add a test", "remove 100% of it", "add another"]
    for task in tasks:
        record_run(file, replace(RUN, task=task))
        record_run(file, replace(RUN, task=task, model="other"))
    assert [run.task for run in list_runs(file, model="other")] == tasks[::-1]
    assert [run.task for run in list_runs(file, model="other", task="ADD")] == [tasks[2], tasks[0]]
    assert [run.task for run in list_runs(file, 1, task="0% of")] == [tasks[1]]
    assert list_runs(file, task="_") == ()


def test_a_manifest_comes_back_as_it_was(file: Path) -> None:
    with_one, without = record_run(file, RUN, MANIFEST), record_run(file, RUN)
    assert read_manifest(file, with_one) == MANIFEST
    assert (read_manifest(file, without), read_manifest(file, 99)) == (None, None)


def test_manifests_of_old_runs_are_dropped_and_their_rows_stay(file: Path) -> None:
    for number in range(KEPT_MANIFESTS + 3):
        record_run(file, RUN, {"number": number})
        record_run(file, RUN)
    runs = list_runs(file, 1000)
    kept = [one["number"] for run in runs if (one := read_manifest(file, run.id)) is not None]
    assert kept == list(range(3, KEPT_MANIFESTS + 3))[::-1]
    assert len(runs) == 2 * (KEPT_MANIFESTS + 3)


def test_the_bytes_of_manifests_are_bounded(file: Path) -> None:
    for number in range(40):
        noise = os.urandom(10_000).hex()
        record_run(file, RUN, {"number": number, "noise": noise}, kept_bytes=100_000)
    kept = [one["number"] for n in range(1, 41) if (one := read_manifest(file, n)) is not None]
    # A manifest takes between 10,000 bytes of noise and its 20,000 digits.
    assert 5 <= len(kept) <= 10
    assert kept == list(range(40 - len(kept), 40))
    assert file.stat().st_size < 250_000


def test_a_manifest_that_is_too_large_is_not_kept(file: Path) -> None:
    number = record_run(file, RUN, {"noise": os.urandom(1000).hex()}, kept_bytes=100)
    assert read_manifest(file, number) is None
    assert list_runs(file) == (RUN,)


@pytest.mark.parametrize("data", [b"", b"no zlib", b"\x78\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_damaged_manifest_is_refused(file: Path, data: bytes) -> None:
    number = record_run(file, RUN, MANIFEST)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE manifests SET document = ?", (data,))
    with pytest.raises(UsageError, match=f"the manifest of run {number} is damaged"):
        read_manifest(file, number)


@pytest.mark.parametrize("data", [b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_file_is_refused_and_stays(file: Path, data: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(data)
    for attempt in (lambda: record_run(file, RUN), lambda: list_runs(file)):
        with pytest.raises(UsageError, match="cannot use the runs file") as caught:
            attempt()
        assert str(file) in caught.value.message
    assert file.read_bytes() == data


def test_a_file_damaged_in_its_middle_is_refused(file: Path) -> None:
    for _ in range(50):
        record_run(file, replace(RUN, task="word " * 500))
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    file.write_bytes(data)
    with pytest.raises(UsageError, match="cannot use the runs file"):
        list_runs(file)


def test_a_file_of_another_version_is_refused_and_stays(file: Path) -> None:
    record_run(file, RUN)
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = file.read_bytes()
    with pytest.raises(UsageError, match=f"has version {SCHEMA_VERSION + 1}"):
        record_run(file, RUN)
    assert file.read_bytes() == before


def test_a_table_that_is_missing_is_refused(file: Path) -> None:
    record_run(file, RUN)
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE runs")
    with pytest.raises(UsageError, match="no such table"):
        list_runs(file)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot use the runs file"):
        record_run(tmp_path / "file" / "runs.sqlite3", RUN)


def test_nobody_else_can_read_the_runs(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o644)
    record_run(file, RUN)
    assert file.stat().st_mode & 0o777 == 0o600
