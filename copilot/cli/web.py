"""`copilot --web`: the session in a browser on this machine, behind a random address."""

from __future__ import annotations

import hmac
import os
import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from copilot.cli.talk import say
from copilot.errors import UsageError

# How long open pages have to end.
_FAREWELL_SECONDS = 3.0
_HOST = "127.0.0.1"
_TITLE = "repo-copilot"
_WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
_WEBSOCKET = "ws"
# Each open page is a process of its own.
_MOST_PAGES = 8
# The page that is served names a font of another server; nothing may be fetched from there.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; connect-src {origins};"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_Handler = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Door:
    """Who is let in: requests to our own name, under the secret path, from our own pages."""

    token: str
    port: int

    @property
    def hosts(self) -> tuple[str, ...]:
        return f"{_HOST}:{self.port}", f"localhost:{self.port}"

    @property
    def origins(self) -> tuple[str, ...]:
        return tuple(f"http://{host}" for host in self.hosts)

    @property
    def address(self) -> str:
        return f"http://{_HOST}:{self.port}/{self.token}/"

    def refusal(self, path: str, host: str, origin: str | None) -> str:
        """Return why a request is refused, or nothing.

        A page of another server reaches this one by a name of its own (DNS rebinding), or by a
        websocket, which no browser keeps from other origins: so host and origin are looked at too.
        """
        first, _, rest = path.removeprefix("/").partition("/")
        if not hmac.compare_digest(first.encode(), self.token.encode()):
            return "the address lacks its secret part"
        if host not in self.hosts:
            return "this server has another name"
        if origin is not None and origin not in self.origins:
            return "this page may not speak to this server"
        if rest.partition("/")[0] == _WEBSOCKET and origin is None:
            return "only a page of this server may open the session"
        return ""


def is_served() -> bool:
    """Tell whether this process draws into a page that `serve_web` serves."""
    return os.environ.get("TEXTUAL_DRIVER") == _WEB_DRIVER


def serve_web(arguments: Sequence[str]) -> int:
    """Serve `copilot ARGUMENTS` until it is interrupted, and return the exit code.

    Each page that is opened gets a process. Raises UsageError where textual-serve is missing.
    """
    try:
        serving, web = import_module("textual_serve.server"), import_module("aiohttp.web")
    except ImportError as error:
        raise UsageError(
            "--web needs textual-serve", "pip install 'repo-copilot[web]', or leave --web out"
        ) from error
    with socket.create_server((_HOST, 0)) as listening:
        door = Door(secrets.token_urlsafe(32), listening.getsockname()[1])
        server = serving.Server(
            command_line(arguments), _HOST, door.port, _TITLE, public_url=door.origins[0]
        )
        say(f"the session is at {door.address}")
        say("whoever has this address can do what you can; ctrl+c ends it")
        web.run_app(
            guarded(web, server, door), sock=listening, access_log=None, print=None,
            shutdown_timeout=_FAREWELL_SECONDS,
        )  # fmt: skip
    return 0


def command_line(arguments: Sequence[str]) -> str:
    """Return the shell command of one page's process."""
    # -P keeps Python from importing what lies in this folder.
    return shlex.join([sys.executable, "-P", "-X", "utf8", "-m", "copilot", *arguments])


async def guarded(web: Any, server: Any, door: Door) -> Any:
    """Return the web application that lets in whom the door lets in, and no more pages than few."""
    inner = await server._make_app()
    # It would print its own banner, on stdout.
    inner.on_startup.clear()
    pages = [0]

    async def guard(request: Any, handler: _Handler) -> Any:
        origin = request.headers.get("Origin")
        refused = door.refusal(request.path, request.headers.get("Host", ""), origin)
        if refused:
            raise web.HTTPForbidden(text=refused)
        if request.path != f"/{door.token}/{_WEBSOCKET}":
            return await handler(request)
        if pages[0] >= _MOST_PAGES:
            raise web.HTTPServiceUnavailable(text="too many pages are open")
        pages[0] += 1
        try:
            return await handler(request)
        finally:
            pages[0] -= 1

    async def harden(_: Any, response: Any) -> None:
        sockets = (origin.replace("http", "ws", 1) for origin in door.origins)
        response.headers["Content-Security-Policy"] = _POLICY.format(
            origins=" ".join([*door.origins, *sockets])
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"

    outer = web.Application(middlewares=[web.middleware(guard)])
    outer.on_response_prepare.append(harden)
    outer.add_subapp(f"/{door.token}/", inner)
    return outer
