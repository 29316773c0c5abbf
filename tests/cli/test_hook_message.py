"""`prepare-commit-msg`: an empty message is filled in, whatever else is left alone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
MakeRepository = Callable[..., Path]
Model = Callable[..., str]

MESSAGE = "Add a second value\n"
# Nobody listens there.
DEAD = "http://127.0.0.1:9/v1"


@dataclass
class Desk:
    """A repository with our hook for messages, where a change is staged."""

    root: Path
    home: Path
    opened: Path

    def settle(self, url: str, **keys: Any) -> None:
        """Write the user's settings."""
        config = self.home / ".config" / "repo-copilot" / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        settings = {"model": "scripted", "hook_seconds": 240, **keys}
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        model = f'[models.scripted]\nbase_url = "{url}"\nmodel = "scripted"\nretries = 0\n'
        config.write_text("".join(lines) + model + "window = 30000\n")

    def commit(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Commit with an editor that keeps what it was shown, and takes it."""
        editor = f'cp "$1" "{self.opened}" #'
        done = subprocess.run(
            ["git", "commit", "--quiet", *arguments],
            cwd=self.root,
            env={**os.environ, "GIT_EDITOR": f"sh -c '{editor}' --", **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    @property
    def shown(self) -> str:
        """What the editor was shown, but for comments."""
        lines = self.opened.read_text().splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("#")).strip()


@pytest.fixture
def desk(
    make_repository: MakeRepository,
    empty_home: Path,
    copilot: Copilot,
    git: Callable[..., str],
    tmp_path: Path,
) -> Desk:
    root = make_repository({"a.py": "one = 1\n"})
    copilot("hook", "install", "prepare-commit-msg", cwd=root)
    (root / "a.py").write_text("one = 1\ntwo = 2\n")
    git(root, "add", "a.py")
    return Desk(root, empty_home, tmp_path / "opened")


def test_an_empty_message_is_filled_in(desk: Desk, model: Model, git: Callable[..., str]) -> None:
    desk.settle(model(MESSAGE))
    done = desk.commit()
    assert (done.returncode, done.stderr) == (0, "")
    assert desk.shown == MESSAGE.strip()
    assert git(desk.root, "log", "-1", "--format=%B").strip() == MESSAGE.strip()


def test_what_is_committed_apart_is_told(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(MESSAGE))
    (desk.root / "a.py").write_text("one = 1\ntwo = 2\nthree = 3\n")
    desk.commit("--all")
    assert "+three = 3" in asked[0]["messages"][-1]["content"]


@pytest.mark.parametrize(
    "options", [("-m", "mine"), ("--amend",), ("-C", "HEAD"), ("--fixup", "HEAD"), ("-F", "said")]
)
def test_a_message_that_is_there_is_left_alone(
    desk: Desk, model: Model, asked: list[dict[str, Any]], options: tuple[str, ...]
) -> None:
    desk.settle(model(MESSAGE))
    (desk.root / "said").write_text("mine\n")
    done = desk.commit(*options)
    assert (done.returncode, done.stderr, asked) == (0, "", [])


def test_a_template_is_left_alone(
    desk: Desk, model: Model, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    desk.settle(model(MESSAGE))
    (tmp_path / "template").write_text("why:\n")
    desk.commit("--template", str(tmp_path / "template"))
    assert (desk.shown, asked) == ("why:", [])


@pytest.mark.parametrize(
    "variables",
    [{"SKIP": "copilot-message"}, {"CI": "1"}, {"PRE_COMMIT_COMMIT_MSG_SOURCE": "template"}],
)
def test_nothing_is_asked_where_nobody_wants_it(
    desk: Desk, model: Model, asked: list[dict[str, Any]], variables: dict[str, str]
) -> None:
    desk.settle(model(MESSAGE))
    desk.commit(**variables)
    assert (desk.shown, asked) == ("", [])


@pytest.mark.parametrize("server", ["dead", "refusing", "hanging up", "babbling"])
def test_whatever_fails_the_file_stays_as_it_is(desk: Desk, model: Model, server: str) -> None:
    urls = {
        "dead": lambda: DEAD,
        "refusing": lambda: model(MESSAGE, key="secret"),
        "hanging up": lambda: model("Add", reason=""),
        "babbling": lambda: model("\n\n\n"),
    }
    desk.settle(urls[server]())
    before = b"\n# Please enter the commit message\n"
    file = desk.root / ".git" / "COMMIT_EDITMSG"
    file.write_bytes(before)
    done = subprocess.run(
        ["git", "hook", "run", "prepare-commit-msg", "--", ".git/COMMIT_EDITMSG"],
        cwd=desk.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, file.read_bytes()) == (0, before)
    (line,) = done.stderr.splitlines()
    assert line.startswith("copilot: no message proposed: ")


def test_a_late_message_is_given_up(desk: Desk) -> None:
    before = b"\n# Please enter the commit message\n"
    file = desk.root / ".git" / "COMMIT_EDITMSG"
    file.write_bytes(before)
    # It takes questions, and answers none for as long as it is there.
    with socket.create_server(("127.0.0.1", 0)) as server:
        desk.settle(f"http://127.0.0.1:{server.getsockname()[1]}/v1", hook_seconds=1)
        command = ["git", "hook", "run", "prepare-commit-msg", "--", ".git/COMMIT_EDITMSG"]
        done = subprocess.run(command, cwd=desk.root, capture_output=True, text=True, check=False)
    assert (done.returncode, file.read_bytes()) == (0, before)
    assert done.stderr == "copilot: no message proposed: not there within 1 s\n"


def test_a_commit_waits_once_for_both_hooks(desk: Desk, copilot: Copilot) -> None:
    desk.settle(DEAD)
    copilot("hook", "install", cwd=desk.root)
    done = desk.commit()
    # The review says that nobody answers; the message does not ask again.
    (line,) = done.stderr.splitlines()[:1]
    assert line.startswith("copilot: not reviewed: ")
    assert "no message proposed" not in done.stderr
    assert desk.shown == ""
