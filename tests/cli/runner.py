"""Runs one command after another, each in a process of its own that is forked from this one.

What commands import is imported once. On the socket whose number is the argument a job comes with
the three streams of its process: its length in eight digits, then its `arguments`, `cwd` and
`environment` as JSON. Back go two lines: the process's number and, once it has ended, its exit
code.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
import socket
import sys
import time
from importlib import import_module

import quicktok

import copilot
from copilot.context.tokens import DEFAULT_TOKENIZER

# Commands that need them import them last, for they take long.
_LEFT_OUT = ("copilot.__main__", "copilot.evals", "copilot.tui")


def _import_all() -> None:
    for module in pkgutil.walk_packages(copilot.__path__, "copilot."):
        if not module.name.startswith(_LEFT_OUT):
            import_module(module.name)
    quicktok.get_encoding(DEFAULT_TOKENIZER)


def _next_job(line: socket.socket) -> tuple[str, list[int]]:
    """Return a job and its streams; nothing when nobody is there any more."""
    length, streams, _, _ = socket.recv_fds(line, 8, 3)
    text = b""
    while length and len(text) < int(length):
        text += line.recv(int(length) - len(text))
    return text.decode(), streams


def _become(text: str, streams: list[int], variables: dict[str, str]) -> None:
    """Turn this process into one that `python -m copilot` has begun."""
    job = json.loads(text)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update({**variables, **job["environment"]})
    time.tzset()
    os.chdir(job["cwd"])
    sys.path[0] = job["cwd"]
    sys.argv = ["copilot", *job["arguments"]]


def _is_the_command(line: socket.socket) -> bool:
    """Serve until nobody is there any more; tell whether this is a process that was forked."""
    given = set(os.environ)
    _import_all()
    variables = {name: value for name, value in os.environ.items() if name not in given}
    gc.freeze()
    while True:
        text, streams = _next_job(line)
        if not text:
            return False
        pid = os.fork()
        if pid == 0:
            _become(text, streams, variables)
            return True
        for stream in streams:
            os.close(stream)
        line.sendall(b"%d\n" % pid)
        line.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _carry_out() -> None:
    """Run the command, and end without taking down all that is imported, which takes far longer.

    What Python does before that is done: it waits for threads, calls who asked for it, and flushes.
    """
    code: object = 0
    try:
        runpy.run_module("copilot", run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        code = leaving.code
    import_module("threading")._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    assert isinstance(code, int)
    os._exit(code)


with socket.socket(fileno=int(sys.argv[1])) as _line:
    _is_forked = _is_the_command(_line)
if _is_forked:
    _carry_out()
