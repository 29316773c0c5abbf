"""`copilot sessions`, and several sessions at once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODEL = "scripted"
USAGE = {"prompt_tokens": 100, "completion_tokens": 7}
Copilot = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"hello.py": "print('hello')\n"}, "app")


@pytest.fixture
def talk(copilot: Copilot, root: Path, model: Callable[..., str]) -> Callable[..., str]:
    """Ask these questions in a session, and return its id."""
    url = model("One.", "Two.", usage=USAGE)

    def run(*questions: str) -> str:
        stdin = "".join(f"{question}\n" for question in questions)
        where = ("-R", root, "--model", MODEL, "--base-url", url)
        done = copilot("--plain", *where, stdin=stdin)
        return done.stderr.rpartition("--resume ")[2].strip()

    return run


def test_sessions_are_listed_and_shown(copilot: Copilot, talk: Callable[..., str]) -> None:
    assert "no session is kept yet" in copilot("sessions", "list").stderr
    first, second = talk("What is it?", "And?"), talk("Why?")
    listed = copilot("sessions", "list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == sorted((first, second), reverse=True)
    documents = json.loads(copilot("sessions", "list", "--json").stdout)
    by_id = {document["id"]: document for document in documents}
    assert by_id[first]["title"] == "What is it?"
    assert by_id[first]["turns"] == 2
    assert by_id[first]["is_open"] is False
    shown = json.loads(copilot("sessions", "show", first, "--json").stdout)
    assert [turn["answer"] for turn in shown["turns"]] == ["One.", "Two."]
    assert [turn["kind"] for turn in shown["turns"]] == ["ask", "ask"]
    text = copilot("sessions", "show", first[-6:]).stdout
    assert text.startswith("# What is it?\n")
    assert "\n> And?\n\nTwo.\n" in text


def test_sessions_are_exported_forked_and_removed(
    copilot: Copilot, talk: Callable[..., str], fails: Callable[..., str], tmp_path: Path
) -> None:
    name = talk("What is it?", "And?")
    file = tmp_path / "out.md"
    copilot("sessions", "export", name, "-o", file)
    assert file.read_text() == copilot("sessions", "export", name).stdout
    fork = copilot("sessions", "fork", name, "--at", "1").stdout.strip()
    text = copilot("sessions", "show", fork).stdout
    assert "One." in text
    assert "Two." not in text
    assert copilot("sessions", "remove", name).returncode == 0
    assert "there is no session" in fails(2, "sessions", "show", name)
    assert "there is no session" in fails(2, "sessions", "remove", "..")


def test_two_sessions_on_one_repository_do_not_disturb_one_another(
    root: Path,
    model: Callable[..., str],
    block: Callable[..., str],
    reply: Callable[..., str],
    copilot: Copilot,
    empty_home: Path,
) -> None:
    edits = [reply(block(f"app/{n}.py", f"value = {n}\n", f"value = {n}0\n")) for n in range(2)]
    for number in range(2):
        (root / f"{number}.py").write_text(f"value = {number}\n")
    replies = [("Fine.", edits[number], "Fine again.") for number in range(2)]
    urls = [model(*some, usage=USAGE) for some in replies]
    lines = "What?\n/edit More.\ny\nAnd?\n"
    done: list[subprocess.CompletedProcess[str]] = []

    def run(url: str) -> None:
        where = ["-R", str(root), "--model", MODEL, "--base-url", url]
        command = [sys.executable, "-m", "copilot", "--plain", *where]
        done.append(
            subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
        )

    threads = [threading.Thread(target=run, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert [(root / f"{n}.py").read_text() for n in range(2)] == ["value = 00\n", "value = 10\n"]
    documents: list[dict[str, Any]] = json.loads(copilot("sessions", "list", "--json").stdout)
    assert [document["turns"] for document in documents] == [3, 3]
    for document in documents:
        shown = json.loads(copilot("sessions", "show", document["id"], "--json").stdout)
        assert [turn["outcome"] for turn in shown["turns"]] == ["", "applied", ""]
