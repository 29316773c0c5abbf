"""Runs copilot's main for one job after another, each in a process of its own that is watched.

Standard input holds a job a line, as JSON: `arguments`, `cwd`, `environment`, and the `folder` for
its `stdout`, `stderr` and `audit`. `meanwhile` names functions of `os` and their arguments, which
are called just before the file `when` is opened. For each job a line comes back: the `pid` and the
exit `code`. What a command imports anyway is imported once, before the processes are forked.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import quicktok

from copilot.cli import ask, commands, main, pack  # noqa: F401
from copilot.context.tokens import DEFAULT_TOKENIZER

# Events of interest, and which of their arguments tell what was touched.
_WATCHED = {
    "open": 0,
    "os.exec": 0,
    "os.listdir": 0,
    "os.posix_spawn": 0,
    "os.scandir": 0,
    "os.startfile": 0,
    "os.system": 0,
    "pty.spawn": 0,
    "socket.bind": 1,
    "socket.connect": 1,
    "socket.sendto": 1,
    "subprocess.Popen": 0,
}


def _watch(log: int, when: str, meanwhile: list[list[Any]]) -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _WATCHED:
            return
        touched = arguments[_WATCHED[event]]
        if isinstance(touched, bytes | os.PathLike):
            touched = os.fsdecode(touched)
        if event == "open" and isinstance(touched, str):
            touched = f"{os.getcwd()}/{touched}" if touched[:1] != "/" else touched  # noqa: PTH109
            while touched == when and meanwhile:
                name, *others = meanwhile.pop(0)
                getattr(os, name)(*others)
        os.write(log, json.dumps([event, touched], default=str).encode() + b"\n")

    sys.addaudithook(hook)


def _become(job: dict[str, Any]) -> None:
    """Turn this process into what the job asks for, and leave it with the command's exit code."""
    folder = Path(job["folder"])
    for number, name in enumerate(("stdout", "stderr"), 1):
        os.dup2(os.open(folder / name, os.O_CREAT | os.O_WRONLY), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["cwd"])
    sys.argv = ["copilot", *job["arguments"]]
    log = os.open(folder / "audit", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    _watch(log, job["when"], job["meanwhile"])
    code: object = 1
    try:
        main.main()
    except SystemExit as leaving:
        code = leaving.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _import_all() -> None:
    """Import what commands import while they run, without a thread: none survives a fork."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with suppress(ImportError):
        import_module("numpy")
    quicktok.get_encoding(DEFAULT_TOKENIZER)
    with suppress(SystemExit), redirect_stdout(io.StringIO()):
        commands.command_line(["pack", "--help"])


def _serve() -> None:
    _import_all()
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(job)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(json.dumps({"pid": pid, "code": code}) + "\n")
        sys.stdout.flush()


_serve()
