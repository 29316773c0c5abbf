"""What is late goes on without the commit, and is there for the next one."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import pytest

Copilot: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
Model: TypeAlias = Callable[..., str]
# Those of conftest.py.
Desk: TypeAlias = Any
Held: TypeAlias = Any


def test_a_late_review_is_finished_in_the_background(
    desk: Desk, held: Held, copilot: Copilot
) -> None:
    desk.settle(held.url, hook_seconds=3)
    done = desk.commit()
    # Nobody has let the server answer yet.
    assert (done.returncode, desk.commits) == (0, 2)
    (line,) = desk.said(done)
    assert line.startswith("copilot: no review within 3 s; the commit goes on")
    assert "copilot review --last" in line
    last = copilot("review", "--last", cwd=desk.root)
    assert (last.returncode, last.stdout, last.stderr) == (7, "", "a review is on its way\n")
    held.reply = desk.finding("error")
    held.let.set()
    desk.await_reviews()
    assert held.count == 1
    last = copilot("review", "--last", cwd=desk.root)
    assert "This divides by zero." in last.stdout
    note = desk.git("notes", "--ref=copilot", "show", "HEAD^{tree}").stdout
    assert "This divides by zero." in note


def test_a_late_review_holds_nothing_open_that_a_caller_waits_for(desk: Desk, held: Held) -> None:
    desk.settle(held.url, hook_seconds=3)
    read, write = os.pipe()
    command = ["git", "commit", "--quiet", "--message", "next"]
    done = subprocess.run(
        command, cwd=desk.root, capture_output=True, text=True, check=True, pass_fds=(write,)
    )
    os.close(write)
    assert "no review within 3 s" in done.stderr
    # A pipe that somebody holds has no end.
    assert select.select([read], [], [], 0)[0] == [read]
    os.close(read)
    held.let.set()
    desk.await_reviews()


def test_an_earlier_late_review_is_not_lost(desk: Desk, held: Held, copilot: Copilot) -> None:
    desk.settle(held.url, hook_seconds=3)
    assert desk.commit().returncode == 0
    held.reply = desk.finding("error")
    held.let.set()
    desk.await_reviews()
    held.reply = desk.clean
    (desk.root / "a.py").write_text("one = 1\ntwo = one / 0\nthree = 3\n")
    desk.settle(held.url)
    assert desk.commit("--all").returncode == 0
    last = copilot("review", "--last", "--quiet", cwd=desk.root)
    assert last.returncode == 0
    assert "This divides by zero." not in last.stdout
    (line,) = last.stderr.splitlines()
    assert line.startswith("a late review of what pre-commit saw at ")
    named = line.partition(" has 1 finding: git ")[2].split()
    assert "This divides by zero." in desk.git(*named[:-1], f"{named[-1]}").stdout
    assert copilot("review", "--last", cwd=desk.root).stderr == ""


def test_what_is_kept_is_no_answer_while_another_review_is_on_its_way(
    desk: Desk, held: Held, copilot: Copilot
) -> None:
    desk.settle(held.url)
    held.let.set()
    desk.git("hook", "run", "pre-commit")
    held.let.clear()
    (desk.root / "a.py").write_text("one = 1\ntwo = one / 0\nthree = 3\n")
    desk.git("add", "a.py")
    desk.settle(held.url, hook_seconds=3)
    desk.git("hook", "run", "pre-commit")
    last = copilot("review", "--last", cwd=desk.root)
    assert last.returncode == 7
    assert last.stderr.splitlines() == ["a review is on its way", "the one before:"]
    assert "nothing found" in last.stdout
    held.let.set()
    desk.await_reviews()
    assert copilot("review", "--last", cwd=desk.root).returncode == 0


def test_who_waits_in_a_terminal_is_told_so(desk: Desk, model: Model) -> None:
    desk.settle(model(desk.clean))
    ours, its = pty.openpty()
    command = ["git", "hook", "run", "pre-commit"]
    done = subprocess.run(command, cwd=desk.root, stdin=subprocess.DEVNULL, stderr=its, check=False)
    os.close(its)
    said = b""
    # At the end of a terminal that nobody holds, Linux fails and macOS gives nothing.
    with suppress(OSError):
        while part := os.read(ours, 1000):
            said += part
    os.close(ours)
    assert done.returncode == 0
    first, second = said.decode().splitlines()
    assert first.startswith("copilot: reviewing, at most ")
    assert first.endswith(" s (Ctrl-C ends the commit)")
    assert "nothing found" in second


def test_a_late_review_reads_what_was_staged_then(desk: Desk, held: Held) -> None:
    desk.settle(held.url, hook_seconds=3)
    assert desk.commit().returncode == 0
    (desk.root / "a.py").write_text("three = 3\n")
    desk.git("add", "a.py")
    held.let.set()
    desk.await_reviews()
    note = json.loads(desk.git("notes", "--ref=copilot", "show", "HEAD^{tree}").stdout)
    assert note["outcome"] == "pass"


def test_closed_the_next_try_has_the_late_answer(desk: Desk, held: Held) -> None:
    desk.settle(held.url, hook_seconds=3, hook_policy="closed")
    done = desk.commit()
    assert (done.returncode, desk.commits) == (1, 1)
    assert "the commit is held back" in desk.said(done)[0]
    held.let.set()
    desk.await_reviews()
    assert desk.commit().returncode == 0
    assert held.count == 1


def test_a_second_commit_waits_for_the_review_on_its_way(desk: Desk, held: Held) -> None:
    desk.settle(held.url, hook_seconds=3, hook_policy="closed")
    assert desk.commit().returncode == 1
    assert desk.commit().returncode == 1
    assert held.asked.wait(desk.patience)
    held.let.set()
    desk.await_reviews()
    assert held.count == 1


def test_without_background_nothing_goes_on(desk: Desk, held: Held) -> None:
    desk.settle(held.url, hook_seconds=3, hook_background=False)
    done = desk.commit()
    assert done.returncode == 0
    assert "background" not in done.stderr
    # Its lock is free, and nobody has let the server answer.
    desk.await_reviews()
    assert not held.asked.is_set() or held.gone.wait(desk.patience)
    assert desk.git("notes", "--ref=copilot", "list").stdout == ""


_STUCK = """
import time
def hook(event, args):
    if event == "subprocess.Popen" and "diff-index" in args[1]:
        time.sleep(3600)
"""


@pytest.mark.parametrize(("policy", "code"), [("open", 0), ("closed", 7)])
def test_our_own_part_has_the_same_deadline(
    desk: Desk,
    model: Model,
    asked: list[dict[str, Any]],
    disturbed: Callable[[str], dict[str, str]],
    policy: str,
    code: int,
) -> None:
    desk.settle(model(desk.clean), hook_seconds=3, hook_policy=policy)
    done = desk.git("hook", "run", "pre-commit", **disturbed(_STUCK))
    assert (done.returncode, asked) == (code, [])
    (line,) = desk.said(done)
    assert line.startswith("copilot: not reviewed: not even read within 3 s; the commit")
