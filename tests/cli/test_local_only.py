"""Under local_only nothing connects, whichever command asks for what lies elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.backends import catalogue

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
SMALL = "qwen2.5-coder-0.5b"
# Writes down each look-up, each connection, and each program that may open one.
HOOK = """
def hook(event, args):
    told = {{'socket.connect': 1, 'socket.getaddrinfo': 0, 'socket.sendto': 1}}.get(event)
    words = [str(word) for word in args[1]] if event == 'subprocess.Popen' else []
    reaching = {{'pip', 'uv', 'fetch', 'clone', 'ls-remote', 'curl'}} & set(words)
    if told is not None or reaching:
        with open({file!r}, 'a') as log:
            log.write(f'{{event}} {{words or args[told]}}\\n')
"""
ELSEWHERE = [
    ("ask", "what?"),
    ("ask", "what?", "--model", SMALL),
    ("ask", "what?", "--base-url", "https://models.invalid/v1"),
    ("ask", "what?", "--repo", "https://example.invalid/x.git"),
    ("edit", "change it", "--dry-run"),
    ("demo",),
    ("models", "warm", SMALL),
    ("models", "pull"),
    ("models", "pull", SMALL, "--verify"),
    ("models", "pull", "hub:me/mine/some.gguf"),
    ("models", "pull", "qwen2.5-7b-1m"),
    ("models", "serve", SMALL, "--port", "0"),
    ("repos", "add", "https://example.invalid/x.git"),
]


@pytest.fixture
def walled(
    disturbed: Callable[[str], dict[str, str]], tmp_path: Path
) -> tuple[dict[str, str], Path]:
    """Return an environment under local_only, and the file that tells of what was reached for."""
    log = tmp_path / "reached.txt"
    environment = disturbed(HOOK.format(file=str(log)))
    environment |= {"COPILOT_LOCAL_ONLY": "1", "COPILOT_MODELS_DIR": str(tmp_path / "models")}
    environment |= {"HTTPS_PROXY": "http://127.0.0.1:9", "HF_ENDPOINT": "https://hub.invalid"}
    return environment, log


@pytest.mark.parametrize("command", ELSEWHERE, ids=" ".join)
def test_nothing_connects(
    command: tuple[str, ...],
    copilot: Copilot,
    walled: tuple[dict[str, str], Path],
    make_repository: Callable[..., Path],
) -> None:
    environment, log = walled
    root = make_repository({"a.txt": "a\n"})
    done = copilot(*command, cwd=root, environment=environment)
    assert done.returncode == 6, done.stderr
    assert "local_only is set" in done.stderr
    assert not log.exists(), log.read_text()


def test_a_damaged_model_is_not_fetched_anew(
    fails: Fails, walled: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    environment, log = walled
    model = catalogue.find(SMALL)
    file = tmp_path / "models" / model.file
    file.parent.mkdir()
    with file.open("wb") as sparse:
        sparse.truncate(model.size_bytes)
    command = ("models", "pull", SMALL, "--verify")
    assert "local_only" in fails(6, *command, environment=environment)
    assert not log.exists(), log.read_text()


def test_the_witness_sees_what_connects(
    fails: Fails, walled: tuple[dict[str, str], Path], make_repository: Callable[..., Path]
) -> None:
    environment, log = walled
    environment |= {"COPILOT_LOCAL_ONLY": "0", "NO_PROXY": "*"}
    root = make_repository({"a.txt": "a\n"})
    ask = ("ask", "what?", "--base-url", "http://127.0.0.1:9/v1")
    fails(3, *ask, cwd=root, environment=environment)
    assert "socket.connect ('127.0.0.1', 9)" in log.read_text()
