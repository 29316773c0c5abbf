"""`copilot runs`: what was asked, and what it cost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Model = Callable[..., str]
Words = Callable[..., str]


def test_each_question_leaves_a_line(
    copilot: Copilot,
    model: Model,
    make_repository: Callable[..., Path],
    block: Words,
    reply: Words,
) -> None:
    root = make_repository({"a.txt": "old\n"}, "app")
    assert copilot("runs", "list").stderr == "nothing was asked yet\n"
    usage = {"prompt_tokens": 1234, "completion_tokens": 5}
    good = model(reply(block("app/a.txt", "old\n", "new\n")), usage=usage)
    bad = model(reply(block("app/a.txt", "absent\n", "other\n")))
    copilot("edit", "first\nline", "--yes", "--base-url", good, cwd=root)
    copilot("edit", "second", "--yes", "--base-url", bad, cwd=root)
    copilot("ask", b"caf\xe9".decode(errors="surrogateescape"), "--base-url", good, cwd=root)
    runs = json.loads(copilot("runs", "list", "--json").stdout)
    told = [(run["command"], run["task"], run["outcome"]) for run in runs]
    assert told == [
        ("ask", "caf\\xe9", "answered"),
        ("edit", "second", "refused"),
        ("edit", "first\nline", "applied"),
    ]
    assert (runs[-1]["prompt_tokens"], runs[-1]["reply_tokens"]) == (1234, 5)
    assert len(copilot("runs", "list", "--limit", "2").stdout.splitlines()) == 2


def test_a_runs_file_that_cannot_be_used_costs_nobody_the_answer(
    copilot: Copilot, model: Model, make_repository: Callable[..., Path], empty_home: Path
) -> None:
    file = empty_home / ".local" / "state" / "repo-copilot" / "runs.sqlite3"
    file.parent.mkdir(parents=True)
    file.write_text("no database at all, but longer than a hundred bytes " * 9)
    done = copilot("ask", "x", "--base-url", model("Yes."), cwd=make_repository({"a": "x\n"}))
    assert (done.returncode, done.stdout) == (0, "Yes.\n")
    assert "warning: cannot use the runs file" in done.stderr
