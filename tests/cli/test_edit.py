"""`copilot edit`: the main job, from the files through a model's reply to the files."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]
Words = Callable[..., str]
Tree = Callable[[Path], dict[str, bytes | None]]
Git = Callable[..., str]

LINES = "".join(f"line {number}\n" for number in range(1, 21))


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"src/a.txt": LINES, "twice.txt": "same\nother\nsame\n"}, "app")


@pytest.fixture
def two_hunks(block: Words, reply: Words) -> str:
    """A reply that changes line 3 and line 15 of a.txt."""
    changes = [("line 3\n", "LINE 3\n"), ("line 15\n", "LINE 15\n")]
    return reply(*(block("app/src/a.txt", old, new) for old, new in changes))


def edited(*numbers: int) -> str:
    text = LINES
    for number in numbers:
        text = text.replace(f"line {number}\n", f"LINE {number}\n")
    return text


# What is asked, and how it is told


def test_the_change_is_applied_and_told(
    copilot: Copilot, model: Model, root: Path, two_hunks: str, asked: list[dict[str, Any]]
) -> None:
    usage = {"prompt_tokens": 1234, "completion_tokens": 56}
    url = model(two_hunks, usage=usage)
    done = copilot("edit", "Shout twice", "--yes", "--base-url", url, cwd=root)
    assert done.returncode == 0
    assert (root / "src" / "a.txt").read_text() == edited(3, 15)
    assert "-line 3\n+LINE 3\n" in done.stdout
    assert "SEARCH" not in done.stdout
    assert "<<<<<<< SEARCH\nline 3\n" in done.stderr
    assert "1,234 tokens read, 56 written" in done.stderr
    assert "copilot undo" in done.stderr
    (question,) = asked
    system, user = (message["content"] for message in question["messages"])
    assert "Shout twice" in user
    assert LINES in user
    assert LINES not in system
    assert question["stream"] is True
    assert "grammar" not in question


def test_a_llama_cpp_server_gets_a_grammar_and_no_heat(
    copilot: Copilot, model: Model, root: Path, two_hunks: str, asked: list[dict[str, Any]]
) -> None:
    url = model(two_hunks, facts={"owned_by": "llamacpp", "meta": {"n_ctx": 8192}})
    assert copilot("edit", "x", "--yes", "--base-url", url, cwd=root).returncode == 0
    assert '"line 20' in asked[0]["grammar"]
    assert asked[0]["temperature"] == 0
    assert asked[0]["max_tokens"] == 2048


def test_json_and_the_manifest_of_what_was_sent(
    copilot: Copilot,
    model: Model,
    root: Path,
    two_hunks: str,
    asked: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    listed = tmp_path / "m.json"
    options = ("--yes", "--json", "--manifest", listed, "--base-url", model(two_hunks))
    done = copilot("edit", "x", *options, cwd=root)
    assert done.returncode == 0
    document, manifest = json.loads(done.stdout), json.loads(listed.read_text())
    assert document["outcome"] == "applied"
    (changed,) = document["changes"]
    assert (changed["path"], changed["kind"], changed["status"]) == (
        "src/a.txt",
        "modify",
        "applied",
    )
    assert (changed["rung"], changed["hunks"], document["written"]) == ("exact", 2, True)
    assert "+LINE 15\n" in document["diff"]
    logged = json.loads(copilot("log", "--json", cwd=root).stdout)
    assert document["transaction"] == logged[0]["id"]
    sent = "".join(message["content"] for message in asked[0]["messages"])
    assert manifest["prompt_sha256"] == hashlib.sha256(sent.encode()).hexdigest()
    assert manifest["model"] == "scripted"


@pytest.mark.xdist_group("llama")
def test_a_real_small_model_mends_a_function(
    copilot: Copilot, llama_server: str, make_repository: Callable[..., Path]
) -> None:
    area = 'def area(width, height):\n    """Return the area of a rectangle."""\n'
    perimeter = "\n\ndef perimeter(width, height):\n    return 2 * (width + height)\n"
    files = {"area.py": f"{area}    return width + height\n{perimeter}"}
    root = make_repository(files, "app")
    task = "area must multiply width by height, not add them. Fix area."
    done = copilot("edit", task, "--yes", "--base-url", llama_server, cwd=root)
    assert done.returncode == 0, done.stderr
    expected = f"{area}    return width * height\n{perimeter}"
    assert (root / "area.py").read_text() == expected, done.stderr
    assert "+    return width * height\n" in done.stdout
    assert "tokens read" in done.stderr
    assert copilot("undo", cwd=root).returncode == 0
    assert (root / "area.py").read_text() == files["area.py"]


# Decisions


@pytest.mark.parametrize(
    ("answers", "code", "accepted"),
    [
        ("y\nn\n", 1, (3,)),
        ("j\ny\nn\n", 1, (15,)),
        ("a\n", 0, (3, 15)),
        ("n\nn\n", 1, ()),
        ("", 1, ()),
    ],
)
def test_decisions_by_pipe(
    copilot: Copilot,
    model: Model,
    root: Path,
    two_hunks: str,
    answers: str,
    code: int,
    accepted: tuple[int, ...],
) -> None:
    options = ("--plain", "--base-url", model(two_hunks))
    done = copilot("edit", "x", *options, cwd=root, stdin=answers)
    assert done.returncode == code, done.stderr
    assert (root / "src" / "a.txt").read_text() == edited(*accepted)
    assert ("+LINE 3\n" in done.stdout) == (3 in accepted)
    assert "accept this hunk" in done.stderr


def test_a_dry_run_only_shows(
    copilot: Copilot, model: Model, root: Path, two_hunks: str, tree: Tree
) -> None:
    before = tree(root)
    done = copilot("edit", "x", "--dry-run", "--base-url", model(two_hunks), cwd=root)
    assert done.returncode == 0
    assert "+LINE 3\n" in done.stdout
    assert tree(root) == before


def test_a_patch_that_git_applies(
    copilot: Copilot, model: Model, root: Path, two_hunks: str, tree: Tree, git: Git, tmp_path: Path
) -> None:
    before, patch = tree(root), tmp_path / "x.patch"
    options = ("--plain", "--patch", patch, "--base-url", model(two_hunks))
    assert copilot("edit", "x", *options, cwd=root, stdin="y\nn\n").returncode == 1
    assert tree(root) == before
    git(root, "apply", str(patch))
    assert (root / "src" / "a.txt").read_text() == edited(3)


def test_commit(copilot: Copilot, model: Model, root: Path, two_hunks: str, git: Git) -> None:
    (root / "mine.txt").write_text("not yours\n")
    options = ("--yes", "--commit", "--base-url", model(two_hunks))
    done = copilot("edit", "Shout twice", *options, cwd=root)
    assert done.returncode == 0
    assert git(root, "log", "-1", "--format=%s") == "Shout twice\n"
    assert git(root, "show", "--format=", "--name-only") == "src/a.txt\n"
    assert git(root, "status", "--porcelain") == "?? mine.txt\n"
    assert git(root, "rev-parse", "HEAD")[:12] in done.stderr


@pytest.mark.parametrize(("command", "code"), [("grep 'LINE 3' src/a.txt", 0), ("exit 4", 1)])
def test_a_check_decides(
    copilot: Copilot,
    model: Model,
    root: Path,
    two_hunks: str,
    tree: Tree,
    command: str,
    code: int,
) -> None:
    before = tree(root)
    options = ("--yes", "--check", command, "--base-url", model(two_hunks))
    assert copilot("edit", "x", *options, cwd=root).returncode == code
    assert (tree(root) == before) == bool(code)


# Replies that cannot be applied


@pytest.fixture
def refused(fails: Fails, model: Model, root: Path, tree: Tree) -> Callable[..., str]:
    """Edit with a reply that must be refused; nothing may be written, inside or outside."""

    def run(reply: str, **more: Any) -> str:
        outside = root.parent / "outside"
        outside.mkdir()
        (outside / "x.txt").write_text("same\n")
        (root / "linked").symlink_to(outside)
        before = tree(root.parent)
        said = fails(5, "edit", "x", "--yes", "--base-url", model(reply, **more), cwd=root)
        assert tree(root.parent) == before
        return said

    return run


@pytest.mark.parametrize(
    ("path", "search", "reason"),
    [
        ("app/twice.txt", "same\n", "SEARCH occurs 2 times, at lines 1, 3"),
        ("app/twice.txt", "absent\n", "SEARCH occurs nowhere in the file"),
        ("app/../outside/x.txt", "same\n", "'..' component"),
        ("app/linked/x.txt", "same\n", "a parent folder is a symbolic link"),
    ],
)
def test_a_block_that_cannot_be_placed(
    refused: Callable[..., str],
    block: Words,
    reply: Words,
    path: str,
    search: str,
    reason: str,
) -> None:
    good = block("app/src/a.txt", "line 3\n", "LINE 3\n")
    said = refused(reply(good, block(path, search, "new\n"), files=2))
    assert "nothing was written" in said
    assert reason in said
    assert path in said


def test_a_reply_that_was_cut_off_is_kept(
    refused: Callable[..., str], two_hunks: str, empty_home: Path
) -> None:
    said = refused(two_hunks[:-50], reason="length")
    (kept,) = (empty_home / ".local" / "state" / "repo-copilot" / "replies").iterdir()
    assert "cut off" in said
    assert "ran into its limit of 8,192 tokens (set max_reply_tokens" in said
    assert "copilot apply -R " in said
    assert said.rstrip().endswith(str(kept))
    assert kept.read_text() == two_hunks[:-50]


def test_a_connection_that_breaks_off(
    copilot: Copilot, fails: Fails, model: Model, root: Path, two_hunks: str, tree: Tree
) -> None:
    before = tree(root)
    url = model(two_hunks, reason="")
    assert "broke off" in fails(3, "edit", "x", "--yes", "--base-url", url, cwd=root)
    assert tree(root) == before
    (run,) = json.loads(copilot("runs", "list", "--json", cwd=root).stdout)
    assert (run["command"], run["outcome"]) == ("edit", "broke off")


def test_a_character_that_no_file_can_hold(
    refused: Callable[..., str], block: Words, reply: Words
) -> None:
    said = refused(reply(block("app/src/a.txt", "line 3\n", "half of one: \ud83d\n")))
    assert "lone surrogate" in said


def test_no_change_at_all(copilot: Copilot, model: Model, root: Path, reply: Words) -> None:
    url = model("All is well.\n\nEND OF EDITS: 0 files, 0 blocks\n")
    done = copilot("edit", "x", "--base-url", url, cwd=root)
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing to change" in done.stderr


@pytest.mark.parametrize(
    ("facts", "options"),
    [({}, ["--budget", "200"]), ({"max_model_len": 400}, [])],
)
def test_a_prompt_that_does_not_fit_is_not_sent(
    fails: Fails,
    model: Model,
    root: Path,
    asked: list[dict[str, Any]],
    facts: dict[str, Any],
    options: list[str],
) -> None:
    said = fails(4, "edit", "x", *options, "--base-url", model("", facts=facts), cwd=root)
    assert "app/src/" in said
    assert asked == []


# Several repositories, and text that would like to be more than text


def test_several_repositories_change_together_or_not_at_all(
    copilot: Copilot,
    fails: Fails,
    model: Model,
    make_repository: Callable[..., Path],
    block: Words,
    reply: Words,
) -> None:
    api, web = (make_repository({"x.txt": "old\n"}, name) for name in ("api", "web"))
    roots = ("-R", api, "-R", f"site={web}")
    blocks = [block("api/x.txt", "old\n", "new\n"), block("site/x.txt", "odd\n", "new\n")]
    url = model(reply(*blocks, files=2))
    assert "site/x.txt" in fails(5, "edit", "x", *roots, "--yes", "--base-url", url)
    assert (api / "x.txt").read_text() == "old\n"
    blocks[1] = block("site/x.txt", "old\n", "new\n")
    url = model(reply(*blocks, files=2))
    assert copilot("edit", "x", *roots, "--yes", "--base-url", url).returncode == 0
    assert (api / "x.txt").read_text() == (web / "x.txt").read_text() == "new\n"
    assert copilot("undo", "-R", api).returncode == 0
    assert (api / "x.txt").read_text() == (web / "x.txt").read_text() == "old\n"


def test_control_characters_reach_the_file_and_no_terminal(
    copilot: Copilot, model: Model, root: Path, block: Words, reply: Words
) -> None:
    evil = "RED = '\x1b[31m'  # \x1b]0;title\x07 \u202e\x9b2J\n"
    prose = "Look:\r\x1b[2J\x1b[1;1Hall is well\n\n"
    url = model(prose + reply(block("app/src/a.txt", "line 3\n", evil)))
    done = copilot("edit", "do\x1b[2J", "--plain", "--base-url", url, cwd=root, stdin="y\n")
    assert done.returncode == 0
    assert (root / "src" / "a.txt").read_bytes() == LINES.replace("line 3\n", evil).encode()
    assert "\\x1b[31m" in done.stdout
    assert "\\x1b]0;title\\x07" in done.stderr
    # The fixture looks for raw ones in all that these print.
    assert copilot("log", cwd=root).returncode == 0
    assert "do\\x1b[2J" in copilot("runs", "list").stdout
