"""`copilot review` where the model is not asked: our own checks are told all the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

Copilot = Callable[..., subprocess.CompletedProcess[str]]


def test_what_a_limit_of_the_users_forbids(
    copilot: Copilot,
    model: Callable[..., str],
    make_repository: Callable[..., Path],
    git: Callable[..., str],
    empty_home: Path,
) -> None:
    root = make_repository({"a.py": "a = 1\n"})
    (root / "a.py").write_text("a = 2\n")
    git(root, "add", "a.py")
    config = empty_home / "config.toml"
    config.write_text("ask_above_tokens = 1\n")
    command = ("review", "--lines", "--config", str(config), "--base-url", model("unused"))
    done = copilot(*command, cwd=root)
    assert (done.returncode, done.stdout) == (6, "")
    (root / "a.py").write_text("<<<<<<< ours\na = 2\n=======\na = 3\n>>>>>>> theirs\n")
    git(root, "add", "a.py")
    done = copilot(*command, cwd=root)
    assert done.returncode == 1, done.stderr
    assert "a.py:1: error: marks of a merge conflict are left in" in done.stdout
