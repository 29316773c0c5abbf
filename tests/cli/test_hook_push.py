"""Real pushes with a real hook: what each branch brings is reviewed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
MakeRepository = Callable[..., Path]
Model = Callable[..., str]

CLEAN = "HUNK 1: looked at\nEND OF REVIEW: 1 hunk, 0 findings\n"
FINDING = (
    "HUNK 1: looked at\nFINDING\nfile: clone/a.py\nline: 2\nevidence:\n> two = one / 0\n"
    "claim: This divides by zero.\nseverity: error\ncategory: correctness\n"
    "END FINDING\nEND OF REVIEW: 1 hunk, 1 finding\n"
)
# Nobody listens there.
DEAD = "http://127.0.0.1:9/v1"


@dataclass
class Desk:
    """A clone with our hook, and one commit that its origin does not have."""

    root: Path
    home: Path

    def settle(self, url: str, **keys: Any) -> None:
        """Write the user's settings."""
        config = self.home / ".config" / "repo-copilot" / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        settings = {"model": "scripted", "hook_seconds": 240, **keys}
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        model = f'[models.scripted]\nbase_url = "{url}"\nmodel = "scripted"\nretries = 0\n'
        config.write_text("".join(lines) + model + "window = 30000\n")

    def push(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["git", "push", "--quiet", *arguments],
            cwd=self.root,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture
def desk(
    make_repository: MakeRepository, empty_home: Path, copilot: Copilot, git: Callable[..., str]
) -> Desk:
    origin = make_repository({"a.py": "one = 1\n"}, "origin")
    bare = origin.parent / "bare.git"
    git(origin, "clone", "--quiet", "--bare", ".", str(bare))
    git(origin, "clone", "--quiet", str(bare), "../clone")
    root = origin.parent / "clone"
    copilot("hook", "install", "pre-push", cwd=root)
    (root / "a.py").write_text("one = 1\ntwo = one / 0\n")
    git(root, "commit", "--quiet", "--all", "--message", "next")
    return Desk(root, empty_home)


@pytest.mark.parametrize("refs", ["HEAD:main", "HEAD:new", "main:refs/heads/a/b"])
def test_what_a_branch_brings_is_reviewed(
    desk: Desk, model: Model, asked: list[dict[str, Any]], refs: str
) -> None:
    desk.settle(model(CLEAN))
    done = desk.push("origin", refs)
    assert done.returncode == 0
    assert "copilot: reviewed, nothing found; the push goes on" in done.stderr
    assert len(asked) == 1
    assert "two = one / 0" in asked[0]["messages"][-1]["content"]


def test_an_error_holds_the_push_back(desk: Desk, model: Model) -> None:
    desk.settle(model(FINDING))
    done = desk.push("origin", "main")
    assert done.returncode == 1
    assert "This divides by zero." in done.stderr
    assert "the push is held back by 1 finding" in done.stderr
    assert desk.push("--no-verify", "origin", "main").returncode == 0


def test_the_same_range_is_asked_once(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(CLEAN))
    assert desk.push("origin", "main:one", "main:two").returncode == 0
    assert len(asked) == 1


@pytest.mark.parametrize("arguments", [("origin", "v1"), ("origin", ":old"), ("origin", "old")])
def test_what_brings_nothing_is_not_asked(
    desk: Desk, model: Model, asked: list[dict[str, Any]], git: Callable[..., str], arguments: Any
) -> None:
    desk.settle(model(FINDING))
    git(desk.root, "tag", "v1")
    git(desk.root, "push", "--quiet", "--no-verify", "origin", "origin/main:refs/heads/old")
    git(desk.root, "branch", "--quiet", "old", "HEAD~1")
    done = desk.push(*arguments)
    assert (done.returncode, asked) == (0, [])
    assert "copilot" not in done.stderr


@pytest.mark.parametrize(("policy", "code"), [("open", 0), ("closed", 1)])
def test_without_an_answer_the_policy_decides(desk: Desk, policy: str, code: int) -> None:
    desk.settle(DEAD, hook_policy=policy)
    done = desk.push("origin", "main")
    assert done.returncode == code
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("copilot: ")]
    assert "not reviewed" in line
    assert ("the push goes on" in line) is (policy == "open")


@pytest.mark.parametrize(("policy", "code"), [("open", 0), ("closed", 1)])
def test_a_first_push_has_nothing_to_compare_with(
    desk: Desk, git: Callable[..., str], policy: str, code: int
) -> None:
    desk.settle(DEAD, hook_policy=policy)
    git(desk.root, "init", "--quiet", "--bare", "../empty.git")
    done = desk.push("../empty.git", "main")
    assert done.returncode == code
    assert "nothing to compare refs/heads/main with" in done.stderr


def test_skip_is_heard(desk: Desk, model: Model, asked: list[dict[str, Any]]) -> None:
    desk.settle(model(FINDING))
    assert desk.push("origin", "main", SKIP="copilot-review").returncode == 0
    assert asked == []
