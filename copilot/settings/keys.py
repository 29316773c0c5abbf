"""Keys in the system's keyring: under the origin that they are for, and nowhere else.

The package `keyring` (the extra `keyring`) is loaded only when a key is stored or asked for.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from copilot.errors import UsageError
from copilot.text import one_line

SERVICE = "repo-copilot"
_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL: what a key is bound to. Raises UsageError."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise UsageError(f"not a base URL: {one_line(url)}", "such as https://host/v1") from error
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def has_keyring() -> bool:
    """Tell whether the package is installed."""
    return find_spec("keyring") is not None


def stored_key(url: str) -> str | None:
    """Return the key that is stored for the origin of a URL; None without one, or a keyring."""
    if not has_keyring():
        return None
    key = _asked(lambda ring: ring.get_password(SERVICE, origin_of(url)))
    return key if isinstance(key, str) and key else None


def store_key(url: str, key: str) -> None:
    """Store a key for the origin of a URL. Raises UsageError if the keyring is not to be had."""
    if not has_keyring():
        raise UsageError(
            "the package keyring is not installed",
            "pip install 'repo-copilot[keyring]', or name a variable with --api-key-env",
        )
    _asked(lambda ring: ring.set_password(SERVICE, origin_of(url), key))


def _asked(question: Any) -> Any:
    ring = import_module("keyring")
    errors = import_module("keyring.errors")
    try:
        return question(ring)
    except errors.KeyringError as error:
        raise UsageError(
            f"the system's keyring refused: {one_line(str(error)) or type(error).__name__}",
            "unlock it, or name a variable with api_key_env",
        ) from error
