"""Ensembles as their settings make them, over real servers, a real repository, and its tests."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.best_of import Trial
from copilot.assist.check import CheckCommand
from copilot.assist.ensembles import (
    MemberModel,
    Shape,
    check_shape,
    open_ensemble,
    set_judge,
)
from copilot.assist.judge import judge_of
from copilot.assist.propose import Attempt, Ground, attempt, read_reply
from copilot.backends.ensembles.best_of import BestOf
from copilot.backends.ensembles.members import EnsembleUsage, Report
from copilot.backends.ensembles.mixture import Mixture, SelfMixture
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Delta, Finished, Message, Request
from copilot.errors import UsageError
from copilot.settings.config import ModelSettings
from copilot.workspace.roots import find_roots

REQUEST = Request((Message("system", "rules"), Message("user", "files\ntask")), 500)


def reply(returned: str) -> str:
    edit = (
        f"app/calc.py\n<<<<<<< SEARCH\n    return 0\n=======\n    {returned}\n>>>>>>> REPLACE\n\n"
    )
    return f"{edit}END OF EDITS: 1 file, 1 block\n"


class _Http(ThreadingHTTPServer):
    """Says `texts` one after another, the last for ever; holds each back until `hold` is set."""

    def __init__(self, texts: list[str], status: int, hold: threading.Event | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.texts, self.status, self.hold = texts, status, hold
        self.prompts: list[list[str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that has heard enough hangs up.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()

    def do_POST(self) -> None:
        http = self.server
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        http.prompts.append([message["content"] for message in body.get("messages", [])])
        text = http.texts.pop(0) if len(http.texts) > 1 else http.texts[0]
        if http.hold:
            http.hold.wait()
        self.send_response(http.status)
        self.end_headers()
        choice = {"delta": {"content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 50, "completion_tokens": 5}
        chunk = json.dumps({"choices": [choice], "usage": usage})
        self.wfile.write(f"data: {chunk}\n\n".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def serve() -> Iterator[Callable[..., _Http]]:
    """Start a server that says these texts."""
    with ExitStack() as stack:

        def start(*texts: str, status: int = 200, hold: threading.Event | None = None) -> _Http:
            return stack.enter_context(_running(_Http(list(texts), status, hold)))

        yield start


@contextmanager
def _running(http: _Http) -> Iterator[_Http]:
    with http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield http
        finally:
            if http.hold:
                http.hold.set()
            http.shutdown()
            thread.join()


def models(**servers: _Http) -> dict[str, MemberModel]:
    def one(name: str, url: str) -> MemberModel:
        settings = ModelSettings(base_url=url, model=name)
        return MemberModel(name, settings, lambda: OpenAIChat(url, name))

    return {name: one(name, server.url) for name, server in servers.items()}


def heard(backend: Mixture | BestOf) -> tuple[str, Finished]:
    *events, end = backend.ask(REQUEST)
    backend.close()
    assert isinstance(end, Finished)
    return "".join(event.text for event in events if isinstance(event, Delta)), end


@pytest.fixture
def ground(make_repository: Callable[..., Path], tmp_path: Path) -> Ground:
    test = "import unittest, calc\n\nclass T(unittest.TestCase):\n"
    test += "    def test_one(self): self.assertEqual(calc.one(), 1)\n"
    test += "    def test_positive(self): self.assertGreater(calc.one(), 0)\n"
    root = make_repository({"calc.py": "def one():\n    return 0\n", "test_calc.py": test}, "app")
    return Ground(find_roots([str(root)], tmp_path))


@pytest.fixture
def interpret(ground: Ground) -> Callable[[str], Attempt]:
    return lambda text: attempt(read_reply(text), ground)


def test_best_of_three_of_which_one_fails_and_one_is_slow(
    serve: Callable[..., _Http],
    ground: Ground,
    interpret: Callable[[str], Attempt],
    tmp_path: Path,
) -> None:
    hold = threading.Event()
    servers = {
        "good": serve(reply("return 2"), reply("return 1"), reply("return 3")),
        "bad": serve("", status=500),
        "slow": serve(reply("return 1"), hold=hold),
    }
    shape = Shape("best-of", tuple(servers), samples=3, quorum=2, deadline_seconds=60)
    reports: list[Report] = []
    rings: list[Callable[[], None]] = []

    def alarm(_seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
        rings.append(ring)
        return lambda: None

    def tell(report: Report) -> None:
        reports.append(report)
        # Three answers and three failures: only the slow ones are left.
        if len(reports) == 6:
            rings[0]()

    check_shape("best", shape)
    backend = open_ensemble(shape, models(**servers), tmp_path, tell, alarm)
    command = CheckCommand(f"{sys.executable} -B -m unittest -q")
    trial = Trial(ground.roots, command, os.environ)
    set_judge(backend, judge_of(interpret, trial, None, tell))
    text, end = heard(backend)
    hold.set()
    assert text == reply("return 1")
    (change,) = interpret(text).proposal().changes.changes
    assert change.after == b"def one():\n    return 1\n"
    assert isinstance(end.usage, EnsembleUsage)
    assert (end.usage.prompt, len(end.usage.calls)) == (150, 3)
    told = [(one.name.partition(" #")[0], one.outcome) for one in reports]
    assert sorted(told[:6]) == [("bad", "dropped")] * 3 + [("good", "answered")] * 3
    assert told[6:9] == [("slow", "dropped")] * 3
    judged = sorted((one.outcome, one.why) for one in reports[9:12])
    assert judged == [
        ("behind", "1 file changed, 1 test failed"),
        ("behind", "1 file changed, 1 test failed"),
        ("best", "1 file changed, the check passes"),
    ]
    assert told[12:] == [("good", "chosen")]


def test_level_candidates_go_to_the_aggregator(
    serve: Callable[..., _Http], ground: Ground, interpret: Callable[[str], Attempt], tmp_path: Path
) -> None:
    servers = {
        "a": serve(reply("return 1")),
        "b": serve(reply("return 3 - 2")),
        "last": serve("2"),
    }
    shape = Shape("best-of", ("a", "b"), aggregator="last")
    backend = open_ensemble(shape, models(**servers), tmp_path, lambda _report: None)
    trial = Trial(ground.roots, None, {})
    set_judge(backend, judge_of(interpret, trial, None, lambda _report: None))
    text, _ = heard(backend)
    assert text == reply("return 3 - 2")
    ((system, user),) = servers["last"].prompts
    assert system == "rules"
    assert user.startswith("files\ntask\n\n# Which change is best\n")
    assert user.index("+    return 1\n") < user.index("+    return 3 - 2\n")


def test_a_mixture_and_its_words(serve: Callable[..., _Http], tmp_path: Path) -> None:
    servers = {"a": serve("from a", "summed up"), "b": serve("from b")}
    backend = open_ensemble(Shape("mixture", ("a", "b")), models(**servers), tmp_path, print)
    text, _ = heard(backend)
    assert text == "summed up"
    system, user = servers["a"].prompts[1]
    assert system == "rules"
    assert user.startswith("files\ntask\n\n# Answers of others\n")
    assert "{{" not in user
    assert user.index("\nfrom a\n") < user.index("\nfrom b\n")


def test_own_words_take_the_place_of_ours(serve: Callable[..., _Http], tmp_path: Path) -> None:
    (tmp_path / "ensemble-answers.md").write_text("Mine: {{answers}}")
    server = serve("x")
    backend = open_ensemble(Shape("self", ("a",)), models(a=server), tmp_path, print)
    assert isinstance(backend, SelfMixture)
    heard(backend)
    assert len(server.prompts) == 4
    assert "Mine: <answer-" in server.prompts[-1][1]


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (Shape("medley", ("a",)), "no such ensemble"),
        (Shape("mixture", ()), "an ensemble needs members"),
        (Shape("mixture", ("a", "a")), "a member twice"),
        (Shape("self", ("a", "b")), "self asks one model several times"),
        (Shape("mixture", ("a", "b"), layers=1), "at least 2 layers"),
        (Shape("best-of", ("a", "b"), layers=3), "only a mixture has several layers"),
        (Shape("best-of", ("a", "b"), quorum=3), "a quorum above its 2 calls"),
        (Shape("self", ("a",), quorum=4), "a quorum above its 3 calls"),
        (Shape("mixture", ("a", "other")), "a member is an ensemble itself"),
        (Shape("best-of", ("a", "b"), "other"), "a member is an ensemble itself"),
    ],
)
def test_a_shape_that_cannot_be(shape: Shape, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        check_shape("mine", shape, {"other"})
    assert refused.value.message.startswith("models.mine: ")


@pytest.mark.parametrize(
    ("shape", "times", "needs"),
    [
        (Shape("mixture", ("a", "b")), 1, ("a", "b")),
        (Shape("mixture", ("a", "b"), "c"), 1, ("a", "b", "c")),
        (Shape("self", ("a",)), 3, ("a",)),
        (Shape("best-of", ("a", "b"), samples=2), 2, ("a", "b")),
        (Shape("best-of", ("a",), "b"), 3, ("a", "b")),
    ],
)
def test_what_a_shape_needs(shape: Shape, times: int, needs: tuple[str, ...]) -> None:
    check_shape("mine", shape)
    assert (shape.times, shape.models) == (times, needs)
