"""Where a request may go: which addresses are this machine, and which key belongs where."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from copilot.errors import PolicyRefused


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine by a loopback address or as `localhost`."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_origin(url: str, *, local_only: bool) -> None:
    """Raise PolicyRefused if only this machine may be asked and the URL names another."""
    if local_only and not is_loopback(url):
        raise PolicyRefused(
            f"local_only is set and {urlsplit(url).hostname} is not this machine",
            "use a model server on 127.0.0.1, or unset local_only",
        )
