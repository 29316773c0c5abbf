"""The wall: nothing but this machine, and what is listed, is connected to; with a witness."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest

from copilot.backends.protocol import Backend, Message, Request
from copilot.backends.wall import OPEN, Wall, open_client
from copilot.errors import ExitCode, ModelRefused, ModelUnreachable, PolicyRefused, UsageError

LOCAL = Wall(local_only=True)
REQUEST = Request((Message("user", "hello"),), 50)
KEY = "sk-test-key"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")

Dialect = Any
Serve = Callable[..., str]
Open = Callable[..., Backend]

_watched: list[tuple[str, Any]] = []
_is_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _is_watching and event in {"socket.connect", "socket.getaddrinfo"}:
        _watched.append((event, arguments[1] if event == "socket.connect" else arguments[0]))


sys.addaudithook(_watch)


@pytest.fixture
def witness() -> Iterator[list[tuple[str, Any]]]:
    """What this process connected to or looked up: Python's own audit events."""
    global _is_watching
    _watched.clear()
    _is_watching = True
    yield _watched
    _is_watching = False


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a name lead to these addresses."""
    real = socket.getaddrinfo

    def set_name(name: str, *addresses: str) -> None:
        def resolve(host: Any, port: Any, *args: Any, **more: Any) -> list[Any]:
            if host != name:
                return real(host, port, *args, **more)
            kind = socket.SOCK_STREAM
            return [(socket.AF_INET, kind, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    return set_name


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ((), "http://127.0.0.1:1/v1"),
        ((), "http://127.8.9.1/v1"),
        ((), "http://localhost:1/v1"),
        ((), "http://[::1]/v1"),
        ((), "http://[::ffff:127.0.0.1]/v1"),
        (("10.0.0.0/8",), "http://10.1.2.3/v1"),
        (("10.1.2.3",), "http://10.1.2.3/v1"),
        (("10.1.2.3/8",), "http://10.9.9.9/v1"),
        (("fd00::/8",), "http://[fd00::5]/v1"),
        (("gpu.lan",), "http://GPU.lan:8000/v1"),
        (("203.0.113.7",), "https://203.0.113.7/v1"),
    ],
)
def test_what_may_be_asked(listed: tuple[str, ...], url: str) -> None:
    Wall(local_only=True, listed=listed).check_url(url)
    OPEN.check_url(url)


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ((), "https://api.example.com/v1"),
        ((), "http://10.0.0.1/v1"),
        ((), "http://0.0.0.0/v1"),
        ((), "http://169.254.169.254/v1"),
        ((), "http://[::ffff:10.0.0.1]/v1"),
        ((), "http://[2001:db8::1]/v1"),
        ((), "http://127.0.0.1.example.com/v1"),
        ((), "http://localhost.example.com/v1"),
        ((), "http://2130706433/v1"),
        ((), "http://0x7f.1/v1"),
        (("10.0.0.0/8",), "http://11.0.0.1/v1"),
        (("gpu.lan",), "http://gpu.lan.example.com/v1"),
        (("gpu.lan",), "http://other.lan/v1"),
        (("",), "http://other.lan/v1"),
    ],
)
def test_what_may_not(listed: tuple[str, ...], url: str, witness: list[Any]) -> None:
    wall = Wall(local_only=True, listed=listed)
    with pytest.raises(PolicyRefused) as refused:
        open_client(url, {}, wall, httpx.Timeout(5))
    assert refused.value.exit_code == ExitCode.POLICY
    assert "local_only" in refused.value.message
    assert "local_addresses" in refused.value.hint
    assert witness == []


@pytest.mark.parametrize("url", ["", "8080", "http://", "ftp://127.0.0.1/", "http://[::1/v1"])
@pytest.mark.parametrize("wall", [OPEN, LOCAL], ids=["open", "local"])
def test_what_is_no_url(url: str, wall: Wall) -> None:
    with pytest.raises(UsageError, match="not a base URL"):
        wall.check_url(url)


# Names


@pytest.mark.parametrize("address", ["93.184.216.34", "169.254.169.254", "10.0.0.1"])
def test_localhost_that_leads_elsewhere(
    open_dialect: Open,
    dialect: Dialect,
    names: Callable[..., None],
    witness: list[Any],
    address: str,
) -> None:
    names("localhost", address)
    backend = open_dialect(dialect, "http://localhost:9", KEY, wall=LOCAL)
    with pytest.raises(PolicyRefused, match=address):
        list(backend.ask(REQUEST))
    assert [what for event, what in witness if event == "socket.connect"] == []


@pytest.mark.parametrize(
    ("addresses", "is_reached"),
    [
        (["127.0.0.1"], True),
        (["8.8.8.8", "127.0.0.1"], True),
        (["8.8.8.8"], False),
        (["169.254.169.254"], False),
    ],
)
def test_a_listed_name_is_connected_to_where_it_is_private(
    serve: Serve,
    open_dialect: Open,
    dialect: Dialect,
    names: Callable[..., None],
    witness: list[Any],
    addresses: Sequence[str],
    is_reached: bool,
) -> None:
    port = serve({dialect.chat: [b"HTTP/1.1 418 Teapot\r\n\r\n"]}).rpartition(":")[2]
    names("gpu.lan", *addresses)
    wall = Wall(local_only=True, listed=("gpu.lan",))
    backend = open_dialect(dialect, f"http://gpu.lan:{port}", KEY, wall=wall)
    with pytest.raises(ModelRefused if is_reached else PolicyRefused):
        list(backend.ask(REQUEST))
    connected = [what[0] for event, what in witness if event == "socket.connect"]
    assert connected == (["127.0.0.1"] if is_reached else [])


def test_a_name_is_looked_up_once(
    serve: Serve,
    open_dialect: Open,
    dialect: Dialect,
    monkeypatch: pytest.MonkeyPatch,
    witness: list[Any],
) -> None:
    port = serve({dialect.chat: [b"HTTP/1.1 418 Teapot\r\n\r\n"]}).rpartition(":")[2]
    answers = iter(["127.0.0.1", "8.8.8.8"])
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **more: Any) -> list[Any]:
        if host != "localhost":
            return real(host, port, *args, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    backend = open_dialect(dialect, f"http://localhost:{port}", wall=LOCAL)
    with pytest.raises(ModelRefused, match="418"):
        list(backend.ask(REQUEST))
    assert next(answers) == "8.8.8.8"
    assert {what[0] for event, what in witness if event == "socket.connect"} == {"127.0.0.1"}


# Redirects and proxies


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temp", "308 Perm"])
def test_a_redirect_is_not_followed(
    serve: Serve,
    open_dialect: Open,
    dialect: Dialect,
    asked: list[Any],
    witness: list[Any],
    status: str,
) -> None:
    thief = serve({dialect.chat: [b"HTTP/1.1 200 OK\r\n\r\n"]})
    path = dialect.chat.partition(" ")[2]
    away = f"HTTP/1.1 {status}\r\nConnection: close\r\nLocation: {thief}{path}\r\n\r\n".encode()
    base = serve({dialect.chat: [away]})
    for wall in (OPEN, LOCAL):
        with pytest.raises(ModelRefused, match=f"refused \\({status[:3]}\\)"):
            list(open_dialect(dialect, base, KEY, wall=wall).ask(REQUEST))
    assert {str(one["port"]) for one in asked} == {base.rpartition(":")[2]}
    ports = {str(what[1]) for event, what in witness if event == "socket.connect"}
    assert ports == {base.rpartition(":")[2]}


@pytest.fixture
def proxied(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a proxy in the environment, and return its address."""
    address = serve({})
    for name in _PROXIES:
        monkeypatch.setenv(name, address)
        monkeypatch.setenv(name.upper(), address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return address


def test_no_proxy_stands_between_us_and_this_machine(
    serve: Serve, open_dialect: Open, dialect: Dialect, proxied: str, asked: list[Any]
) -> None:
    base = serve({dialect.chat: [b"HTTP/1.1 418 Teapot\r\n\r\n"]})
    for wall in (OPEN, LOCAL):
        with pytest.raises(ModelRefused, match="418"):
            list(open_dialect(dialect, base, KEY, wall=wall).ask(REQUEST))
    assert {str(one["port"]) for one in asked} == {base.rpartition(":")[2]}


def test_under_local_only_no_proxy_leads_to_what_is_listed(
    open_dialect: Open,
    dialect: Dialect,
    proxied: str,
    names: Callable[..., None],
    asked: list[Any],
) -> None:
    names("gpu.lan", "127.0.0.2")
    wall = Wall(local_only=True, listed=("gpu.lan",))
    with pytest.raises(ModelUnreachable):
        list(open_dialect(dialect, "http://gpu.lan:9", KEY, wall=wall).ask(REQUEST))
    assert asked == []


def test_a_server_elsewhere_is_asked_through_the_users_proxy(
    open_dialect: Open, dialect: Dialect, proxied: str, asked: list[Any]
) -> None:
    with pytest.raises(ModelUnreachable):
        list(open_dialect(dialect, "http://model.invalid", KEY).ask(REQUEST))
    method, _, path = dialect.chat.partition(" ")
    assert [one["what"] for one in asked] == [f"{method} http://model.invalid{path}"]


def test_but_not_where_the_user_wants_none(
    open_dialect: Open,
    dialect: Dialect,
    proxied: str,
    asked: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "model.invalid")
    with pytest.raises(ModelUnreachable):
        list(open_dialect(dialect, "http://model.invalid", KEY).ask(REQUEST))
    assert asked == []


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "gopher://x", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_told(
    open_dialect: Open, dialect: Dialect, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    for name in _PROXIES:
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.upper(), proxy)
    with pytest.raises(UsageError, match="proxy") as refused:
        open_dialect(dialect, "http://model.invalid", KEY)
    assert "NO_PROXY" in refused.value.hint


# Keys


def test_a_key_goes_to_its_own_origin_alone(serve: Serve, asked: list[Any]) -> None:
    own, other = serve({"GET /": [b"HTTP/1.1 204 No\r\n\r\n"]}), serve({})
    client, _ = open_client(own, {"authorization": KEY}, OPEN, httpx.Timeout(5))
    with client:
        assert client.get(f"{own}/").status_code == 204
        with pytest.raises(PolicyRefused, match="another server's key"):
            client.get(f"{other}/")
    assert [one["headers"].get("authorization") for one in asked] == [KEY]


@pytest.mark.parametrize("key", ["hunter2\n", " hunter2", "hunter2\r\nX: y", "hunter2\u00e9"])
def test_a_key_that_no_header_carries(open_dialect: Open, dialect: Dialect, key: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_dialect(dialect, "http://127.0.0.1:9", key)
    assert "hunter2" not in refused.value.message + refused.value.hint
