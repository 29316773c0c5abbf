"""The session in a browser: who is let in."""

from __future__ import annotations

import asyncio
import gc
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.cli import web
from copilot.cli.web import Door, command_line, guarded, is_served, serve_web
from copilot.errors import UsageError

# textual-serve never waits for a page's process.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

DOOR = Door("s3cret", 4000)
OURS = "http://127.0.0.1:4000"


@pytest.mark.parametrize(
    ("path", "host", "origin"),
    [
        ("/s3cret/", "127.0.0.1:4000", None),
        ("/s3cret/static/js/textual.js", "localhost:4000", OURS),
        ("/s3cret/ws", "127.0.0.1:4000", OURS),
    ],
)
def test_our_own_pages_are_let_in(path: str, host: str, origin: str | None) -> None:
    assert DOOR.refusal(path, host, origin) == ""


@pytest.mark.parametrize(
    ("path", "host", "origin", "why"),
    [
        ("/", "127.0.0.1:4000", None, "secret"),
        ("/s3cre/", "127.0.0.1:4000", None, "secret"),
        ("/s3cretx/ws", "127.0.0.1:4000", OURS, "secret"),
        ("/\u20ac/", "127.0.0.1:4000", None, "secret"),
        ("//s3cret/", "127.0.0.1:4000", None, "secret"),
        ("/s3cret/", "evil.example:4000", None, "name"),
        ("/s3cret/", "127.0.0.1", None, "name"),
        ("/s3cret/", "", None, "name"),
        ("/s3cret/ws", "127.0.0.1:4000", "http://evil.example", "page"),
        ("/s3cret/ws", "127.0.0.1:4000", "null", "page"),
        ("/s3cret/ws", "127.0.0.1:4000", "http://127.0.0.1:4001", "page"),
        ("/s3cret/ws", "127.0.0.1:4000", None, "page"),
    ],
)
def test_all_others_are_refused(path: str, host: str, origin: str | None, why: str) -> None:
    assert why in DOOR.refusal(path, host, origin)


def test_page_s_process_gets_the_arguments_as_they_are() -> None:
    given = ["--model", "a b; rm -rf /", "$(x)"]
    words = shlex.split(command_line(given))
    assert words[0] == sys.executable
    assert words[-5:] == ["-m", "copilot", *given]


def test_process_knows_that_it_draws_into_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    assert not is_served()
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    assert is_served()


def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    with pytest.raises(UsageError, match="textual-serve") as refused:
        serve_web([])
    assert "repo-copilot[web]" in refused.value.hint


_APP = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello from the page")
Hello().run()
"""

Talk = Callable[[Any, Door], Awaitable[None]]


@pytest.fixture
def served(tmp_path: Path) -> Callable[[Talk], None]:
    """Return a function that serves a small app and lets a client talk to it."""
    serving = pytest.importorskip("textual_serve.server")
    aiohttp = pytest.importorskip("aiohttp")
    script = tmp_path / "app.py"
    script.write_text(_APP)

    async def serve(talk: Talk) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            door = Door("s3cret", listening.getsockname()[1])
            command = shlex.join([sys.executable, str(script)])
            server = serving.Server(command, "127.0.0.1", door.port, public_url=door.origins[0])
            runner = aiohttp.web.AppRunner(await guarded(aiohttp.web, server, door))
            await runner.setup()
            await aiohttp.web.SockSite(runner, listening).start()
            async with aiohttp.ClientSession() as client:
                await talk(client, door)
            await runner.cleanup()

    def run(talk: Talk) -> None:
        asyncio.run(serve(talk))
        gc.collect()

    return run


def test_page_is_served_behind_the_secret_and_draws_the_app(served: Callable[[Talk], None]) -> None:
    async def talk(client: Any, door: Door) -> None:
        async with client.get(f"{door.origins[0]}/") as refused:
            assert refused.status == 403
        async with client.get(door.address) as page:
            assert page.status == 200
            assert f"ws://127.0.0.1:{door.port}/s3cret/ws" in await page.text()
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        origin = {"Origin": door.origins[0]}
        async with client.ws_connect(f"{door.address}ws", headers=origin) as page:
            drawn = b""
            while b"hello from the page" not in drawn:
                drawn += await page.receive_bytes(timeout=60)

    served(talk)


def test_page_of_another_server_opens_no_session(served: Callable[[Talk], None]) -> None:
    async def talk(client: Any, door: Door) -> None:
        for headers in ({"Origin": "http://evil.example"}, {}, {"Host": "evil.example"}):
            async with client.get(f"{door.address}ws", headers=headers) as refused:
                assert refused.status == 403

    served(talk)


def test_pages_are_limited(served: Callable[[Talk], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_MOST_PAGES", 0)

    async def talk(client: Any, door: Door) -> None:
        headers = {"Origin": door.origins[0]}
        async with client.get(f"{door.address}ws", headers=headers) as refused:
            assert refused.status == 503

    served(talk)
