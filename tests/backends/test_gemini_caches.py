"""Gemini's explicit caches: made once, asked with by name, prolonged, deleted; never in the way."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from copilot.backends.gemini_caches import (
    LEAST_CHARACTERS,
    GeminiCaches,
    Held,
    StablePart,
    stable_part,
)
from copilot.backends.protocol import Backend, Delta, Event, Finished, Message, Request, Usage
from copilot.backends.server import Server
from copilot.errors import BudgetExceeded, ModelRefused

BASE = "b" * LEAST_CHARACTERS
MESSAGES = (Message("system", "rules"), Message("user", f"{BASE}overlay, task", (len(BASE),)))
REQUEST = Request(MESSAGES, 50)
PART = StablePart(("rules",), BASE, (Message("user", "overlay, task"),))
CREATE, NAME = "POST /v1beta/cachedContents", "cachedContents/a-1_B"
PROLONG, DELETE = f"PATCH /v1beta/{NAME}?updateMask=ttl", f"DELETE /v1beta/{NAME}"
MADE = {"name": NAME, "expireTime": "2030-01-01T00:00:00Z", "usageMetadata": {"totalTokenCount": 5}}

Asked = list[dict[str, Any]]
Serve = Callable[..., str]


def answer(document: Any, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{json.dumps(document)}".encode()


REPLY = answer("").replace(b'""', b"") + (
    b'data: {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}], '
    b'"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1}}\n\n'
)
GONE = answer(
    {"error": {"code": 403, "message": "CachedContent not found (or permission denied)"}}, "403 No"
)


def bodies(asked: Asked, what: str) -> list[dict[str, Any]]:
    return [json.loads(one["body"] or "{}") for one in asked if one["what"] == what]


# What is put there


def test_the_stable_part_ends_at_the_first_cut() -> None:
    assert stable_part(MESSAGES) == PART
    later = (Message("assistant", "edit"), Message("user", "again"))
    part = stable_part((*MESSAGES, *later))
    assert part is not None
    assert part.turns == (*PART.turns, *later)


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (Message("system", "rules"),),
        (Message("user", BASE),),
        (Message("user", BASE, (10,)),),
        (Message("user", BASE, (len(BASE),)),),
        (Message("user", f"{BASE}task", (len(BASE) - 1,)),),
    ],
    ids=["nothing", "rules alone", "no cut", "a short base", "no question", "just too short"],
)
def test_what_is_too_short_or_has_no_base_is_not_cached(messages: tuple[Message, ...]) -> None:
    assert stable_part(messages) is None


# As it is asked


@pytest.fixture
def ask(
    serve: Serve, open_dialect: Callable[..., Backend], dialect_of: Callable[[str], Any]
) -> Callable[..., list[Event]]:
    """Ask with explicit caches; `pages` are the server's, and the folder keeps their names."""
    dialect = dialect_of("gemini")
    addresses: list[str] = []

    def ask_once(notes: Path | None, *replies: bytes, **pages: bytes) -> list[Event]:
        left = list(replies or [REPLY])
        routes: dict[str, Any] = {dialect.chat: lambda: [left.pop(0)]}
        routes |= {
            what: [page]
            for what, page in zip(
                (CREATE, PROLONG, DELETE),
                (pages.get(n, b"") for n in ("create", "prolong", "delete")),
                strict=True,
            )
            if page
        }
        addresses.append(serve(routes))
        backend = open_dialect(dialect, addresses[-1], "sk-1", cache_seconds=300, notes=notes)
        return list(backend.ask(REQUEST))

    return ask_once


def test_the_base_is_put_there_and_asked_with_by_name(
    ask: Callable[..., list[Event]], asked: Asked, tmp_path: Path, dialect_of: Callable[[str], Any]
) -> None:
    events = ask(tmp_path, create=answer(MADE))
    assert events == [Delta("x"), Finished("stop", Usage(9, 1, 0, 5))]
    assert bodies(asked, CREATE) == [
        {
            "model": "models/small",
            "contents": [{"role": "user", "parts": [{"text": BASE}]}],
            "systemInstruction": {"parts": [{"text": "rules"}]},
            "ttl": "300s",
        }
    ]
    (body,) = bodies(asked, dialect_of("gemini").chat)
    assert body["cachedContent"] == NAME
    assert "systemInstruction" not in body
    assert body["contents"] == [{"role": "user", "parts": [{"text": "overlay, task"}]}]


@pytest.mark.parametrize(
    "refusal",
    [
        answer({"error": {"message": "Cached content is too small"}}, "400 Bad"),
        answer({"error": {"message": "no"}}, "403 Forbidden"),
        answer({"error": {"message": "quota"}}, "429 Slow Down"),
        answer({"error": {"message": "oh"}}, "500 Oh"),
        answer({"name": "../files/x"}),
        answer({"name": 7}),
        answer([]),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>",
        b"",
    ],
    ids=["small", "403", "429", "500", "odd name", "no name", "list", "html", "hung up"],
)
def test_a_cache_that_cannot_be_made_is_done_without(
    ask: Callable[..., list[Event]],
    asked: Asked,
    tmp_path: Path,
    dialect_of: Callable[[str], Any],
    refusal: bytes,
) -> None:
    assert ask(tmp_path, create=refusal) == [Delta("x"), Finished("stop", Usage(9, 1, 0))]
    (body,) = bodies(asked, dialect_of("gemini").chat)
    assert "cachedContent" not in body
    assert body["contents"][0]["parts"][0]["text"] == MESSAGES[1].content
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("notes", [True, False])
def test_a_cache_that_is_gone_is_forgotten_and_the_whole_prompt_sent(
    ask: Callable[..., list[Event]],
    asked: Asked,
    tmp_path: Path,
    dialect_of: Callable[[str], Any],
    notes: bool,
) -> None:
    events = ask(tmp_path if notes else None, GONE, REPLY, create=answer(MADE))
    assert events[0] == Delta("x")
    first, second = bodies(asked, dialect_of("gemini").chat)
    assert (first["cachedContent"], second.get("cachedContent")) == (NAME, None)
    assert "systemInstruction" in second
    assert not list(tmp_path.iterdir())


def test_another_refusal_says_nothing_of_the_cache(
    ask: Callable[..., list[Event]], asked: Asked, tmp_path: Path
) -> None:
    long = "The input token count (9) exceeds the maximum number of tokens allowed (5)."
    with pytest.raises(BudgetExceeded):
        ask(tmp_path, answer({"error": {"message": long}}, "400 Bad"), create=answer(MADE))
    with pytest.raises(ModelRefused):
        ask(tmp_path, answer({"error": {"message": "no"}}, "403 No"), create=answer(MADE))
    assert len(list(tmp_path.iterdir())) == 2


# How long it is kept


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def caches(serve: Serve) -> Iterator[Callable[..., GeminiCaches]]:
    """Make the caches of another process on the same server, with a clock of its own."""
    pages = {CREATE: [answer(MADE)], PROLONG: [answer(MADE)], DELETE: [answer({})]}
    address = serve(pages)
    with ExitStack() as stack:

        def make(notes: Path | None, clock: Clock, base: str = address) -> GeminiCaches:
            server = Server(f"{base}/v1beta", {})
            stack.callback(server.close)
            return GeminiCaches(server, "small", 300, notes, clock)

        yield make


@pytest.mark.parametrize(
    ("later", "whats"),
    [
        (0, [CREATE]),
        (149, [CREATE]),
        (151, [CREATE, PROLONG]),
        (239, [CREATE, PROLONG]),
        (241, [CREATE, CREATE]),
        (9_999, [CREATE, CREATE]),
    ],
)
@pytest.mark.parametrize("is_new_process", [True, False])
def test_a_cache_is_used_prolonged_or_made_anew(
    caches: Callable[..., GeminiCaches],
    asked: Asked,
    tmp_path: Path,
    later: int,
    whats: list[str],
    is_new_process: bool,
) -> None:
    clock = Clock()
    first = caches(tmp_path, clock)
    assert first.held(PART) == Held(NAME, 5)
    clock.now += later
    second = caches(tmp_path, clock) if is_new_process else first
    assert second.held(PART).name == NAME
    assert [one["what"] for one in asked if one["what"] != DELETE] == whats


def test_a_cache_that_cannot_be_prolonged_is_made_anew(
    caches: Callable[..., GeminiCaches], serve: Serve, asked: Asked, tmp_path: Path
) -> None:
    base = serve({CREATE: [answer(MADE)], PROLONG: [answer({}, "404 No")]})
    clock = Clock()
    held = caches(tmp_path, clock, base)
    held.held(PART)
    clock.now += 200
    assert held.held(PART) == Held(NAME, 5)
    assert [one["what"] for one in asked][:3] == [CREATE, PROLONG, CREATE]


def test_another_base_takes_the_place_of_the_last(
    caches: Callable[..., GeminiCaches], asked: Asked, tmp_path: Path
) -> None:
    held = caches(tmp_path, Clock())
    held.held(PART)
    held.held(StablePart(("rules",), f"{BASE}more", PART.turns))
    assert [one["what"] for one in asked] == [CREATE, CREATE, DELETE]
    assert len(list(tmp_path.iterdir())) == 1


def test_other_rules_another_model_or_another_server_are_other_caches(
    caches: Callable[..., GeminiCaches], serve: Serve, asked: Asked, tmp_path: Path
) -> None:
    caches(tmp_path, Clock()).held(PART)
    caches(tmp_path, Clock()).held(StablePart(("other",), BASE, PART.turns))
    caches(tmp_path, Clock(), serve({CREATE: [answer(MADE)]})).held(PART)
    other = caches(tmp_path, Clock())
    other.model = "large"
    other.held(PART)
    assert len(bodies(asked, CREATE)) == 4


@pytest.mark.parametrize("note", ["", "[]", "{", '["../x", 9e9]', "[7, 9e9]", f'["{NAME}"]'])
def test_a_note_that_is_spoilt_counts_for_nothing(
    caches: Callable[..., GeminiCaches], asked: Asked, tmp_path: Path, note: str
) -> None:
    caches(tmp_path, Clock()).held(PART)
    (file,) = tmp_path.iterdir()
    file.write_text(note)
    assert caches(tmp_path, Clock()).held(PART).name == NAME
    assert len(bodies(asked, CREATE)) == 2


def test_notes_of_what_is_gone_are_swept(
    caches: Callable[..., GeminiCaches], tmp_path: Path
) -> None:
    old = tmp_path / "old.gemini"
    old.touch()
    os.utime(old, (1, 1))
    caches(tmp_path, Clock()).held(PART)
    assert not old.exists()


def test_a_folder_that_cannot_be_written_is_done_without(
    caches: Callable[..., GeminiCaches], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    held = caches(tmp_path / "file" / "notes", Clock())
    assert held.held(PART) == Held(NAME, 5)
    assert held.held(PART) == Held(NAME)
