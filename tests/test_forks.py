"""A forked process is one by itself: it ends by its own code and holds nothing of a caller's."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from copilot.forks import can_fork, fork

_HERE = Path(__file__).parent.parent
linux = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")

_UNWOUND = """
import os
from copilot.forks import fork

def work():
    {work}

print("begun")
try:
    pid = fork(work)
finally:
    print("unwound")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def _said(program: str) -> list[str]:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@linux
@pytest.mark.parametrize(
    ("work", "code"),
    [("return 5", "5"), ("raise ValueError", "70"), ("raise SystemExit(3)", "70")],
)
def test_what_the_parent_was_in_the_middle_of_is_done_once(work: str, code: str) -> None:
    assert _said(_UNWOUND.format(work=work)) == ["begun", "unwound", code]


_HELD = """
import os, sys
from copilot.forks import fork, take_streams

own, kept, (other, write) = os.pipe(), os.pipe(), os.pipe()
os.set_inheritable(kept[0], True)

def work():
    take_streams(os.open(os.devnull, os.O_RDONLY), write, write, {kept[0]})
    print(*(os.path.exists(f"/proc/self/fd/{n}") for n in (int(sys.argv[1]), own[0], kept[0])))
    print("to stderr", file=sys.stderr)
    return 0

os.waitpid(fork(work), 0)
os.close(write)
print(os.read(other, 1000).decode(), os.path.exists(f"/proc/self/fd/{sys.argv[1]}"))
"""


@linux
def test_what_a_caller_left_open_is_closed_and_the_rest_is_kept() -> None:
    read, write = os.pipe()
    command = [sys.executable, "-c", _HELD, str(write)]
    done = subprocess.run(
        command, cwd=_HERE, capture_output=True, text=True, check=True, pass_fds=(write,)
    )
    os.close(write)
    assert done.stdout.splitlines() == ["to stderr", "False True True", " True"]
    assert select.select([read], [], [], 0)[0] == [read]
    os.close(read)


def test_nobody_forks_while_a_thread_runs() -> None:
    let = threading.Event()
    thread = threading.Thread(target=let.wait)
    thread.start()
    try:
        assert not can_fork()
        with pytest.raises(RuntimeError, match="threads"):
            fork(lambda: 0)
    finally:
        let.set()
        thread.join()
