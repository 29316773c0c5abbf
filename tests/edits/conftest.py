from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def git(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Return a function that runs real git in a folder, free of the user's configuration."""
    home = tmp_path_factory.mktemp("home")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(tmp_path_factory.getbasetemp()),
        "LC_ALL": "C",
    }

    def run(folder: Path, *arguments: str, data: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, input=data, capture_output=True, env=environment
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode()

    return run


@pytest.fixture(scope="session")
def render() -> ModuleType:
    """Return the functions that write replies in each format."""
    path = Path(__file__).with_name("render.py")
    spec = importlib.util.spec_from_file_location("render", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
