"""What all tests share: a user with empty folders, real git repositories, one real model server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from copilot.backends import catalogue
from copilot.backends.pull import pull
from copilot.settings.paths import state_paths

SMALL_MODEL = "qwen2.5-coder-0.5b"
# Fetched models are kept between test runs, where the user's own are.
_MODELS = Path(os.environ.get("COPILOT_MODELS_DIR") or state_paths().models)

MakeRepository = Callable[..., Path]


@pytest.fixture(autouse=True)
def empty_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a user of its own: no settings, no keys, no git configuration."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("COPILOT_", "XDG_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@localhost")
    return home


@pytest.fixture
def git() -> Callable[..., str]:
    """Run git in a folder and return what it prints."""

    def run(folder: Path, *arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture
def make_repository(tmp_path: Path, git: Callable[..., str]) -> MakeRepository:
    """Make a git repository with one commit that holds the given files (path to text or bytes)."""

    def make(files: Mapping[str, str | bytes], name: str = "repo") -> Path:
        root = tmp_path / name
        root.mkdir(parents=True)
        for path, content in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        git(root, "init", "--quiet", "--initial-branch=main")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--allow-empty", "--message", "start")
        return root

    return make


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Return a folder that holds the small model; fetched the first time on a machine."""
    pull(catalogue.find(SMALL_MODEL), _MODELS, progress=lambda *_: None)
    return _MODELS


@pytest.fixture(scope="session")
def llama_server(models_dir: Path) -> Iterator[str]:
    """Serve the small model from another process and yield its base URL.

    Tests that use it carry `xdist_group("llama")`, so that one worker starts one server.
    """
    environment = {**os.environ, "COPILOT_MODELS_DIR": str(models_dir)}
    command = [sys.executable, "-m", "copilot", "models", "serve", SMALL_MODEL]
    with subprocess.Popen(
        [*command, "--port", "0", "--window", "4096"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()
