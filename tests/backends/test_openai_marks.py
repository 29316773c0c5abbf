"""OpenAI's marks: at the ends of rules, base, overlay and talk, for models that want them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.openai_marks import OPTIONS, marked, takes_marks, unmarked
from copilot.backends.protocol import Finished, Message, Request
from copilot.errors import ModelRefused

PROMPT = (
    Message("system", "rules", (5,)),
    Message("user", "base one two task", (5, 9, 13)),
)
CHAT = "POST /v1/chat/completions"
STREAM = [
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
]


def ends(messages: Sequence[Message]) -> list[list[str]]:
    """Return the text in front of each mark, message by message."""
    found = []
    for message in marked(messages):
        parts = message["content"]
        marks = [at for at, part in enumerate(parts) if "prompt_cache_breakpoint" in part]
        found.append(["".join(part["text"] for part in parts[: at + 1]) for at in marks])
    return found


def test_marks_stand_where_stable_parts_end() -> None:
    assert ends(PROMPT) == [["rules"], ["base ", "base one two "]]


def test_the_end_of_a_conversation_is_marked_too() -> None:
    turns = (*PROMPT, Message("assistant", "edit"), Message("user", "again"))
    assert ends(turns) == [["rules"], ["base ", "base one two "], [], ["again"]]
    assert sum(map(len, ends(turns))) == 4


def test_a_prompt_without_a_base_has_no_marks() -> None:
    assert ends((Message("system", "rules"), Message("user", "task"))) == [[], []]


_TEXT = st.text(alphabet="ab \n", max_size=6)


@given(
    _TEXT,
    st.lists(_TEXT, min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(["user", "assistant"]), _TEXT), max_size=3),
)
def test_marks_are_four_at_most_and_change_no_text(
    rules: str, parts: list[str], turns: list[Any]
) -> None:
    cuts = tuple(len("".join(parts[: at + 1])) for at in range(len(parts) - 1))
    messages = (
        Message("system", rules, (len(rules),)),
        Message("user", "".join(parts), cuts),
        *(Message(role, text) for role, text in turns),
    )
    body = {"messages": marked(messages), **OPTIONS}
    assert json.dumps(body).count('"prompt_cache_breakpoint"') <= 4
    assert unmarked(body) == {
        "messages": [{"role": one.role, "content": one.content} for one in messages]
    }


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("gpt-5.6", True),
        ("gpt-5.6-mini-2026-05-01", True),
        ("openai/gpt-5.10", True),
        ("gpt-6", True),
        ("gpt-5.5", False),
        ("gpt-5", False),
        ("gpt-4.1", False),
        ("gpt-4o", False),
        ("my-gpt-5.6", False),
        ("qwen", False),
    ],
)
def test_models_that_want_marks_are_known_by_their_names(model: str, takes: bool) -> None:
    assert takes_marks(model) == takes


@pytest.fixture
def sent(
    serve: Callable[..., str], connect: Callable[..., OpenAIChat], asked: list[dict[str, Any]]
) -> Callable[..., list[dict[str, Any]]]:
    """Ask twice with the cache as it is set, and return the bodies."""

    def ask(cache: str, *refusals: bytes, model: str = "gpt-5.6") -> list[dict[str, Any]]:
        left = list(refusals)
        base = serve({CHAT: lambda: [left.pop(0)] if left else STREAM})
        backend = connect(f"{base}/v1", model, cache=cache)
        for _ in range(2):
            assert list(backend.ask(Request(PROMPT, 50))) == [Finished("stop", None)]
        return [json.loads(one["body"]) for one in asked]

    return ask


def has_marks(body: dict[str, Any]) -> bool:
    marks = any("prompt_cache_breakpoint" in str(message) for message in body["messages"])
    assert marks == ("prompt_cache_options" in body)
    return marks


@pytest.mark.parametrize(
    ("cache", "marks"), [("explicit", True), ("auto", False), ("implicit", False)]
)
def test_servers_of_others_are_sent_marks_only_where_that_is_set(
    sent: Callable[..., list[dict[str, Any]]], cache: str, marks: bool
) -> None:
    assert [has_marks(body) for body in sent(cache)] == [marks, marks]


@pytest.mark.parametrize(("model", "marks"), [("gpt-5.6", True), ("gpt-4.1", False)])
def test_openai_is_sent_marks_for_its_newer_models(
    serve: Callable[..., str],
    connect: Callable[..., OpenAIChat],
    asked: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    marks: bool,
) -> None:
    proxy = serve({"POST http://api.openai.com/v1/chat/completions": STREAM})
    monkeypatch.setenv("http_proxy", proxy)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    list(connect("http://api.openai.com/v1", model).ask(Request(PROMPT, 50, cache_key="base")))
    body = json.loads(asked[0]["body"])
    assert has_marks(body) == marks
    assert body["prompt_cache_key"] == "base"


@pytest.mark.parametrize("named", ["prompt_cache_breakpoint", "prompt_cache_options"])
@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable"])
def test_marks_that_are_refused_are_left_out_from_then_on(
    sent: Callable[..., list[dict[str, Any]]], status: str, named: str
) -> None:
    said = json.dumps({"error": {"message": f"Unknown parameter: '{named}'"}}).encode()
    refusal = f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n".encode() + said
    bodies = sent("explicit", refusal)
    assert [has_marks(body) for body in bodies] == [True, False, False]
    assert bodies[1] == bodies[2]


def test_another_refusal_keeps_the_marks(sent: Callable[..., list[dict[str, Any]]]) -> None:
    refusal = b'HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n{"error": {"message": "no"}}'
    with pytest.raises(ModelRefused, match="no"):
        sent("explicit", refusal)
