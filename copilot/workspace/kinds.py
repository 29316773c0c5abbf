"""Files left out by what they are: lock files and files that hold secrets."""

from __future__ import annotations

import fnmatch

_LOCK_FILES = frozenset(
    {
        "bun.lock",
        "bun.lockb",
        "cargo.lock",
        "composer.lock",
        "deno.lock",
        "flake.lock",
        "gemfile.lock",
        "go.sum",
        "gradle.lockfile",
        "mix.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "packages.lock.json",
        "pdm.lock",
        "pipfile.lock",
        "pixi.lock",
        "pnpm-lock.yaml",
        "podfile.lock",
        "poetry.lock",
        "pubspec.lock",
        "pylock.toml",
        "uv.lock",
        "yarn.lock",
    }
)
_SECRET_NAMES = (
    ".env",
    ".env.*",
    "*.env",
    ".netrc",
    ".pgpass",
    ".git-credentials",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "*.jks",
    "*.kdbx",
    "*.key",
    "*.keystore",
    "*.p12",
    "*.pem",
    "*.pfx",
    "*.ppk",
)
_SECRET_LOOKALIKES = (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env")


def is_lock_file(path: str) -> bool:
    """Tell whether a package manager writes this file by itself."""
    return path.rpartition("/")[2].lower() in _LOCK_FILES


def is_secret_file(path: str) -> bool:
    """Tell whether files of this name hold keys or passwords."""
    name = path.rpartition("/")[2].lower()
    if name in _SECRET_LOOKALIKES:
        return False
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _SECRET_NAMES)
