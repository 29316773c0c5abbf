from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks import edits
from benchmarks.edits_between import Between, between, exchange
from benchmarks.edits_table import comparable, kinds_table, summaries, table, wilson
from benchmarks.edits_tasks import Task, all_tasks
from benchmarks.edits_ways import Row, Tools, aider_says, as_line, do_task, rows_in

_REPLY_TOKENS = 500


class _Model:
    """A server that lists one model as llama.cpp does, and gives one answer after another."""

    def __init__(self) -> None:
        self.url = ""
        self.replies: list[str] = []
        self.asked: list[dict[str, Any]] = []

    def answer(self) -> bytes:
        usage = {"prompt_tokens": 30, "completion_tokens": 20}
        choice = {"index": 0, "delta": {"content": self.replies.pop(0)}, "finish_reason": "stop"}
        return f"data: {json.dumps({'choices': [choice], 'usage': usage})}\n\n".encode()


@pytest.fixture
def model() -> Iterator[_Model]:
    served = _Model()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listed = {"data": [{"id": "small", "owned_by": "llamacpp", "meta": {"n_ctx": 8192}}]}
            self._send("application/json", json.dumps(listed).encode())

        def do_POST(self) -> None:
            served.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self._send("text/event-stream", served.answer() + b"data: [DONE]\n\n")

        def _send(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        server.shutdown()
        thread.join()


@pytest.fixture
def case(model: _Model) -> Iterator[Between]:
    with between(model.url, _REPLY_TOKENS) as found:
        yield found


@pytest.fixture
def task() -> Task:
    return next(task for task in all_tasks() if task.full_name == "demo/currency")


def _post(url: str, body: dict[str, Any]) -> bytes:
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    said = connection.getresponse().read()
    connection.close()
    return said


def test_all_requests_are_sent_on_the_same_terms(model: _Model, case: Between) -> None:
    model.replies = ["one", "two", "three"]
    case.begin()
    for tokens in (4000, 100):
        said = _post(case.url, {"max_tokens": tokens, "temperature": 1})
    assert said.endswith(b"data: [DONE]\n\n")
    case.begin()
    _post(case.url, {"grammar": "root ::= x"})
    assert [asked["temperature"] for asked in model.asked] == [0, 0, 0]
    assert [asked["max_tokens"] for asked in model.asked] == [_REPLY_TOKENS, 100, _REPLY_TOKENS]
    assert {asked["cache_prompt"] for asked in model.asked} == {True}
    assert model.asked[-1]["grammar"] == "root ::= x"
    assert [one.reply for one in case.asked()] == ["three"]


def test_an_answer_in_one_piece() -> None:
    choice = {"message": {"content": "hello"}, "finish_reason": "length"}
    usage = {"prompt_tokens": 7, "completion_tokens": 2}
    found = exchange(json.dumps({"choices": [choice], "usage": usage}).encode(), 1.5)
    assert (found.reply, found.reason, found.prompt_tokens, found.reply_tokens) == (
        *("hello", "length"),
        *(7, 2),
    )


def test_an_answer_that_is_an_error() -> None:
    assert exchange(b"<html>502</html>", 1.0).reply_tokens == 0


def test_a_task_done_by_copilot(model: _Model, case: Between, task: Task) -> None:
    model.replies = [task.reference]
    row = do_task(task, "copilot free", case, Tools(None, "small"))
    assert (row.parsed, row.applied, row.passed, row.outcome) == (True, True, True, "applied")
    assert (row.requests, row.prompt_tokens, row.reply_tokens) == (1, 30, 20)


def test_a_task_done_by_copilot_under_a_grammar(model: _Model, case: Between, task: Task) -> None:
    blocks = task.reference.replace("shop/prices.py", "app/shop/prices.py")
    model.replies = [blocks]
    row = do_task(task, "copilot constrained", case, Tools(None, "small"))
    assert (row.passed, row.requests) == (True, 1)
    assert all("grammar" in asked for asked in model.asked)


def test_a_model_that_sees_nothing_to_do(model: _Model, case: Between, task: Task) -> None:
    model.replies = ["END OF EDITS: 0 files, 0 blocks\n"]
    row = do_task(task, "copilot constrained", case, Tools(None, "small"))
    assert (row.applied, row.outcome, row.exit_code) == (False, "changes nothing", 0)


@pytest.mark.parametrize(
    ("change", "outcome", "parsed"),
    [
        (("// 100}", "// 1000}"), "no place", True),
        (("END OF EDITS", "THE END"), "no edits read", False),
        ((" CHF", " EUR"), "changes nothing", True),
    ],
)
def test_a_task_not_done_by_copilot(
    model: _Model, case: Between, task: Task, change: tuple[str, str], outcome: str, parsed: bool
) -> None:
    model.replies = [task.reference.replace(*change)]
    row = do_task(task, "copilot free", case, Tools(None, "small"))
    assert (row.parsed, row.applied, row.passed, row.outcome) == (parsed, False, False, outcome)


def test_a_task_that_is_done_wrong(model: _Model, case: Between, task: Task) -> None:
    model.replies = [task.reference.replace(" CHF", " USD")]
    row = do_task(task, "copilot free", case, Tools(None, "small"))
    assert (row.applied, row.passed) == (True, False)


def test_a_repair_is_counted(model: _Model, case: Between, task: Task) -> None:
    model.replies = [task.reference.replace("// 100}", "// 1000}"), task.reference]
    row = do_task(task, "copilot free with repairs", case, Tools(None, "small"))
    assert (row.passed, row.requests, row.reply_tokens) == (True, 2, 40)


def test_aider_is_run_in_the_folder(
    case: Between, task: Task, tmp_path: Path, model: _Model
) -> None:
    program = tmp_path / "aider"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "from pathlib import Path\n"
        "assert sys.argv[-1] in map(str, Path().rglob('*.py')), sys.argv\n"
        "file = Path('shop/prices.py')\n"
        "file.write_text(file.read_text().replace('EUR', 'CHF'))\n"
        "print('Applied edit to shop/prices.py')\n"
    )
    program.chmod(0o755)
    row = do_task(task, "aider whole", case, Tools(program, "small"))
    assert (row.parsed, row.applied, row.passed, row.requests) == (True, True, True, 0)


_WRITTEN = "Applied edit to a.py\n"
_LOST = "The LLM did not conform to the edit format.\n# 1 SEARCH/REPLACE block failed to match!\n"


@pytest.mark.parametrize(
    ("out", "parsed", "written"),
    [
        ("", False, False),
        (_WRITTEN, True, True),
        (_LOST, True, False),
        (_LOST + _WRITTEN, True, True),
        (_WRITTEN + _LOST, True, False),
        ("The LLM did not conform to the edit format.\nBad filename\n", False, False),
    ],
)
def test_what_aider_says(out: str, parsed: bool, written: bool) -> None:
    assert aider_says(out) == (parsed, written)


@pytest.mark.parametrize(
    ("hits", "tries", "interval"),
    # Of Newcombe's comparison of intervals (1998), and both ends.
    [(81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611)), (20, 20, (0.8389, 1.0)), (0, 0, (0, 1))],
)
def test_intervals(hits: int, tries: int, interval: tuple[float, float]) -> None:
    assert wilson(hits, tries) == pytest.approx(interval, abs=0.0001)


@pytest.fixture
def make_row() -> Callable[..., Row]:
    def make(task: str, way: str, *, passed: bool = True, model: str = "small") -> Row:
        return Row(
            *(task, "bug", way, model, True, True, passed, "applied", 1, 1000, 50, 2.0, 3.0),
            *(0, "reply", "said"),
        )

    return make


def _documents(*rows: Row) -> list[dict[str, Any]]:
    return rows_in("".join(map(as_line, rows)))


def test_only_tasks_done_in_all_ways_are_compared(make_row: Callable[..., Row]) -> None:
    rows = _documents(
        make_row("a", "free"),
        make_row("a", "held", passed=False),
        make_row("b", "free"),
        make_row("b", "free", model="other"),
    )
    kept = comparable(rows)
    assert [(row["model"], row["task"], row["way"]) for row in kept] == [
        ("small", "a", "free"),
        ("small", "a", "held"),
        ("other", "b", "free"),
    ]
    found = summaries(kept)
    assert [one["passed"]["hits"] for one in found] == [1, 0, 1]
    assert "| free | 1 | 100% (21% to 100%) |" in table(found)
    assert kinds_table(kept).splitlines()[-3:] == [
        "| small, free | 1 |",
        "| small, held | 0 |",
        "| other, free | 1 |",
    ]


def test_a_report_and_what_is_left_to_do(
    make_row: Callable[..., Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(as_line(make_row("a", "free")) + '{"task": "cut o')
    assert edits.main(["--rows", str(file), "--only-report"]) == 0
    printed = capsys.readouterr().out
    document = json.loads(printed[printed.index("\n{") :])
    assert [row["task"] for row in document["rows"]] == ["a"]
    assert "reply" not in document["rows"][0]
    assert file.read_text() == as_line(make_row("a", "free"))


def test_no_time_is_left(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    chosen = ["--models", "none", "--limit-minutes", "0", "--rows", str(rows)]
    assert edits.main(chosen) == 0
    assert not rows.exists()


def test_a_server_of_ones_own_is_asked(
    model: _Model, task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.replies = [task.reference]
    rows = tmp_path / "rows.jsonl"
    chosen = ["--models", "small", "--url", model.url, "--rows", str(rows)]
    ways = ["--ways", "copilot free", "--only", task.full_name]
    assert edits.main([*chosen, *ways]) == 0
    assert "| copilot free | 1 | 100%" in capsys.readouterr().out
    assert [row["model"] for row in rows_in(rows.read_text())] == ["small"]


def test_a_server_of_ones_own_has_one_model() -> None:
    with pytest.raises(SystemExit, match="one model"):
        edits.main(["--url", "http://127.0.0.1:1/v1"])
