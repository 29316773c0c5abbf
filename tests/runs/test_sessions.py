"""Sessions on disk: appended to, locked, mended, forked and removed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.session.record import PIECE_BEGINS, piece
from copilot.errors import UsageError
from copilot.runs.sessions import (
    create_session,
    find_session,
    fork_session,
    list_sessions,
    open_session,
    read_session,
    remove_session,
)

# Another process that opens a session, tells so, and appends to it until it is killed.
_OTHER = """
import sys
from pathlib import Path
from copilot.runs.sessions import open_session
file, _ = open_session(Path(sys.argv[1]), sys.argv[2])
number = 0
while True:
    number += 1
    file.append({"type": "said", "number": number})
    print(number, flush=True)
"""


def _events(folder: Path, name: str) -> list[dict[str, Any]]:
    return list(read_session(folder, name).events)


def test_events_come_back_as_they_were_appended(tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    file = create_session(folder, {"roots": ["a=/a"]})
    file.append({"+": "\x1b[31m \u202e \ud800 é\n"})
    file.append({"type": "end"}, safe=True)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.path.stat().st_mode & 0o777 == 0o600
    about, piece, end = _events(folder, file.id)
    assert (about["type"], about["roots"]) == ("session", ["a=/a"])
    assert piece == {"+": "\x1b[31m \u202e \ud800 é\n"}
    assert end == {"type": "end"}
    file.close()


def test_a_cut_last_line_is_passed_over_and_stays_apart(tmp_path: Path) -> None:
    file = create_session(tmp_path, {})
    file.append({"type": "said", "text": "whole"})
    file.close()
    data = file.path.read_bytes()
    for cut in range(1, len(data)):
        file.path.write_bytes(data[:cut])
        lines = data[:cut].split(b"\n")[:-1]
        again, events = open_session(tmp_path, file.id)
        assert list(events) == [json.loads(line) for line in lines]
        again.append({"type": "end"})
        again.close()
        assert _events(tmp_path, file.id)[-1] == {"type": "end"}
        assert len(_events(tmp_path, file.id)) >= len(lines) + 1


def test_what_is_no_event_is_passed_over(tmp_path: Path) -> None:
    file = create_session(tmp_path, {})
    file.close()
    with file.path.open("ab") as stream:
        stream.write(b"[1]\n\xff\n{}\n" + b"[" * 100_000 + b"\n" + b'{"type": "end"}\n')
    assert _events(tmp_path, file.id)[1:] == [{}, {"type": "end"}]


def test_one_session_is_open_once(tmp_path: Path) -> None:
    file = create_session(tmp_path, {})
    with pytest.raises(UsageError, match="open in another copilot"):
        open_session(tmp_path, file.id)
    with pytest.raises(UsageError, match="open in another copilot"):
        remove_session(tmp_path, file.id)
    assert read_session(tmp_path, file.id).is_open
    file.close()
    assert not read_session(tmp_path, file.id).is_open
    remove_session(tmp_path, file.id)
    with pytest.raises(UsageError, match="there is no session"):
        read_session(tmp_path, file.id)


def test_all_that_another_process_told_is_there_after_a_kill(tmp_path: Path) -> None:
    file = create_session(tmp_path, {})
    file.close()
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER, str(tmp_path), file.id], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        told = b""
        while told.count(b"\n") < 200:
            told += os.read(other.stdout.fileno(), 4096)
        with pytest.raises(UsageError, match="open in another copilot"):
            open_session(tmp_path, file.id)
        other.send_signal(signal.SIGKILL)
        told += other.stdout.read()
    last = int(told.rpartition(b"\n")[0].rpartition(b"\n")[2])
    again, events = open_session(tmp_path, file.id)
    assert [event["number"] for event in events[1:]][:last] == list(range(1, last + 1))
    again.close()


def test_sessions_are_found_by_a_part_of_their_id(tmp_path: Path) -> None:
    files = [create_session(tmp_path, {}) for _ in range(2)]
    for file in files:
        file.close()
    one, two = sorted(file.id for file in files)
    assert find_session(tmp_path, one) == one
    assert find_session(tmp_path, two[-6:]) == two
    with pytest.raises(UsageError, match="2 sessions have"):
        find_session(tmp_path, one[:8])
    for wanted in ("", "nothing", "../x"):
        with pytest.raises(UsageError, match="there is no session"):
            find_session(tmp_path, wanted)
    (tmp_path / "strange.jsonl").write_text("{}\n")
    assert {stored.id for stored in list_sessions(tmp_path)} == {one, two}
    assert list(list_sessions(tmp_path / "none")) == []


def test_a_list_leaves_pieces_of_answers_out(tmp_path: Path) -> None:
    file = create_session(tmp_path, {})
    file.append(piece("text"))
    file.append({"type": "end"})
    (stored,) = list_sessions(tmp_path, without=PIECE_BEGINS)
    assert [event["type"] for event in stored.events] == ["session", "end"]
    assert len(read_session(tmp_path, file.id).events) == 3
    file.close()


def test_a_fork_holds_what_is_kept_of_another(tmp_path: Path) -> None:
    file = create_session(tmp_path, {"roots": []})
    for number in range(4):
        file.append({"type": "said", "number": number})
    fork = fork_session(tmp_path, file.id, {"roots": ["b=/b"]}, lambda events: events[:3])
    about, *said = _events(tmp_path, fork.id)
    assert (about["forked_from"], about["roots"]) == (file.id, ["b=/b"])
    assert [event["number"] for event in said] == [0, 1]
    fork.close()
    file.close()


def test_a_folder_that_refuses_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot use the session file"):
        create_session(tmp_path / "file", {})
