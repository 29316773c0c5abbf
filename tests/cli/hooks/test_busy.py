"""Where git commits by itself, no Python starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Copilot: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
# Those of conftest.py.
Desk: TypeAlias = Any


@pytest.fixture
def started(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return a file that gets a line by each Python that starts in an environment, and that."""
    folder = tmp_path / "counting"
    folder.mkdir()
    counts = tmp_path / "counts"
    counts.touch()
    (folder / "sitecustomize.py").write_text(
        f"import sys\nopen({str(counts)!r}, 'a').write(repr(sys.orig_argv) + '\\n')\n"
    )
    return counts, {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("way", ["--merge", "--apply", "--interactive", "--exec=true"])
def test_no_python_starts_in_a_rebase_of_thirty_picks(
    desk: Desk, copilot: Copilot, started: tuple[Path, dict[str, str]], way: str
) -> None:
    desk.settle(desk.dead)
    counts, environment = started
    copilot("hook", "install", cwd=desk.root)
    desk.commit("--no-verify", SKIP="copilot")
    for number in range(30):
        (desk.root / "b.py").write_text(f"one = {number}\n")
        assert desk.commit("--all", "--no-verify", SKIP="copilot").returncode == 0
    counts.write_text("")
    editor = {"GIT_SEQUENCE_EDITOR": "sed -i 's/^pick/reword/'", "GIT_EDITOR": "true"}
    done = desk.git("rebase", "--force-rebase", way, "HEAD~30", **environment, **editor)
    assert done.returncode == 0, done.stderr
    assert (desk.commits, counts.read_text()) == (32, "")
    (desk.root / "b.py").write_text("last = 1\n")
    desk.commit("--all", **environment)
    assert sys.executable in counts.read_text()


@pytest.mark.parametrize(
    "command",
    [("merge", "--no-edit", "other"), ("cherry-pick", "other"), ("revert", "--no-edit", "other")],
)
def test_git_is_left_alone_where_it_commits_by_itself(
    desk: Desk, started: tuple[Path, dict[str, str]], copilot: Copilot, command: tuple[str, ...]
) -> None:
    desk.settle(desk.dead, hook_policy="closed")
    counts, environment = started
    copilot("hook", "install", cwd=desk.root)
    desk.git("stash", "--quiet")
    desk.git("checkout", "--quiet", "-b", "other")
    (desk.root / "b.py").write_text("other = 1\n")
    desk.commit("--all", "--no-verify", SKIP="copilot")
    if command[0] != "revert":
        desk.git("checkout", "--quiet", "main")
        desk.commit("--allow-empty", "--no-verify", SKIP="copilot")
    counts.write_text("")
    done = desk.git(*command, **environment)
    assert done.returncode == 0, done.stderr
    assert counts.read_text() == ""
