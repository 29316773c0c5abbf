"""Keys in the keyring; the package itself is played by one that keeps them in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.settings.keys import has_keyring, origin_of, store_key, stored_key

# What of the package's interface is used, and a lock to try.
RING = """
from keyring.errors import KeyringError
KEPT = {}
LOCKED = []

def _open():
    if LOCKED:
        raise KeyringError("locked\\x1b[2J")

def get_password(service, name):
    _open()
    return KEPT.get((service, name))

def set_password(service, name, key):
    _open()
    KEPT[service, name] = key

def delete_password(service, name):
    _open()
    del KEPT[service, name]
"""


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    package = tmp_path / "keyring"
    package.mkdir()
    (package / "__init__.py").write_text(RING)
    (package / "errors.py").write_text("class KeyringError(Exception): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("keyring", "keyring.errors"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("ring")
def test_a_key_is_bound_to_one_origin() -> None:
    store_key("https://api.example.com/v1", "sk-1")
    assert stored_key("https://API.example.com:443/v2/") == "sk-1"
    for other in (
        "http://api.example.com/v1",
        "https://api.example.com:8443",
        "https://example.com",
    ):
        assert stored_key(other) is None


@pytest.mark.usefixtures("ring")
def test_a_keyring_that_refuses_is_told_harmlessly() -> None:
    import_module("keyring").LOCKED.append(1)
    with pytest.raises(UsageError) as caught:
        stored_key("https://api.example.com")
    assert "refused" in caught.value.message
    assert "\x1b" not in caught.value.message


def test_without_the_package_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert not has_keyring()
    assert stored_key("https://api.example.com") is None
    with pytest.raises(UsageError, match="not installed"):
        store_key("https://api.example.com", "sk-1")


@pytest.mark.parametrize("url", ["api.example.com", "ftp://x", "https://x:99999", ""])
def test_only_a_server_has_an_origin(url: str) -> None:
    with pytest.raises(UsageError):
        origin_of(url)
