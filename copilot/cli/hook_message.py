"""`copilot hook run prepare-commit-msg`: a proposal for an empty message, or nothing at all."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from copilot.assist.hooking.commits import spent
from copilot.assist.hooking.policy import Verdict
from copilot.cli.hook_process import PYTHON
from copilot.cli.hook_run import Hook
from copilot.errors import ExitCode
from copilot.workspace.inherited import index_of

_NOTHING = Verdict(ExitCode.OK)
# With less, no answer can come.
_LEAST_SECONDS = 0.2
_MOST_BYTES = 1024 * 1024
_HINT = "hint: "


def prepare_message(hook: Hook, file: Path) -> Verdict:
    """Let a proposal be written into the file that git names; whatever fails leaves it as it is."""
    # git waits once for a commit, not for each of its hooks.
    earlier = spent(hook.paths, hook.git_dir, hook.called.process)
    until = hook.until - earlier.seconds
    is_late = earlier.in_vain or until - time.monotonic() < _LEAST_SECONDS
    if is_late or not _wants_message(hook, file):
        return _NOTHING
    return _proposed(hook, file, until)


def _wants_message(hook: Hook, file: Path) -> bool:
    """Tell whether the message is an empty one, and something is staged to write one for."""
    from copilot.assist.message import wants_message
    from copilot.workspace.messages import writing

    with file.open("rb") as opened:
        text = opened.read(_MOST_BYTES).decode("utf-8", "replace")
    return wants_message("", text, writing(hook.root).comment_mark)


def _proposed(hook: Hook, file: Path, until: float) -> Verdict:
    """Ask for a proposal until then, and end the asking."""
    before = file.read_bytes()
    hook.say_waiting("writing a message", until)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*PYTHON, "message", "--for-hook", os.fspath(file)],
            cwd=hook.root.path,
            env={**os.environ, **index_of(hook.root.path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        try:
            code = process.wait(max(until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(process)
        said.seek(0)
        words = said.read(_MOST_BYTES).decode("utf-8", "replace")
    if code == 0:
        return _NOTHING
    if file.read_bytes() != before:
        file.write_bytes(before)
    why = f"not there within {hook.policy.seconds:g} s" if code is None else reason(words)
    return Verdict(ExitCode.OK, f"no message proposed: {why}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the asking and all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def reason(said: str) -> str:
    """Return why a command failed, from what it said."""
    _, found, last = f"\n{said}".rpartition("\ncopilot: ")
    if not found:
        return "it broke off"
    why, _, rest = last.partition("\n")
    hint = rest.partition("\n")[0]
    return f"{why} ({hint.removeprefix(_HINT)})" if hint.startswith(_HINT) else why
