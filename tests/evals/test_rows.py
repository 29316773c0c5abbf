"""Rows survive what a kill leaves of a file, and never another file's bytes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.errors import UsageError
from copilot.evals.model import Measure, Recipe, Score
from copilot.evals.rows import (
    Calibration,
    Counted,
    Identity,
    Row,
    RowFile,
    calibration_in,
    decode,
    encode,
    harmless,
    identity_of,
    numbered_row,
    read_rows,
    settled,
)

_MODEL = identity_of("mine", "big-1", "openai", "http://127.0.0.1:8080/v1")
_TEXTS = st.text().map(harmless)


def _row(index: int = 0, model: Identity = _MODEL, **about: object) -> Row:
    usual: dict[str, object] = {
        "recipe": Recipe("needle", "single", 4000, 3900, index, 42, "o200k_base", "abc", 0.25),
        "model": model,
        "prompt_sha256": "0" * 64,
        "haystack": "h",
        "positions": (17,),
        "references": ("4821937",),
        "forbidden": (),
        "measure": Measure.ALL,
        "reply_tokens": 128,
        "own_tokens": 3888,
        "calibration": Calibration(23, 1.3),
        "started": "2026-11-22T10:00:00.000+00:00",
        "answer": "It is 4821937.\nSure\u2028\r.",
        "finish": "stop",
        "score": Score(1.0, f1=1.0, exact=True, steps={"parsed": True}),
        "usage": Counted(5000, 9, 4000),
    }
    return Row(**{**usual, **about})  # type: ignore[arg-type]


@given(_TEXTS, _TEXTS, st.floats(0, 1), st.none() | st.floats(0, 1))
def test_a_row_is_one_line_and_read_as_it_was(
    answer: str, said: str, value: float, depth: float | None
) -> None:
    recipe = Recipe("ruler", "vt", 1000, 900, 3, -5, "qwen3", "s", depth, True, 16, question=2)
    row = _row(recipe=recipe, answer=answer, said=said, score=Score(value), error="refused")
    line = encode(row)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == row


def test_a_row_names_its_sample_at_the_top() -> None:
    document = json.loads(encode(_row()))
    assert list(document)[:4] == ["suite", "task", "tokens", "depth"]
    assert (document["suite"], document["task"]) == ("needle", "single")
    assert (document["tokens"], document["depth"]) == (4000, 0.25)
    assert document["recipe"]["room"] == 3900
    assert set(document["model"]) == {"name", "id", "provider", "base_url", "digest"}


def test_lone_surrogates_of_an_answer_can_be_kept() -> None:
    answer = harmless("half \ud83d of it")
    assert decode(encode(_row(answer=answer))).answer == answer == r"half \ud83d of it"


def test_an_identity_holds_no_credentials_and_tells_models_apart() -> None:
    url = "https://me:secret@example.org:8443/v1?key=secret#secret"
    identity = identity_of("m", "big", "openai", url)
    assert identity.base_url == "https://example.org:8443/v1"
    assert "secret" not in repr(identity)
    same = identity_of("another name", "big", "openai", "https://example.org:8443/v1")
    assert same.digest == identity.digest
    others = {
        identity_of("m", "big", "openai", "https://example.org/v1").digest,
        identity_of("m", "big", "anthropic", "https://example.org:8443/v1").digest,
        identity_of("m", "bigger", "openai", "https://example.org:8443/v1").digest,
    }
    assert len({identity.digest, *others}) == 4


def test_wherever_a_kill_cuts_the_whole_lines_are_taken_up(tmp_path: Path) -> None:
    rows = [_row(index) for index in range(3)]
    lines = [encode(row) for row in rows]
    data, last = b"".join(lines), len(b"".join(lines[:2]))
    path = tmp_path / "rows.jsonl"
    for cut in (*range(last, len(data), 7), len(data) - 1, len(data)):
        path.write_bytes(data[:cut])
        whole = 3 if cut == len(data) else 2
        assert read_rows(path) == rows[:whole]
        with RowFile(path) as file:
            assert file.rows == rows[:whole]
            for row in rows[whole:]:
                file.append(row)
        assert path.read_bytes() == data


_WRITER = """
import sys
from pathlib import Path
from copilot.evals.rows import RowFile, read_rows
source, target = map(Path, sys.argv[1:])
row = read_rows(source)[0]
with RowFile(target) as file:
    print("begun", flush=True)
    while True:
        file.append(row)
"""


def test_a_writer_killed_at_any_moment_leaves_rows(tmp_path: Path) -> None:
    source, target = tmp_path / "one.jsonl", tmp_path / "rows.jsonl"
    with RowFile(source) as file:
        file.append(_row(answer="x" * 20_000))
    for _ in range(3):
        before = len(read_rows(target)) if target.exists() else 0
        command = [sys.executable, "-c", _WRITER, str(source), str(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            while len(read_rows(target)) < before + 5:
                pass
            writer.send_signal(signal.SIGKILL)
        with RowFile(target) as file:
            assert len(file.rows) >= before + 5
            file.append(_row())
        assert target.read_bytes().endswith(b"\n")


def test_another_run_cannot_write_to_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with RowFile(path), pytest.raises(UsageError, match="another run writes to"):
        RowFile(path)
    with RowFile(path) as file:
        file.append(_row())


@pytest.mark.parametrize(
    "data", [b"a text without an end", b"# A text\n", b'{"suite": 5}\n', b"\xff\n", b'{"suitcase"']
)
def test_a_file_that_holds_something_else_is_left_alone(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(data)
    with pytest.raises(UsageError):
        RowFile(path)
    assert path.read_bytes() == data


def test_a_full_disk_leaves_whole_rows(tmp_path: Path) -> None:
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from copilot.errors import UsageError\n"
        "from copilot.evals.rows import RowFile, read_rows\n"
        "path = Path(sys.argv[1])\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with RowFile(path) as file:\n"
        "    row = file.rows[0]\n"
        "    size = path.stat().st_size\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size + size // 2, size * 9))\n"
        "    try:\n"
        "        file.append(row)\n"
        "    except UsageError as error:\n"
        "        print(error.message)\n"
    )
    path = tmp_path / "rows.jsonl"
    with RowFile(path) as file:
        file.append(_row())
    before = path.read_bytes()
    command = [sys.executable, "-c", script, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith("cannot write ")
    assert path.read_bytes() == before


def test_a_folder_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(UsageError, match="cannot write"):
        RowFile(tmp_path / "state" / "rows.jsonl")
    with pytest.raises(UsageError, match="cannot read"):
        read_rows(tmp_path / "none.jsonl")


def test_rows_are_only_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "evals" / "rows.jsonl"
    RowFile(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


def test_of_several_rows_for_a_sample_an_answer_counts() -> None:
    failed, right = _row(error="unreachable", score=None), _row()
    later = _row(error="refused", score=None)
    other = _row(1)
    assert settled([failed, right, other]) == [right, other]
    assert settled([right, later]) == [right]
    assert settled([failed, later]) == [later]
    assert len(settled([_row(), _row(model=identity_of("b", "b", "openai", ""))])) == 2


def test_rows_are_numbered_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with RowFile(path) as file:
        for index in range(3):
            file.append(_row(index))
    assert numbered_row(path, 2).recipe.index == 1
    for wrong in (0, 4, -1):
        with pytest.raises(UsageError, match="has no row"):
            numbered_row(path, wrong)


def test_a_calibration_is_that_of_the_same_model() -> None:
    assert calibration_in([_row()], _MODEL.digest) == Calibration(23, 1.3)
    assert calibration_in([_row()], "another") is None


def test_what_a_server_should_count_is_a_line() -> None:
    assert Calibration(23, 1.3).served(1000) == 1323
