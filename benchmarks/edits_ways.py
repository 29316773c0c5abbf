"""The ways of `benchmarks/edits.py`: how a task is given to copilot and to aider."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.edits_between import Between, Exchange
from benchmarks.edits_tasks import Task, passes, write_files
from copilot.assist.propose import read_reply
from copilot.errors import EditsRefused

_SECONDS = 900
_WINDOW = 16_384
_SAID_CHARACTERS = 2000
# What copilot says of edits that are none.
_CHANGES_NOTHING = ("changes nothing", "nothing to change")
# What aider says when it has written edits, and when a reply's are refused.
_WRITTEN, _REFUSED = "Applied edit to", "did not conform to the edit format"
_COPILOT = [sys.executable, "-m", "copilot"]
# Nothing listens there: what is not on loopback is not reached.
_NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Way:
    """A tool and its options."""

    tool: str
    options: tuple[str, ...]


WAYS: Mapping[str, Way] = {
    "copilot free": Way("copilot", ("--constrained", "off", "--no-repair")),
    "copilot constrained": Way("copilot", ("--constrained", "on", "--no-repair")),
    "copilot free with repairs": Way("copilot", ("--constrained", "off")),
    "copilot constrained with repairs": Way("copilot", ("--constrained", "on")),
    "aider whole": Way("aider", ("--edit-format", "whole")),
    "aider diff": Way("aider", ("--edit-format", "diff")),
}


@dataclass(frozen=True)
class Row:
    """What became of a task, done in one way by one model.

    `parsed`: edits could be read from the last reply. `applied`: they were written, and changed
    something; `outcome` says why not, in a word. `passed`: the hidden test passes then. Tokens are
    those of all requests; `seconds` is the time of the whole command, `model_seconds` the time in
    which the server worked on them. `said` is the end of what the tool said.
    """

    task: str
    kind: str
    way: str
    model: str
    parsed: bool
    applied: bool
    passed: bool
    outcome: str
    requests: int
    prompt_tokens: int
    reply_tokens: int
    model_seconds: float
    seconds: float
    exit_code: int
    reply: str
    said: str


@dataclass(frozen=True)
class Tools:
    """What the ways need: the program `aider`, if it is there, and the model's name."""

    aider: Path | None
    model: str


@dataclass(frozen=True)
class Ran:
    """What a command said; a negative code is the signal that ended it."""

    code: int
    out: str
    error: str
    seconds: float = 0.0


def do_task(task: Task, name: str, case: Between, tools: Tools) -> Row:
    """Give a task to a tool in a fresh repository, and look at what it made of it."""
    way = WAYS[name]
    case.begin()
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place, "app"), Path(place, "home")
        home.mkdir()
        write_files(task.files, folder)
        if way.tool == "copilot":
            ran = _copilot(task, way, case, folder, home)
            parsed, written = _copilot_says(ran, case.asked())
        else:
            ran = _aider(task, way, case, folder, home, tools)
            parsed, written = aider_says(ran.out)
        applied = written and not _is_as_it_was(task, folder)
        passed = applied and passes(task, folder)
    exchanges = case.asked()
    why = "applied" if applied else _why(ran, exchanges, parsed, written)
    said = (ran.out + ran.error)[-_SAID_CHARACTERS:]
    return Row(
        *(task.full_name, task.kind, name, tools.model, parsed, applied, passed, why),
        *_figures(exchanges),
        round(ran.seconds, 2),
        ran.code,
        exchanges[-1].reply if exchanges else "",
        said,
    )


def _figures(exchanges: Sequence[Exchange]) -> tuple[int, int, int, float]:
    """Return the requests, the tokens read and written, and the seconds that they took."""
    return (
        len(exchanges),
        sum(one.prompt_tokens for one in exchanges),
        sum(one.reply_tokens for one in exchanges),
        round(sum(one.seconds for one in exchanges), 2),
    )


def _why(ran: Ran, exchanges: Sequence[Exchange], parsed: bool, written: bool) -> str:
    """Return in a word why nothing was changed."""
    if ran.code < 0:
        return "took too long"
    if exchanges and exchanges[-1].reason == "length":
        return "reply cut off"
    if written or any(words in ran.error for words in _CHANGES_NOTHING):
        return "changes nothing"
    return "no place" if parsed else "no edits read"


def as_line(row: Row) -> str:
    """Return a row as a line of JSON."""
    return json.dumps(asdict(row)) + "\n"


def _is_as_it_was(task: Task, folder: Path) -> bool:
    found = {
        path.relative_to(folder).as_posix(): path.read_text(errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }
    return found == dict(task.files)


def _copilot(task: Task, way: Way, case: Between, folder: Path, home: Path) -> Ran:
    config = home / "config.toml"
    config.write_text(
        f'[models.served]\nbase_url = "{case.url}"\ntokenizer = "qwen3"\n'
        f"max_reply_tokens = {case.reply_tokens}\ntemperature = 0.0\n"
    )
    environment = {**_environment(home), "GIT_CONFIG_GLOBAL": os.devnull}
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "start")):
        subprocess.run(
            ["git", *arguments],  # noqa: S607
            cwd=folder,
            env=environment,
            check=True,
        )
    chosen = ["--config", str(config), "--model", "served", "--yes", "--json"]
    command = [*_COPILOT, "edit", *chosen, *way.options, "--", task.instruction]
    return _run(command, folder, environment)


def _aider(task: Task, way: Way, case: Between, folder: Path, home: Path, tools: Tools) -> Ran:
    facts = {"max_input_tokens": _WINDOW, "max_output_tokens": case.reply_tokens}
    known = home / "models.json"
    known.write_text(json.dumps({f"openai/{tools.model}": {**facts, "litellm_provider": "openai"}}))
    options = [
        *("--model", f"openai/{tools.model}", "--openai-api-base", case.url),
        *("--openai-api-key", "none", "--model-metadata-file", str(known)),
        *("--no-show-model-warnings", "--no-check-update", "--no-show-release-notes"),
        *("--analytics-disable", "--no-git", "--no-auto-commits", "--yes-always", "--no-stream"),
        *("--no-pretty", "--no-fancy-input", "--no-suggest-shell-commands", "--no-detect-urls"),
        *("--map-tokens", "0", "--input-history-file", str(home / "input")),
        *("--chat-history-file", str(home / "chat")),
    ]
    command = [str(tools.aider), *options, *way.options, "--message", task.instruction]
    return _run([*command, *sorted(task.files)], folder, _environment(home))


def _copilot_says(ran: Ran, exchanges: Sequence[Exchange]) -> tuple[bool, bool]:
    """Tell whether the last reply held edits, and whether they were written."""
    try:
        parsed = bool(exchanges and read_reply(exchanges[-1].reply).operations)
    except EditsRefused:
        parsed = False
    return parsed, bool(ran.out) and bool(json.loads(ran.out)["written"])


def aider_says(out: str) -> tuple[bool, bool]:
    """Tell from aider's output whether its last reply held edits, and whether they were written.

    A reply of which one edit has no place is refused, and says so.
    """
    written, refused = out.rfind(_WRITTEN), out.rfind(_REFUSED)
    applied = written > refused
    return applied or "failed to match" in out[max(refused, 0) :], applied


def _environment(home: Path) -> dict[str, str]:
    names = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE)
    people = {f"GIT_{role}_NAME": "Benchmark" for role in ("AUTHOR", "COMMITTER")}
    addresses = {f"GIT_{role}_EMAIL": "benchmark@localhost" for role in ("AUTHOR", "COMMITTER")}
    return {
        **names,
        **{name.lower(): value for name, value in names.items()},
        **people,
        **addresses,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONDONTWRITEBYTECODE": "1",
        # The packages of the tasks are nothing to import for the tools.
        "PYTHONSAFEPATH": "1",
    }


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ran:
    """Run a tool to its end; one that hangs is ended with all that it started."""
    clock = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as tool:
        try:
            out, error = tool.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(tool.pid, signal.SIGKILL)
            out, error = tool.communicate()
        except KeyboardInterrupt:
            os.killpg(tool.pid, signal.SIGKILL)
            raise
        return Ran(tool.returncode, out, error, time.monotonic() - clock)


def rows_in(text: str) -> list[dict[str, Any]]:
    """Return the rows of a file of JSON lines; a last line that was cut off is left out."""
    lines = text.splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]
