from __future__ import annotations

import pytest

from copilot.workspace.kinds import is_lock_file, is_secret_file


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "deploy/.env",
        ".env.local",
        "prod.env",
        ".ENV",
        "keys/id_rsa",
        "id_ed25519",
        "server.pem",
        "a/b/Server.KEY",
        "store.p12",
        ".netrc",
        "x.kdbx",
        ".git-credentials",
    ],
)
def test_names_that_hold_secrets(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        "app/.env.template",
        "example.env",
        "env",
        "environment.py",
        "id_rsa.pub",
        "key.py",
        "monkey",
        "pem.txt",
        ".env/readme",
        "server.pem/readme",
    ],
)
def test_names_that_hold_none(path: str) -> None:
    assert not is_secret_file(path)


@pytest.mark.parametrize("path", ["uv.lock", "web/package-lock.json", "Cargo.lock", "go.sum"])
def test_lock_files(path: str) -> None:
    assert is_lock_file(path)


@pytest.mark.parametrize("path", ["lock.py", "uv.lock/readme", "my.lock", "go.mod", "package.json"])
def test_no_lock_files(path: str) -> None:
    assert not is_lock_file(path)
