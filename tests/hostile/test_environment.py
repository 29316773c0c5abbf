"""Variables that lead git elsewhere, and a folder full of modules and programs to start instead."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
Pack = Callable[..., Any]
Trip = Callable[[str], str]


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    return make_repository({"a.txt": "a\n", "b.txt": "b\n"})


def _as_ever(seen: Any) -> None:
    assert (seen.code, seen.files) == (0, {"a.txt": "tracked", "b.txt": "tracked"})
    assert seen.texts == {"a.txt": "a\n", "b.txt": "b\n"}


def test_variables_that_a_hook_inherits_lead_nowhere(
    pack: Pack, root: Path, make_repository: MakeRepository, trip: Trip, git: Git
) -> None:
    other = make_repository({"private.txt": "private words\n"}, "other")
    elsewhere = {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{other}/.git/objects",
        "GIT_COMMON_DIR": f"{other}/.git",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": trip("count"),
        "GIT_CONFIG_PARAMETERS": f"'core.pager={trip('parameters')}'",
        "GIT_DIR": f"{other}/.git",
        "GIT_GRAFT_FILE": f"{other}/private.txt",
        "GIT_IMPLICIT_WORK_TREE": "0",
        "GIT_INDEX_FILE": f"{other}/.git/index",
        "GIT_OBJECT_DIRECTORY": f"{other}/.git/objects",
        "GIT_PREFIX": "../other/",
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_SHALLOW_FILE": f"{other}/private.txt",
        "GIT_WORK_TREE": str(other),
    }
    seen = pack(root, environment=elsewhere)
    _as_ever(seen)
    (repository,) = seen.manifest["repositories"]
    assert repository["revision"] == git(root, "rev-parse", "HEAD").strip()
    assert not repository["dirty"]


def test_variables_that_change_how_git_reads(pack: Pack, root: Path) -> None:
    others = {
        "GIT_GLOB_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_LITERAL_PATHSPECS": "0",
        "GIT_NAMESPACE": "evil",
        "GIT_NO_REPLACE_OBJECTS": "0",
        "GIT_OPTIONAL_LOCKS": "1",
        "GIT_DEFAULT_HASH": "sha256",
        "GIT_ALLOW_PROTOCOL": "ext:file:http",
        "GIT_PROTOCOL_FROM_USER": "1",
        "GIT_FLUSH": "1",
        "LC_ALL": "de_DE.UTF-8",
        "LANGUAGE": "de",
    }
    _as_ever(pack(root, environment=others))


def test_programs_that_variables_name_are_not_started(pack: Pack, root: Path, trip: Trip) -> None:
    names = (
        *("GIT_PAGER", "PAGER", "GIT_EDITOR", "EDITOR", "VISUAL", "GIT_SEQUENCE_EDITOR"),
        *("GIT_ASKPASS", "SSH_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_PROXY_COMMAND"),
        *("GIT_EXTERNAL_DIFF", "GIT_DIFFTOOL_EXTCMD", "GIT_MERGETOOL_GUI", "BROWSER", "SHELL"),
    )
    _as_ever(pack(root, environment={name: trip(name) for name in names}))


# Programs that a repository may bring, and modules of names that Python or copilot imports.
PROGRAMS = ("git", "git-ls-files", "sh", "less", "cat", "ssh", "uname", "xclip")
MODULES = (
    *("sitecustomize", "usercustomize", "copilot", "json", "re", "git", "typer", "httpx", "rich"),
    *("quicktok", "tiktoken", "msgspec", "pathspec", "identify", "pygments", "platformdirs"),
    *("charset_normalizer", "tree_sitter", "sqlite3", "tomllib", "encodings", "readline"),
)


def test_nothing_of_a_repository_is_imported_or_started(
    make_repository: MakeRepository, trip: Trip
) -> None:
    """The installed command, as a user starts it in the repository's folder."""
    module = "import os\nos.system({!r})\n"
    root = make_repository({"odd.txt": b"caf\xe9\n", "main.py": "def f(): ...\n"})
    for name in MODULES:
        (root / f"{name}.py").write_text(module.format(trip(f"module-{name}")))
    for name in PROGRAMS:
        (root / name).write_text(f"#!/bin/sh\n{trip(f'program-{name}')}\n")
        (root / name).chmod(0o755)
    for name in ("pyvenv.cfg", "setup.cfg", "pytest.ini", "evil.pth"):
        (root / name).write_text(f"import os; os.system({trip(name)!r})\n")
    command = Path(sys.executable).with_name("copilot")
    if not command.exists():
        pytest.skip("the command is not installed beside this Python")
    done = subprocess.run([command, "pack"], cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    files = len(MODULES) + len(PROGRAMS) + 6
    assert done.stderr.decode().startswith(f"packed {files} files, ")
