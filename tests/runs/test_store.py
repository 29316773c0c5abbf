from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.runs.store import SCHEMA_VERSION, Run, list_runs, record_run

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
)

_RECORD = """
import sys
from pathlib import Path
from copilot.runs.store import Run, record_run
for number in range(20):
    record_run(Path(sys.argv[1]), Run(
        "2026", "ask", f"{sys.argv[2]}-{number}", "", "", "", 1, None, None, 0.0, "answered"))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runs.sqlite3"


def test_a_run_comes_back_as_it_was(file: Path) -> None:
    record_run(file, RUN)
    assert list_runs(file) == (RUN,)


def test_what_the_server_did_not_tell_stays_unknown(file: Path) -> None:
    run = replace(RUN, reply_tokens=None, cached_tokens=None)
    record_run(file, run)
    assert list_runs(file) == (run,)


def test_the_newest_come_first_and_not_more_than_asked_for(file: Path) -> None:
    for number in range(30):
        record_run(file, replace(RUN, prompt_tokens=number))
    assert [run.prompt_tokens for run in list_runs(file, 3)] == [29, 28, 27]
    assert len(list_runs(file)) == 20


def test_without_a_file_there_are_no_runs_and_none_is_made(file: Path) -> None:
    assert list_runs(file) == ()
    assert not file.parent.exists()


def test_only_the_user_may_look_into_a_new_folder(file: Path) -> None:
    record_run(file, RUN)
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_many_processes_record_at_once(file: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", _RECORD, str(file), str(child)])
        for child in range(6)
    ]
    assert [child.wait(timeout=120) for child in children] == [0] * 6
    runs = list_runs(file, 1000)
    assert {run.task for run in runs} == {f"{c}-{n}" for c in range(6) for n in range(20)}
    assert len(runs) == 120
    for child in range(6):
        own = [run.task for run in reversed(runs) if run.task.startswith(f"{child}-")]
        assert own == [f"{child}-{number}" for number in range(20)]


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


def test_a_file_of_the_first_version_is_brought_to_ours(file: Path) -> None:
    record_run(file, RUN)
    with closing(sqlite3.connect(file)) as database:
        database.execute("ALTER TABLE runs DROP COLUMN read_only")
        database.execute("PRAGMA user_version = 1")
    assert list_runs(file) == (replace(RUN, read_only=""),)
    record_run(file, RUN)
    assert list_runs(file) == (RUN, replace(RUN, read_only=""))


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
