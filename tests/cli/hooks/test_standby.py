"""A process that stands by runs hooks as processes of their own would, or is left aside."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from copilot.cli import standby_call
from copilot.cli.standby_call import LENGTH_BYTES, connected, folder, name_of, run_by_standby
from copilot.settings.paths import state_paths

Copilot: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
Git: TypeAlias = Callable[..., str]
Model: TypeAlias = Callable[..., str]
# Those of conftest.py.
Desk: TypeAlias = Any
Held: TypeAlias = Any

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it forks")
# What a hook that runs by itself imports, and one that is handed over does not.
_NOT_BY_ITSELF = """
def hook(event, args):
    if event == "import" and args[0] == "copilot.cli.hook_run":
        raise SystemExit("by itself")
"""


class Standing:
    """The process that stands by for a desk's repository."""

    def __init__(self, desk: Desk) -> None:
        self._git_dir = str(desk.root / ".git")
        place = desk.home / ".local/state/repo-copilot/standby" / name_of(self._git_dir)
        self.lock, self.socket = place.with_suffix(".lock"), place.with_suffix(".socket")

    def connected(self) -> socket.socket:
        return connected(self._git_dir)

    @property
    def pid(self) -> int:
        with self.connected() as line:
            said = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int(struct.unpack("iII", said)[0])

    def begin(self) -> None:
        """Wait until it listens."""
        while not self.socket.exists():
            time.sleep(0.02)

    def end(self) -> None:
        """Wait until it is gone."""
        while self.socket.exists():
            time.sleep(0.02)


@pytest.fixture
def standing(desk: Desk, held: Held) -> Iterator[Standing]:
    """A process that stands by, after a review of what was staged first, which found nothing."""
    desk.settle(held.url, hook_warm_seconds=600)
    held.let.set()
    assert desk.commit().returncode == 0
    standing = Standing(desk)
    standing.begin()
    (desk.root / "a.py").write_text("one = 1\ntwo = one / 0\nthree = 3\n")
    desk.git("add", "a.py")
    yield standing
    with suppress(OSError):
        os.kill(standing.pid, signal.SIGKILL)


def test_none_stands_by_unless_it_is_wanted(desk: Desk, model: Model) -> None:
    desk.settle(model(desk.clean))
    assert desk.commit().returncode == 0
    desk.await_reviews()
    assert not (desk.home / ".local/state/repo-copilot/standby").exists()


def test_it_is_where_the_user_s_own_state_is(empty_home: Path) -> None:
    assert Path(folder()) == state_paths().state / "standby"


def test_the_next_hook_is_run_by_it(
    standing: Standing, desk: Desk, held: Held, disturbed: Callable[[str], dict[str, str]]
) -> None:
    held.reply = desk.finding("error")
    before = desk.state()
    done = desk.git("hook", "run", "pre-commit", **disturbed(_NOT_BY_ITSELF))
    assert done.returncode == 1
    assert "This divides by zero." in done.stderr
    assert desk.said(done)[-1].startswith("copilot: the commit is held back by 1 finding")
    assert desk.state() == before
    assert held.count == 2


def test_what_the_user_says_now_counts(
    standing: Standing,
    desk: Desk,
    held: Held,
    disturbed: Callable[[str], dict[str, str]],
    git: Git,
) -> None:
    handed_over = disturbed(_NOT_BY_ITSELF)
    done = desk.git("hook", "run", "pre-commit", SKIP="copilot", **handed_over)
    assert (done.returncode, done.stderr) == (0, "")
    held.reply = desk.finding("error")
    desk.settle(held.url, hook_warm_seconds=600, hook_stops_at="nothing")
    assert desk.git("hook", "run", "pre-commit", **handed_over).returncode == 0
    desk.settle(desk.dead, hook_warm_seconds=600, hook_policy="closed")
    (desk.root / "b.py").write_text("two = 2\n")
    desk.git("add", "b.py")
    done = desk.git("hook", "run", "pre-commit", **handed_over)
    assert done.returncode == 7
    assert "not reviewed" in desk.said(done)[-1]


def test_another_work_tree_has_the_same(
    standing: Standing, desk: Desk, held: Held, disturbed: Callable[[str], dict[str, str]]
) -> None:
    there = desk.root.parent / "there"
    desk.git("worktree", "add", "--quiet", "--detach", os.fspath(there))
    other = desk.at(there)
    (there / "b.py").write_text("one = 1\nthree = 3\n")
    other.git("add", "b.py")
    done = other.git("hook", "run", "pre-commit", **disturbed(_NOT_BY_ITSELF))
    assert done.returncode == 0
    assert desk.said(done) == ["copilot: reviewed, nothing found; the commit goes on"]
    assert held.count == 2


def test_what_is_committed_is_reviewed_with_an_index_apart(
    standing: Standing, desk: Desk, held: Held
) -> None:
    held.reply = desk.finding("error")
    (desk.root / "b.py").write_text("unstaged = 1\n")
    done = desk.commit("a.py")
    assert done.returncode == 1
    assert "This divides by zero." in done.stderr
    assert "b.py" in desk.git("status", "--short").stdout


def test_a_late_review_goes_on_and_holds_nothing_that_a_caller_waits_for(
    standing: Standing, desk: Desk, held: Held
) -> None:
    held.let.clear()
    desk.settle(held.url, hook_warm_seconds=600, hook_seconds=3)
    # What it said is read to its end.
    done = desk.commit()
    assert done.returncode == 0
    assert "no review within 3 s" in desk.said(done)[0]
    # Nor does it hold the place of the process that it comes from.
    os.kill(standing.pid, signal.SIGKILL)
    with standing.lock.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(ConnectionRefusedError):
        standing.connected()
    assert not held.gone.is_set()
    held.let.set()
    desk.await_reviews()
    assert held.count == 2


def test_one_that_does_not_answer_is_left_aside(
    standing: Standing, desk: Desk, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = standing.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        done = desk.commit()
    finally:
        os.kill(pid, signal.SIGKILL)
    assert (done.returncode, held.count) == (0, 2)
    # Nor is a socket of one that was killed an answer.
    monkeypatch.chdir(desk.root)
    assert run_by_standby(["pre-commit"]) is None


def test_an_interrupt_ends_the_hook_and_the_review(
    standing: Standing, desk: Desk, held: Held
) -> None:
    held.let.clear()
    held.asked.clear()
    command = ["git", "hook", "run", "pre-commit"]
    process = subprocess.Popen(
        command, cwd=desk.root, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert held.asked.wait(desk.patience)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=desk.patience)
    assert process.returncode != 0
    assert "Traceback" not in said
    assert held.gone.wait(desk.patience)
    held.let.set()
    assert desk.commit().returncode == 0


@pytest.mark.parametrize(
    "said",
    [b"", b"x", (9).to_bytes(LENGTH_BYTES) + b"no fields", (2**63).to_bytes(LENGTH_BYTES)],
)
def test_who_speaks_otherwise_is_not_heard(standing: Standing, desk: Desk, said: bytes) -> None:
    with standing.connected() as line:
        line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        # What it has not read is lost, and Linux says so.
        with suppress(ConnectionResetError):
            assert line.recv(1) == b""
    assert desk.commit().returncode == 0
    assert standing.socket.exists()


def test_another_version_is_not_served(
    standing: Standing, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.root)
    monkeypatch.setattr(standby_call, "program", lambda: "0.0.9 elsewhere")
    assert run_by_standby(["pre-commit"]) is None
    assert standing.socket.exists()


def test_it_ends_once_its_code_is_another(
    desk: Desk, model: Model, disturbed: Callable[[str], dict[str, str]]
) -> None:
    desk.settle(model(desk.clean), hook_warm_seconds=600)
    variables = disturbed("def hook(event, args): ...")
    assert desk.commit(**variables).returncode == 0
    standing = Standing(desk)
    standing.begin()
    with standing.lock.open() as lock:
        code = Path(variables["PYTHONPATH"]) / "sitecustomize.py"
        code.write_text(f"# Another version.\n{code.read_text()}")
        assert desk.git("hook", "run", "pre-commit").returncode == 0
        fcntl.flock(lock, fcntl.LOCK_EX)


def test_it_ends_with_the_hooks(standing: Standing, desk: Desk, copilot: Copilot) -> None:
    assert copilot("hook", "uninstall", cwd=desk.root).returncode == 0
    standing.end()


def test_it_ends_if_the_hooks_go_while_it_begins(
    desk: Desk, model: Model, copilot: Copilot
) -> None:
    desk.settle(model(desk.clean), hook_warm_seconds=600)
    assert desk.commit().returncode == 0
    standing = Standing(desk)
    while not standing.lock.exists():
        time.sleep(0.001)
    with standing.lock.open() as lock:
        assert copilot("hook", "uninstall", cwd=desk.root).returncode == 0
        assert not standing.lock.exists()
        # Whoever holds it comes to its end.
        fcntl.flock(lock, fcntl.LOCK_EX)


def test_it_ends_without_its_socket(standing: Standing, desk: Desk) -> None:
    with standing.lock.open() as lock:
        standing.socket.unlink()
        fcntl.flock(lock, fcntl.LOCK_EX)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_hook_ends_with_who_asked_for_it(
    standing: Standing, desk: Desk, held: Held, number: int
) -> None:
    held.let.clear()
    held.asked.clear()
    hook = [os.fspath(desk.root / ".git/hooks/pre-commit")]
    process = subprocess.Popen(hook, cwd=desk.root, stderr=subprocess.PIPE, text=True)
    assert held.asked.wait(desk.patience)
    process.send_signal(number)
    # Whatever would say more holds the pipe open.
    assert process.communicate(timeout=desk.patience)[1] == ""
    assert process.returncode == -number
    held.let.set()
    desk.await_reviews()
    assert desk.commit().returncode == 0
    assert held.count == 2


def test_a_push_of_which_nothing_is_known_any_more_is_held_back(
    standing: Standing, desk: Desk, held: Held, copilot: Copilot
) -> None:
    assert copilot("hook", "install", "pre-push", cwd=desk.root).returncode == 0
    remote = desk.root.parent / "remote.git"
    desk.git("init", "--quiet", "--bare", os.fspath(remote))
    desk.git("push", "--quiet", "--no-verify", os.fspath(remote), "HEAD:refs/heads/main")
    desk.commit("--no-verify")
    held.let.clear()
    held.asked.clear()
    command = ["git", "push", os.fspath(remote), "HEAD:refs/heads/main"]
    process = subprocess.Popen(command, cwd=desk.root, stderr=subprocess.PIPE, text=True)
    assert held.asked.wait(desk.patience)
    (runner,) = _children(standing.pid)
    os.kill(runner, signal.SIGKILL)
    process.communicate(timeout=desk.patience)
    assert process.returncode != 0
    held.let.set()
    desk.await_reviews()


def _children(pid: int) -> list[int]:
    said = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in said.split()]


def test_it_ends_where_nobody_wants_it_any_more(standing: Standing, desk: Desk, held: Held) -> None:
    desk.settle(held.url)
    assert desk.commit().returncode == 0
    standing.end()


def test_it_ends_when_no_hook_comes(desk: Desk, held: Held) -> None:
    desk.settle(held.url, hook_warm_seconds=1)
    held.let.set()
    assert desk.commit().returncode == 0
    standing = Standing(desk)
    while not standing.lock.exists():
        time.sleep(0.02)
    standing.begin()
    standing.end()
