"""What is committed is what is reviewed, and nothing else happens."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Copilot: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
MakeRepository: TypeAlias = Callable[..., Path]
Model: TypeAlias = Callable[..., str]
# Those of conftest.py.
Desk: TypeAlias = Any


@pytest.mark.parametrize(
    "variables",
    [{"SKIP": "copilot"}, {"SKIP": "ruff,copilot-review"}, {"CI": "true"}],
)
def test_nothing_is_asked_where_nobody_wants_it(
    desk: Desk, model: Model, asked: list[dict[str, Any]], variables: dict[str, str]
) -> None:
    desk.settle(model(desk.finding("error")))
    done = desk.commit(**variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert asked == []


def test_in_ci_a_review_may_be_wanted(desk: Desk, model: Model) -> None:
    desk.settle(model(desk.finding("error")), hook_in_ci=True)
    assert desk.commit(CI="true").returncode == 1


def test_no_verify_starts_nothing(desk: Desk, model: Model, asked: list[dict[str, Any]]) -> None:
    desk.settle(model(desk.finding("error")))
    assert desk.commit("--no-verify").returncode == 0
    assert asked == []


def test_where_nothing_to_read_is_staged_nothing_is_said(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(desk.finding("error")))
    desk.git("reset", "--quiet", "--hard")
    assert desk.commit("--allow-empty").stderr == ""
    (desk.root / "picture.bin").write_bytes(bytes(range(256)))
    desk.git("add", "picture.bin")
    done = desk.commit()
    assert (done.returncode, done.stderr, asked) == (0, "", [])


def test_a_secret_in_a_text_of_two_bytes_a_character_is_found(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(desk.clean))
    desk.git("reset", "--quiet", "--hard")
    (desk.root / "a.reg").write_bytes('one\r\nDB_PASSWORD = "hunter2Xq9vz7w"\r\n'.encode("utf-16"))
    desk.git("add", "a.reg")
    done = desk.commit()
    assert (done.returncode, asked) == (1, [])
    assert "a.reg:2: error: what looks like a secret is added" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(("policy", "code"), [("open", 0), ("closed", 1)])
def test_what_is_too_large_to_be_looked_at_is_no_pass(
    desk: Desk, model: Model, asked: list[dict[str, Any]], policy: str, code: int
) -> None:
    desk.settle(model(desk.clean), hook_policy=policy)
    desk.git("reset", "--quiet", "--hard")
    (desk.root / "dump.sql").write_text("insert into t values (1);\n" * 400_000)
    desk.git("add", "dump.sql")
    done = desk.commit()
    assert (done.returncode, asked) == (code, [])
    assert "dump.sql: too large to be compared" in done.stderr
    assert "incomplete: 1 file not shown" in done.stderr


@pytest.mark.parametrize("options", [("--all",), ("--only", "b.py"), ("--include", "b.py")])
def test_what_is_committed_is_reviewed(
    desk: Desk, model: Model, asked: list[dict[str, Any]], options: tuple[str, ...]
) -> None:
    desk.settle(model("HUNK 1: looked at\nHUNK 2: looked at\nEND OF REVIEW: 2 hunks, 0 findings\n"))
    (desk.root / "b.py").write_text("one = 1\nsecond = 2\n")
    desk.commit(*options)
    task = asked[0]["messages"][-1]["content"].partition("# A change to review")[2]
    assert "second = 2" in task
    assert ("two = one / 0" in task) is (options[0] != "--only")


def test_a_hook_before_ours_stops_first(
    desk: Desk, model: Model, asked: list[dict[str, Any]], copilot: Copilot
) -> None:
    desk.settle(model(desk.clean))
    copilot("hook", "uninstall", cwd=desk.root)
    hook = desk.root / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho mine >&2\nexit 5\n")
    hook.chmod(0o755)
    copilot("hook", "install", "pre-commit", cwd=desk.root)
    done = desk.commit()
    assert (done.returncode, done.stderr, asked) == (1, "mine\n", [])


def test_a_linked_work_tree_is_reviewed(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(desk.clean))
    desk.git("worktree", "add", "--quiet", "../second")
    second = desk.at(desk.root.parent / "second")
    (second.root / "b.py").write_text("one = 1\nin_second = 2\n")
    done = second.commit("--all")
    assert done.returncode == 0
    task = asked[0]["messages"][-1]["content"].partition("# A change to review")[2]
    assert "in_second = 2" in task
    assert "two = one / 0" not in task


def test_the_first_commit_is_reviewed(
    desk: Desk, model: Model, asked: list[dict[str, Any]], tmp_path: Path, copilot: Copilot
) -> None:
    desk.settle(model(desk.clean))
    root = tmp_path / "new"
    root.mkdir()
    new = desk.at(root)
    new.git("init", "--quiet")
    copilot("hook", "install", "pre-commit", cwd=root)
    (root / "a.py").write_text("first = 1\n")
    new.git("add", "a.py")
    done = new.commit()
    assert "nothing found" in done.stderr
    assert "first = 1" in asked[0]["messages"][-1]["content"]


def test_a_name_from_the_repository_is_not_imported(desk: Desk, model: Model) -> None:
    desk.settle(model(desk.clean))
    for name in ("copilot", "typing", "json", "sitecustomize"):
        (desk.root / f"{name}.py").write_text("raise SystemExit(99)\n")
    done = desk.commit()
    assert (done.returncode, desk.said(done)) == (
        0,
        ["copilot: reviewed, nothing found; the commit goes on"],
    )


def test_a_submodule_does_not_confuse_the_review(
    desk: Desk, model: Model, make_repository: MakeRepository, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(desk.clean), submodules=True)
    inner = make_repository({"inner.py": "inner = 1\n"}, "inner")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    assert desk.git(*add).returncode == 0
    assert desk.commit("--no-verify").returncode == 0
    (desk.root / "a.py").write_text("one = 1\ntwo = one / 0\nthree = 3\n")
    done = desk.commit("--all")
    assert desk.said(done) == ["copilot: reviewed, nothing found; the commit goes on"]
    assert len(asked) == 1
    task = asked[0]["messages"][-1]["content"].partition("# A change to review")[2]
    assert "three = 3" in task


def test_no_model_is_fetched_for_a_commit(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    done = desk.commit(COPILOT_MODELS_DIR=str(tmp_path / "models"))
    assert done.returncode == 0
    assert desk.said(done) == [
        "copilot: not reviewed: no model to ask (copilot models add, or copilot models pull); "
        "the commit goes on"
    ]
    assert list((tmp_path / "models").iterdir()) == []


# Dies just before the second file is written.
_KILLER = """
import os
seen = 0
def hook(event, args):
    global seen
    if event == "os.rename" and ".copilot-" in str(args[0]) and not str(args[0]).endswith(".part"):
        seen += 1
        if seen == 2:
            os.kill(os.getpid(), 9)
"""


def test_an_interrupted_change_is_not_finished_by_a_hook(
    desk: Desk,
    model: Model,
    copilot: Copilot,
    disturbed: Callable[[str], dict[str, str]],
    block: Callable[..., str],
    reply: Callable[..., str],
) -> None:
    desk.settle(model(desk.clean))
    blocks = [block(f"repo/{name}.py", "one = 1\n", "one = 2\n") for name in "ab"]
    edits = reply(*blocks, files=2)
    done = copilot("apply", "--yes", cwd=desk.root, stdin=edits, environment=disturbed(_KILLER))
    assert done.returncode == -9
    before = desk.state()
    done = desk.git("hook", "run", "pre-commit")
    assert desk.state() == before
    assert desk.said(done) == [
        "copilot: not reviewed: an earlier change was interrupted (copilot recover); "
        "the commit goes on"
    ]
