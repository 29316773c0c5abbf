"""The slots of a llama.cpp server: one per repository, and its state kept for the next process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.backends import catalogue
from copilot.backends.embedded import EmbeddedChat
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Delta, Finished, Message, Request, Usage
from copilot.backends.pull import local_path
from copilot.backends.slot_states import EngineStates, ServerStates
from copilot.backends.slots import LEAST_NEW_TOKENS

BASE = "\n".join(f"def f{i}(a):\n    return a + {i}" for i in range(26))
KEY = "0123456789abcdef"
Serve = Callable[..., str]
Connect = Callable[..., OpenAIChat]


def answer(status: int, document: Any) -> list[bytes]:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return [head.encode() + body]


def llama(slots: Any, action: int = 200, cached: int = 0) -> dict[str, list[bytes]]:
    """Routes of a llama.cpp server with these slots, whose actions are answered so."""
    usage: dict[str, Any] = {"prompt_tokens": 1000, "completion_tokens": 1}
    usage["prompt_tokens_details"] = {"cached_tokens": cached}
    choice = {"delta": {"content": "yes"}, "finish_reason": "stop"}
    data = json.dumps({"choices": [choice], "usage": usage})
    chat = f"HTTP/1.1 200 OK\r\n\r\ndata: {data}\n\ndata: [DONE]\n\n".encode()
    meta = {"n_ctx": 4096, "n_params": 7}
    listed = {"data": [{"id": "m", "owned_by": "llamacpp", "meta": meta}]}
    routes = {
        "GET /v1/models": answer(200, listed),
        "GET /slots": answer(200 if isinstance(slots, list) else 501, slots),
        "POST /v1/chat/completions": [chat],
    }
    for slot in range(4):
        routes[f"POST /slots/{slot}?action=restore"] = answer(action, {})
        routes[f"POST /slots/{slot}?action=save"] = answer(action, {})
    return routes


def request(question: str = "?", key: str = KEY) -> Request:
    return Request((Message("user", f"{BASE}\n{question}"),), 2, 0.0, cache_key=key)


def bodies(asked: list[dict[str, Any]], begin: str) -> list[dict[str, Any]]:
    return [json.loads(one["body"]) for one in asked if one["what"].startswith(begin)]


def whats(asked: list[dict[str, Any]]) -> list[str]:
    return [one["what"].split("?action=")[-1] for one in asked]


def used(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number, "id_task": 5} for number in numbers]


def test_a_base_keeps_its_slot(serve: Serve, connect: Connect, asked: list[dict[str, Any]]) -> None:
    url = serve(llama(used(0, 1, 2, 3)))
    for keys in ((KEY, "b", "c", "d", KEY), (KEY, "e", "f")):
        backend = connect(f"{url}/v1")
        backend.facts()
        for key in keys:
            list(backend.ask(request(key=key)))
    pinned = [body["id_slot"] for body in bodies(asked, "POST /v1/chat")]
    assert pinned[0] == pinned[4] == pinned[5]
    assert len(set(pinned)) > 1
    assert whats(asked).count("GET /slots") == 2


@pytest.mark.parametrize("slots", [used(0), [], {"error": {}}, ["odd"], [{"id": "../0"}]])
def test_one_slot_or_none_needs_no_pin(
    slots: Any, serve: Serve, connect: Connect, asked: list[dict[str, Any]]
) -> None:
    backend = connect(f"{serve(llama(slots))}/v1")
    backend.facts()
    assert isinstance(list(backend.ask(request()))[-1], Finished)
    assert "id_slot" not in bodies(asked, "POST /v1/chat")[0]


def test_without_a_base_nothing_is_asked_of_slots(
    serve: Serve, connect: Connect, asked: list[dict[str, Any]]
) -> None:
    backend = connect(f"{serve(llama(used(0, 1)))}/v1")
    backend.facts()
    list(backend.ask(request(key="")))
    assert whats(asked) == ["GET /v1/models", "POST /v1/chat/completions"]


def test_a_state_is_saved_once_and_restored_into_a_new_server(
    serve: Serve, connect: Connect, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    url = serve(llama([{"id": 0}, {"id": 1, "id_task": -1}]))
    for key in (KEY, KEY, "../../etc/passwd"):
        backend = connect(f"{url}/v1", states=ServerStates(tmp_path / "slots"))
        backend.facts()
        list(backend.ask(request(key=key)))
        list(backend.ask(request(key=key)))
    chat = "POST /v1/chat/completions"
    first = ["GET /v1/models", "GET /slots", chat, "save", chat]
    assert whats(asked) == [*first, *first[:2], "restore", *first[2:], *first]
    names = [body["filename"] for body in bodies(asked, "POST /slots")]
    assert len(set(names[:3])) == 1
    assert len(set(names)) == 2
    assert all(name.removesuffix(".slot").isalnum() for name in names)


@pytest.mark.parametrize("status", [400, 500, 501])
def test_what_could_not_be_restored_is_not_tried_again(
    status: int, serve: Serve, connect: Connect, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    states = ServerStates(tmp_path / "slots", "same server")
    for action in (200, status, status):
        backend = connect(f"{serve(llama([{'id': 0}], action))}/v1", states=states)
        backend.facts()
        events = list(backend.ask(request()))
        assert [event.text for event in events if isinstance(event, Delta)] == ["yes"]
    assert whats(asked).count("restore") == 1
    assert not list(states.path.iterdir())


def test_what_the_server_holds_is_neither_restored_nor_saved(
    serve: Serve, connect: Connect, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    held = 1000 - LEAST_NEW_TOKENS + 1
    backend = connect(f"{serve(llama(used(0), cached=held))}/v1", states=ServerStates(tmp_path))
    backend.facts()
    list(backend.ask(request()))
    assert not bodies(asked, "POST /slots")


def test_the_folder_is_bounded_and_the_oldest_goes(tmp_path: Path) -> None:
    states = EngineStates(tmp_path / "slots", most_bytes=250)
    assert states.prepare()
    assert states.path.stat().st_mode & 0o077 == 0
    for name in ("old", "middle", "new", "new"):
        (states.path / states.begun(name)).write_bytes(b"s" * 100)
        states.kept(name)
        for file in states.path.glob(f"{name}.*"):
            os.utime(file, (len(name), len(name)))
    assert states.found("middle")
    (states.path / states.begun("last")).write_bytes(b"s" * 100)
    states.kept("last")
    kept = {file.name.partition(".")[0] for file in states.path.iterdir()}
    assert kept == {"middle", "last"}


def test_only_a_whole_state_is_read_back(tmp_path: Path) -> None:
    states = EngineStates(tmp_path)
    (tmp_path / states.begun("a")).write_bytes(b"state")
    assert not states.found("a")
    states.kept("a")
    name = states.found("a")
    (tmp_path / name).write_bytes(b"stat")
    assert not states.found("a")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not EngineStates(tmp_path / "file" / "slots").prepare()
    assert not EngineStates(tmp_path, most_bytes=2**62).prepare()
    assert not ServerStates(tmp_path / "file" / "slots").prepare()


@pytest.mark.xdist_group("llama")
def test_the_next_engine_starts_warm(models_dir: Path, tmp_path: Path) -> None:
    path = local_path(catalogue.find("qwen2.5-coder-0.5b"), models_dir)
    assert path is not None
    states = EngineStates(tmp_path / "slots", most_bytes=100_000_000)

    def asked_of_a_new_engine(question: str) -> Usage:
        chat = EmbeddedChat("small", path, 1024, states)
        last = list(chat.ask(request(question)))[-1]
        chat.close()
        assert isinstance(last, Finished)
        assert last.usage is not None
        return last.usage

    first = asked_of_a_new_engine("Which?")
    assert first.cached == 0
    assert first.prompt > LEAST_NEW_TOKENS
    (state,) = states.path.iterdir()
    second = asked_of_a_new_engine("Why?")
    assert second.cached is not None
    assert second.cached > first.prompt - 20
    # Half a state is none, and the engine dies of it: the prompt is read again.
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
    assert asked_of_a_new_engine("Who?").cached == 0
    assert len(list(states.path.iterdir())) == 1
