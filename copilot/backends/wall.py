"""The one place that opens sockets to models: what may be connected to, decided by address.

A name is resolved once, each address is checked, and the one that passed is the one connected to:
no second look-up can lead elsewhere. Redirects are never followed, and a key is sent to no origin
but its own.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import urllib.request
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpcore

from copilot.backends.httpx_alone import httpx
from copilot.backends.origins import check_base_url, check_key, is_loopback
from copilot.errors import PolicyRefused, UsageError
from copilot.text import one_line

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_IDLE_SECONDS = 5.0


@dataclass(frozen=True)
class Wall:
    """Under `local_only` nothing is connected to but this machine and what `listed` names.

    `listed` holds addresses, networks (`10.0.0.0/8`) and names; a name must lead to an address of a
    private network, since who answers for names is not known.
    """

    local_only: bool = False
    listed: tuple[str, ...] = ()

    def check_url(self, url: str) -> None:
        """Raise PolicyRefused for a host that may not even be looked up, UsageError for no URL."""
        check_base_url(url)
        self.check_host(httpx.URL(url).host)

    def check_host(self, host: str) -> None:
        """Raise PolicyRefused for a name or address that may not be connected to."""
        address = _address(host)
        allowed = self._admits(address) if address else self._names(host)
        if self.local_only and not allowed:
            raise self._refusal(host)

    def resolved(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to, in the resolver's order.

        Raises PolicyRefused if there is none, OSError if the name cannot be resolved.
        """
        self.check_host(host)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [text for text in addresses if self._may_reach(host, text)]
        if not allowed:
            raise self._refusal(f"{host} ({', '.join(addresses)})")
        return allowed

    def _may_reach(self, host: str, text: str) -> bool:
        address = _address(text)
        if not self.local_only:
            return True
        if address is None:
            return False
        is_listed_name = host.lower() in {name.lower() for name in self.listed}
        is_near = address.is_private and not address.is_link_local
        return self._admits(address) or (is_listed_name and is_near)

    def _admits(self, address: _Address) -> bool:
        networks = (_network(text) for text in self.listed)
        return address.is_loopback or any(n is not None and address in n for n in networks)

    def _names(self, host: str) -> bool:
        return host.lower() in {"localhost", *(name.lower() for name in self.listed)}

    def _refusal(self, host: str) -> PolicyRefused:
        return PolicyRefused(
            f"local_only is set and {one_line(host)} is not this machine",
            "use a model server on 127.0.0.1, or list its address in local_addresses",
        )


OPEN = Wall()


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def open_client(
    base_url: str, headers: Mapping[str, str], wall: Wall, timeout: httpx.Timeout
) -> tuple[httpx.Client, Callable[[], None]]:
    """Return a client for one server, and what ends all its running requests from any thread.

    `headers` (the key) go with requests to the origin of `base_url` alone. Raises PolicyRefused,
    UsageError.
    """
    wall.check_url(base_url)
    for value in headers.values():
        check_key(value.removeprefix("Bearer "))
    network = _WalledNetwork(wall)
    client = httpx.Client(
        transport=_Transport(base_url, wall, network),
        auth=_BoundHeaders(httpx.URL(base_url), headers),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )
    return client, network.hang_up


class _BoundHeaders(httpx.Auth):
    """Headers that are sent to one origin only."""

    def __init__(self, url: httpx.URL, headers: Mapping[str, str]) -> None:
        self._origin, self._headers = _origin(url), headers

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if _origin(request.url) != self._origin:
            raise PolicyRefused(
                f"a request to {one_line(request.url.host)} would carry another server's key",
                "check base_url",
            )
        request.headers.update(self._headers)
        yield request


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class _Transport(httpx.HTTPTransport):
    """httpx's own, over our network."""

    def __init__(self, base_url: str, wall: Wall, network: httpcore.NetworkBackend) -> None:
        # Certificates take long to load, and plain HTTP to one origin needs none.
        secure = base_url.lower().startswith("https:")
        proxy = None if wall.local_only or is_loopback(base_url) else _proxy_for(base_url)
        context = (
            httpx.create_ssl_context()
            if secure or proxy is not None
            else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )
        super().__init__(verify=context)
        try:
            self._pool = httpcore.ConnectionPool(
                ssl_context=context,
                proxy=proxy,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=network,
            )
        except (ValueError, TypeError) as error:
            raise _no_proxy(str(error)) from error


def _proxy_for(base_url: str) -> httpcore.Proxy | None:
    """Return the proxy that the user's environment names for a server elsewhere."""
    url = httpx.URL(base_url)
    proxies = urllib.request.getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    if not named or urllib.request.proxy_bypass(f"{url.host}:{url.port or ''}".rstrip(":")):
        return None
    try:
        proxy = httpx.Proxy(named if "://" in named else f"http://{named}")
    except (ValueError, httpx.InvalidURL) as error:
        raise _no_proxy(str(error)) from error
    if proxy.url.scheme not in {"http", "https"}:
        raise _no_proxy(f"{proxy.url.scheme} is not spoken here")
    return httpcore.Proxy(
        httpcore.URL(
            scheme=proxy.url.raw_scheme,
            host=proxy.url.raw_host,
            port=proxy.url.port,
            target=proxy.url.raw_path,
        ),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
    )


def _no_proxy(said: str) -> UsageError:
    return UsageError(
        f"the proxy that the environment names cannot be used: {one_line(said)}",
        "see HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; NO_PROXY lists hosts to reach without it",
    )


class _WalledNetwork(httpcore.SyncBackend):
    """Connects to addresses that the wall admits, and can end all connections from any thread."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._streams: set[_Stream] = set()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._wall.resolved(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                stream = super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._streams)
        raise failed

    def hang_up(self) -> None:
        """End every connection: whoever waits for bytes gets the end of the stream."""
        for stream in list(self._streams):
            stream.hang_up()


class _Stream(httpcore.NetworkStream):
    """A connection that stands in `register` as long as it is open."""

    def __init__(self, inner: httpcore.NetworkStream, register: set[_Stream]) -> None:
        self._inner, self._register = inner, register
        register.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._register.discard(self)
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, timeout)
        self._register.discard(self)
        return _Stream(secured, self._register)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def hang_up(self) -> None:
        with suppress(OSError):
            # An SSLSocket's own would take its state from under the thread that reads.
            socket.socket.shutdown(self._inner.get_extra_info("socket"), socket.SHUT_RDWR)
