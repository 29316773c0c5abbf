"""What a base URL and a key look like, and which addresses are this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from copilot.backends.httpx_alone import httpx
from copilot.errors import UsageError


def check_base_url(url: str) -> None:
    """Raise UsageError unless `url` names an HTTP server and holds no name or password."""
    try:
        parts = urlsplit(url)
        # httpx is stricter than urlsplit; reading the port checks its range.
        is_server = parts.port != 0 and bool(httpx.URL(url).host) and bool(parts.hostname)
    except (ValueError, httpx.InvalidURL):
        is_server = False
    if not is_server or parts.scheme not in {"http", "https"}:
        raise UsageError(f"not a base URL: {url!r}", "such as http://127.0.0.1:8080/v1")
    if "@" in parts.netloc:
        raise UsageError(
            f"the base URL of {parts.hostname} holds a name or password",
            "put the key into a variable and name that with api_key_env",
        )


def check_key(key: str | None) -> None:
    """Raise UsageError for a key that no header can carry; the message does not hold it."""
    if key and not (key.isascii() and key.isprintable() and key == key.strip()):
        raise UsageError(
            "the key holds a blank at its edge, a line end or a character beyond ASCII",
            "set the variable anew, with the key alone",
        )


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine by a loopback address or as `localhost`."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
