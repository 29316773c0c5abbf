"""What a review says decides on the commit; where there is none, the policy does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Copilot: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
Model: TypeAlias = Callable[..., str]
# Those of conftest.py.
Desk: TypeAlias = Any


def test_a_clean_review_lets_the_commit_go_on(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(desk.clean))
    done = desk.commit()
    assert done.returncode == 0, done.stderr
    assert desk.said(done) == ["copilot: reviewed, nothing found; the commit goes on"]
    assert (desk.commits, len(asked)) == (2, 1)
    assert "two = one / 0" in asked[0]["messages"][-1]["content"]


def test_the_same_again_costs_nothing(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(desk.finding("error")))
    first, again = desk.commit(), desk.commit()
    assert (first.returncode, again.returncode) == (1, 1)
    assert first.stderr == again.stderr
    assert len(asked) == 1


def test_an_error_holds_the_commit_back(desk: Desk, model: Model) -> None:
    desk.settle(model(desk.finding("error")))
    done = desk.commit()
    assert (done.returncode, desk.commits) == (1, 1)
    assert "This divides by zero." in done.stderr
    assert "two = one / 0" in done.stderr
    assert done.stderr.count("1 finding") == 1
    assert desk.said(done)[-1] == (
        "copilot: the commit is held back by 1 finding (all the same: git commit --no-verify)"
    )
    assert desk.commit("--no-verify").returncode == 0


def test_what_the_hook_suggested_is_taken_without_asking_again(
    desk: Desk, model: Model, copilot: Copilot, asked: list[dict[str, Any]]
) -> None:
    edit = "repo/a.py\n<<<<<<< SEARCH\ntwo = one / 0\n=======\ntwo = one\n>>>>>>> REPLACE\n"
    whole = desk.finding("error").replace("END FINDING", f"suggestion:\n{edit}END FINDING")
    desk.settle(model(whole))
    assert "copilot review --last --fix-staged" in desk.said(desk.commit())[-1]
    (desk.root / "a.py").write_text("unstaged = 1\n")
    done = copilot("review", "--last", "--fix-staged", "--yes", cwd=desk.root)
    assert done.returncode == 1
    assert "This divides by zero." in done.stdout
    assert desk.git("show", ":a.py").stdout == "one = 1\ntwo = one\n"
    assert (desk.root / "a.py").read_text() == "unstaged = 1\n"
    done = copilot("review", "--last", "--fix-staged", "--yes", cwd=desk.root)
    assert "no change is suggested that could be made" in done.stderr
    assert len(asked) == 1


@pytest.fixture
def suggesting(desk: Desk) -> str:
    """A review that says what to do."""
    edit = "repo/a.py\n<<<<<<< SEARCH\ntwo = one / 0\n=======\ntwo = one\n>>>>>>> REPLACE\n"
    found: str = desk.finding("error")
    return found.replace("END FINDING", f"suggestion:\n{edit}END FINDING")


def test_what_is_staged_for_one_commit_alone_is_changed_on_disk(
    desk: Desk, model: Model, copilot: Copilot, suggesting: str
) -> None:
    desk.settle(model(suggesting))
    desk.git("reset", "--quiet")
    line = desk.said(desk.commit("--all"))[-1]
    assert "copilot review --last --apply" in line
    done = copilot("review", "--last", "--fix-staged", "--yes", cwd=desk.root)
    assert "a.py: what was reviewed is not staged (git commit -a" in done.stderr
    assert "copilot review --last --apply" in done.stderr
    done = copilot("review", "--last", "--apply", "--yes", cwd=desk.root)
    assert (desk.root / "a.py").read_text() == "one = 1\ntwo = one\n"


def test_what_is_staged_otherwise_since_stays_as_it_is(
    desk: Desk, model: Model, copilot: Copilot, suggesting: str
) -> None:
    desk.settle(model(suggesting))
    assert desk.commit().returncode == 1
    (desk.root / "a.py").write_text("one = 1\ntwo = one / 0\nthree = 3\n")
    desk.git("add", "a.py")
    done = copilot("review", "--last", "--fix-staged", "--yes", cwd=desk.root)
    assert "a.py is staged otherwise than it was reviewed" in done.stderr
    assert "three = 3" in desk.git("show", ":a.py").stdout
    assert "two = one / 0" in desk.git("show", ":a.py").stdout


def test_the_review_of_something_else_is_no_answer(
    desk: Desk, model: Model, copilot: Copilot
) -> None:
    desk.settle(model(desk.clean))
    assert desk.commit().returncode == 0
    assert copilot("review", "--last", cwd=desk.root).returncode == 0
    (desk.root / "a.py").write_text("one = 2\n")
    assert desk.commit("--all", "--no-verify").returncode == 0
    done = copilot("review", "--last", cwd=desk.root)
    assert done.returncode == 7
    assert "no hook has asked for a review of what is checked out here" in done.stderr
    assert "with " in done.stdout


@pytest.mark.parametrize(
    ("severity", "keys", "code"),
    [
        ("warning", {}, 0),
        ("warning", {"hook_stops_at": "warning"}, 1),
        ("error", {"hook_stops_at": "nothing"}, 0),
    ],
)
def test_the_user_says_what_holds_a_commit_back(
    desk: Desk, model: Model, severity: str, keys: dict[str, Any], code: int
) -> None:
    desk.settle(model(desk.finding(severity)), **keys)
    done = desk.commit()
    assert done.returncode == code
    assert "This divides by zero." in done.stderr


@pytest.mark.parametrize("policy", ["open", "closed"])
@pytest.mark.parametrize("server", ["dead", "refusing", "failing", "lying", "hanging up", "empty"])
def test_without_an_answer_the_policy_decides(
    desk: Desk, model: Model, policy: str, server: str
) -> None:
    urls: dict[str, Callable[[], str]] = {
        "dead": lambda: desk.dead,
        "refusing": lambda: model(desk.clean, key="secret"),
        "failing": lambda: model(desk.clean, refusal=(500, "{}")),
        "lying": lambda: model("All is well, I looked at everything. PASS"),
        "hanging up": lambda: model(desk.clean[:12], reason=""),
        "empty": lambda: model(""),
    }
    desk.settle(urls[server](), hook_policy=policy)
    before = desk.state()
    done = desk.git("hook", "run", "pre-commit")
    assert desk.state() == before
    assert done.returncode == (0 if policy == "open" else 7), done.stderr
    (line,) = desk.said(done)
    assert ("the commit goes on" in line) is (policy == "open")
    assert ("the commit is held back" in line) is (policy == "closed")


def test_what_was_found_and_what_was_not_read_are_told_once(desk: Desk, model: Model) -> None:
    whole = desk.finding("error").replace("looked at\n", "not looked at\n", 1)
    desk.settle(model(whole))
    done = desk.commit()
    assert done.returncode == 1
    (line,) = desk.said(done)
    assert "held back by 1 finding" in line
    assert line.endswith("the review is incomplete: 1 hunk not looked at")
    assert done.stderr.count("incomplete") == 1


@pytest.mark.parametrize(("policy", "commits"), [("open", 2), ("closed", 1)])
def test_a_dead_server_and_a_commit(desk: Desk, policy: str, commits: int) -> None:
    desk.settle(desk.dead, hook_policy=policy)
    done = desk.commit()
    assert desk.commits == commits
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize(("policy", "code"), [("open", 0), ("closed", 7)])
def test_a_git_that_hangs_holds_nothing_up(
    desk: Desk, tmp_path: Path, policy: str, code: int
) -> None:
    desk.settle(desk.dead, hook_seconds=1, hook_policy=policy)
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nexec sleep 600\n")
    git.chmod(0o755)
    done = subprocess.run(
        [desk.root / ".git" / "hooks" / "pre-commit"],
        cwd=desk.root,
        env={**os.environ, "PATH": f"{git.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    (line,) = desk.said(done)
    assert "not reviewed: git did not answer within 1 s" in line


def test_a_hook_run_changes_no_byte(desk: Desk, model: Model) -> None:
    desk.settle(model(desk.clean))
    (desk.root / "b.py").write_text("stashed = 1\n")
    desk.git("stash", "push", "--quiet", "b.py")
    (desk.root / "a.py").write_text("one = 1\ntwo = one / 0\nunstaged = 1\n")
    (desk.root / "new.py").write_text("untracked = 1\n")
    before = desk.state()
    done = desk.git("hook", "run", "pre-commit")
    assert "nothing found" in done.stderr
    assert desk.state() == before


def test_a_secret_is_found_without_a_model(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(desk.clean))
    secret = "ghp_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2"
    (desk.root / "a.py").write_text(f'token = "{secret}"\n')
    desk.git("add", "a.py")
    done = desk.commit()
    assert (done.returncode, desk.commits, asked) == (1, 1, [])
    assert secret not in done.stderr
    assert "a.py" in done.stderr


@pytest.mark.parametrize(("policy", "code"), [("open", 0), ("closed", 1)])
def test_a_repository_cannot_loosen_the_policy(
    desk: Desk, model: Model, policy: str, code: int
) -> None:
    desk.settle(model(desk.clean), hook_policy=policy)
    (desk.root / ".copilot.toml").write_text('hook_policy = "open"\n')
    done = desk.commit()
    assert done.returncode == code
    assert "which a repository may not" in desk.said(done)[0]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ('hook_policy = "closed"\nthme = "dark"\n', 7),
        ('hook_policy = "clsoed"\n', 7),
        ("hook_policy = 'closed' # mine\n[", 7),
        ('hook_policy = "open"\nthme = "dark"\n', 0),
        ('thme = "dark"\n', 0),
    ],
)
def test_a_policy_stands_where_the_rest_cannot_be_read(desk: Desk, wrong: str, code: int) -> None:
    desk.settle(desk.dead)
    config = desk.home / ".config" / "repo-copilot" / "config.toml"
    config.write_text(wrong)
    done = desk.git("hook", "run", "pre-commit")
    assert done.returncode == code
    assert "not reviewed: " in done.stderr


def test_our_own_checks_need_no_settings(desk: Desk, model: Model) -> None:
    desk.settle(model(desk.clean))
    (desk.root / ".copilot.toml").write_text('model = "theirs"\n')
    assert desk.commit().returncode == 0
    (desk.root / "a.py").write_text('DB_PASSWORD = "hunter2Xq9vz7w"\n')
    done = desk.commit("--all")
    assert done.returncode == 1
    assert "a.py:1: error: what looks like a secret is added" in done.stderr


def test_the_document_of_the_last_review_is_whole(
    desk: Desk, model: Model, copilot: Copilot
) -> None:
    desk.settle(model(desk.clean))
    assert desk.commit().returncode == 0
    last = json.loads(copilot("review", "--last", "--json", cwd=desk.root).stdout)
    assert [file["path"] for file in last["files"]] == ["a.py"]
    assert last["reviewed"].startswith("what pre-commit saw at ")


def test_names_of_any_bytes_are_reviewed(desk: Desk, model: Model) -> None:
    desk.settle(model(desk.clean))
    desk.git("reset", "--quiet", "--hard")
    (desk.root / os.fsdecode(b"\xff \n.py")).write_text("one = 1\ntwo = one / 0\n")
    desk.git("add", "--all")
    done = desk.commit()
    assert desk.said(done) == ["copilot: reviewed, nothing found; the commit goes on"]


def test_what_does_not_stand_is_counted(
    desk: Desk, model: Model, asked: list[dict[str, Any]]
) -> None:
    desk.settle(model(desk.finding("error").replace("> two = one / 0", "> three = 3")))
    first = desk.git("hook", "run", "pre-commit")
    again = desk.git("hook", "run", "pre-commit")
    assert (first.returncode, again.returncode, len(asked)) == (0, 0, 1)
    assert first.stderr == again.stderr
    assert "dropped" in first.stderr
