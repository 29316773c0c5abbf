"""Repositories, a look at all they hold, and journal calls in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from copilot.edits.changes import ChangeSet

Snapshot = dict[str, tuple[bytes, int] | None]

CHILD = Path(__file__).with_name("child.py")


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journals"


@pytest.fixture
def roots(tmp_path: Path) -> dict[str, Path]:
    """Three empty repositories: api, web, ops."""
    made = {alias: tmp_path / alias for alias in ("api", "web", "ops")}
    for root in made.values():
        root.mkdir()
    return made


@pytest.fixture
def ram() -> Iterator[Path]:
    """A folder in memory where the system has one, for tests that write much."""
    there = Path("/dev/shm")
    with TemporaryDirectory(dir=there if os.access(there, os.W_OK) else None) as name:
        yield Path(name).resolve()


@pytest.fixture
def keep(roots: dict[str, Path], journals: Path) -> Callable[[str], None]:
    """Copy the repositories, for `child.py` to compare with; as "start" also the journals."""

    def copy(name: str) -> None:
        journals.mkdir(parents=True, exist_ok=True)
        for folder in (*roots.values(), *([journals] if name == "start" else [])):
            shutil.copytree(folder, f"{folder}.{name}")

    return copy


@pytest.fixture
def snapshot() -> Callable[..., Snapshot]:
    """All that lies under the given folders: bytes and permission bits, None for a folder."""

    def take(*folders: Path) -> Snapshot:
        return {
            str(path): (path.read_bytes(), path.stat().st_mode & 0o777) if path.is_file() else None
            for folder in folders
            for path in folder.rglob("*")
        }

    return take


@pytest.fixture
def order(roots: dict[str, Path], journals: Path) -> Callable[..., dict[str, Any]]:
    """An order for `child.py`, see there."""

    def make(op: str, changes: ChangeSet | None = None, **more: Any) -> dict[str, Any]:
        items = [
            [
                *(one.repository, one.path, _text(one.before), _text(one.after)),
                *(one.old_path, one.old_mode, one.mode),
            ]
            for one in (changes.changes if changes else ())
        ]
        places = {"roots": {alias: str(root) for alias, root in roots.items()}}
        return {"op": op, "changes": items, "journals": str(journals), **places, **more}

    return make


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Start `child.py` with an order; `as_mere_user` takes root's right to write anywhere away."""

    def run(order: dict[str, Any], *, as_mere_user: bool = False) -> subprocess.Popen[str]:
        command = [sys.executable, str(CHILD), json.dumps(order)]
        if as_mere_user and os.geteuid() == 0:
            command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *command]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    return run


@pytest.fixture
def finish() -> Callable[[subprocess.Popen[str]], tuple[int, Any]]:
    """Let a started child go on to its end; its return code and what it printed."""

    def wait(child: subprocess.Popen[str]) -> tuple[int, Any]:
        out, _ = child.communicate("go\n", timeout=120)
        return child.returncode, json.loads(out) if out else {}

    return wait


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("latin-1")
