"""`--examples` and `--style`: what the model is shown besides, and that it stays what it is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Asked = list[dict[str, Any]]
Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Git = Callable[..., str]
SECRET = "hunter2Kq9vXw4LmZ7tRb1"
MODEL = "scripted"
ALL = "Mails, carts, and how to log in"


@pytest.fixture
def root(make_repository: Callable[..., Path], git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with three commits to learn from, one of which had a secret."""
    # Commits are drawn by their ids, which hold their times.
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_DATE", "@1700000000 +0000")
    root = make_repository({"mail.py": "mail = 1\n", "cart.py": "cart = 1\n"}, "app")
    for message, path, text in (
        ("Two mails", "mail.py", "mail = 2\n"),
        ("Log in", "cart.py", f'PASSWORD = "{SECRET}"\n'),
        ("Two carts", "cart.py", "cart = 2\n"),
    ):
        (root / path).write_text(text)
        git(root, "commit", "-q", "-a", "-m", message)
    return root


@pytest.fixture
def style(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "one.md").write_text(f"Dear reader, it is done.\n\npassword = {SECRET}\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\0\0")
    return folder


def _ask(asked: Asked, number: int = 0) -> str:
    return "".join(message["content"] for message in asked[number]["messages"])


def test_a_prompt_with_both_is_rebuilt_byte_for_byte(
    copilot: Copilot, root: Path, style: Path, tmp_path: Path
) -> None:
    manifest, prompt = tmp_path / "manifest.json", tmp_path / "prompt.txt"
    written = ("--manifest", manifest, "-o", prompt)
    options = ("--examples", "4", "--style", style, *written)
    assert copilot("pack", ALL, *options, cwd=root).returncode == 0
    text, document = prompt.read_text(), json.loads(manifest.read_text())
    assert text.count("Task: ") == 3
    assert "Dear reader" in text
    assert SECRET not in text
    assert "MASKED_" in text.partition("Task: ")[2]
    repositories = {one["alias"]: one for one in document["repositories"]}
    assert list(repositories) == ["app", "style", "examples"]
    assert repositories["examples"]["commits_of"] == "app"
    files = {f"{file['repository']}/{file['path']}": file for file in document["files"]}
    assert files["style/one.md"]["detail"] == "full"
    assert files["style/picture.png"]["reason"] == "binary"
    where = ("-R", f"app={root}", "-R", f"style={style}")
    done = copilot("runs", "replay", "--manifest", manifest, *where, cwd=root)
    assert (done.returncode, done.stdout) == (0, text)


def test_examples_that_are_gone_are_named(
    copilot: Copilot, fails: Fails, root: Path, tmp_path: Path, git: Git
) -> None:
    manifest = tmp_path / "manifest.json"
    written = ("--manifest", manifest, "-o", tmp_path / "prompt.txt")
    assert copilot("pack", "Three mails", "--examples", "4", *written, cwd=root).returncode == 0
    git(root, "checkout", "-q", "--orphan", "new")
    git(root, "commit", "-q", "-m", "new")
    git(root, "branch", "-q", "-D", "main")
    git(root, "reflog", "expire", "--expire=now", "--all")
    git(root, "gc", "-q", "--prune=now")
    said = fails(7, "runs", "replay", "--manifest", manifest, cwd=root)
    assert "examples/" in said
    assert "its commit is gone" in said


def test_a_run_with_examples_is_rebuilt(
    copilot: Copilot, model: Callable[..., str], root: Path, asked: Asked
) -> None:
    where = ("--model", MODEL, "--base-url", model("It mails."))
    done = copilot("ask", "What does mail do?", "--examples", "4", *where, cwd=root)
    assert done.returncode == 0
    replayed = copilot("runs", "replay", "1", cwd=root)
    assert replayed.returncode == 0
    assert replayed.stdout == _ask(asked)
    assert "Task: Two mails" in replayed.stdout


def test_an_example_cannot_be_edited(
    copilot: Copilot, model: Callable[..., str], root: Path, block: Any, reply: Any
) -> None:
    shown = copilot("pack", "--examples", "4", "--json", cwd=root)
    files = json.loads(shown.stdout)["files"]
    name = next(f"examples/{f['path']}" for f in files if f["repository"] == "examples")
    url = model(reply(block(name, "Task: Two\n", "Task: Three\n")))
    where = ("--model", MODEL, "--base-url", url, "--no-repair", "--yes")
    done = copilot("edit", "Three mails", "--examples", "4", *where, cwd=root)
    assert done.returncode == 5
    assert "lies in examples, a repository that is only read" in done.stderr


def test_the_configuration_says_how_many_and_a_project_may_say_fewer(
    copilot: Copilot, root: Path, empty_home: Path
) -> None:
    config = empty_home / ".config/repo-copilot/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("examples = 4\n")
    assert copilot("pack", ALL, cwd=root).stdout.count("Task: ") == 3
    assert "Task: " not in copilot("pack", ALL, "--examples", "0", cwd=root).stdout
    (root / ".copilot.toml").write_text("examples = 1\n")
    assert copilot("pack", ALL, cwd=root).stdout.count("Task: ") == 1


def test_what_is_warmed_asked_and_reviewed_begins_alike(
    copilot: Copilot,
    model: Callable[..., str],
    root: Path,
    git: Git,
    asked: Asked,
    empty_home: Path,
) -> None:
    config = empty_home / ".config/repo-copilot/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("examples = 4\n")
    where = ("--base-url", model("HUNK 1: looked at\nEND OF REVIEW: 1 hunk, 0 findings\n"))
    assert copilot("models", "warm", *where, cwd=root).returncode == 0
    warmed = _ask(asked)
    assert "Task: Two mails" in warmed
    assert copilot("ask", "What does mail do?", *where, cwd=root).returncode == 0
    (root / "mail.py").write_text("mail = 3\n")
    git(root, "add", "mail.py")
    assert copilot("review", *where, cwd=root).returncode == 0
    assert all(_ask(asked, number).startswith(warmed) for number in (1, 2))


def test_a_style_that_is_not_there(fails: Fails, root: Path, tmp_path: Path) -> None:
    said = fails(2, "pack", "--style", tmp_path / "nothing", cwd=root)
    assert "no such file or folder" in said


def test_a_project_cannot_name_a_style(fails: Fails, root: Path) -> None:
    (root / ".copilot.toml").write_text('style = ["/etc"]\n')
    assert "style" in fails(2, "pack", cwd=root)


@pytest.mark.parametrize("mode", ["auto", "rank"])
def test_a_message_in_a_style(
    copilot: Copilot,
    model: Callable[..., str],
    root: Path,
    style: Path,
    git: Git,
    asked: Asked,
    mode: str,
) -> None:
    (root / "mail.py").write_text("mail = 3\n")
    git(root, "add", "mail.py")
    where = ("--mode", mode, "--base-url", model("Three mails"))
    done = copilot("message", "--style", style / "one.md", *where, cwd=root)
    assert (done.returncode, done.stdout) == (0, "Three mails\n")
    told = _ask(asked)
    assert "Dear reader" in told
    assert "models of tone" in told
    assert SECRET not in told


def test_a_session_keeps_what_it_showed(
    copilot: Copilot, model: Callable[..., str], root: Path, asked: Asked
) -> None:
    where = ("-R", root, "--model", MODEL, "--base-url", model("Yes."), "--examples", "4")
    lines = "Two mails?\nTwo carts?\n"
    assert copilot("--plain", *where, stdin=lines).returncode == 0
    first, second = (one["messages"] for one in asked)
    assert [m["content"] for m in second[: len(first)]] == [m["content"] for m in first]
    assert "Task: Two mails" in _ask(asked)
    assert "examples/" not in second[-1]["content"]
