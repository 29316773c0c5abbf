"""`copilot apply`: a reply from anywhere, and the way back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Words = Callable[..., str]
Tree = Callable[[Path], dict[str, bytes | None]]

FULL_DISK = (
    "import errno\n"
    "def hook(event, args):\n"
    "    if event == 'os.rename' and str(args[0]).startswith('.copilot-'):\n"
    "        raise OSError(errno.ENOSPC, 'No space left on device')\n"
)


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.txt": "a\n", "b.bin": b"b\r\n\xff", "old.txt": "o\n"}, "app")


@pytest.fixture
def answer(block: Words, reply: Words, root: Path) -> Path:
    """A reply in a file that updates, creates, renames and deletes."""
    file = root.parent / "reply.txt"
    blocks = [
        block("app/a.txt", "a\n", "A\n"),
        "app/new/deep.txt\n<<<<<<< CREATE\nn\n>>>>>>> END\n\n",
        "app/old.txt\n<<<<<<< RENAME\napp/moved.txt\n>>>>>>> END\n\n",
        "app/b.bin\n<<<<<<< DELETE\n>>>>>>> END\n\n",
    ]
    file.write_text(reply(*blocks, files=4))
    return file


AFTER = {"a.txt": b"A\n", "new": None, "new/deep.txt": b"n\n", "moved.txt": b"o\n"}


def test_from_a_file_and_back_and_forth(
    copilot: Copilot, root: Path, answer: Path, tree: Tree
) -> None:
    before = tree(root)
    assert copilot("apply", answer, "--yes", cwd=root).returncode == 0
    assert tree(root) == AFTER
    undone = copilot("undo", cwd=root)
    assert (undone.returncode, undone.stdout) == (0, "")
    assert tree(root) == before
    assert json.loads(copilot("redo", "--json", cwd=root).stdout)["kind"] == "redo"
    assert tree(root) == AFTER
    log = json.loads(copilot("log", "--json", cwd=root).stdout)
    assert [entry["kind"] for entry in log] == ["redo", "undo", "apply"]
    assert {file["path"] for file in log[-1]["files"]} >= {"a.txt", "new/deep.txt", "b.bin"}
    assert len(copilot("log", cwd=root).stdout.splitlines()) == 3


def test_from_stdin(copilot: Copilot, root: Path, answer: Path, tree: Tree) -> None:
    text = answer.read_text().replace("\n", "\r\n")
    done = copilot("apply", "--yes", "--json", cwd=root, stdin="\ufeff" + text)
    assert done.returncode == 0
    assert tree(root) == AFTER
    document = json.loads(done.stdout)
    changes = {(file["path"], file["kind"]) for file in document["changes"]}
    assert changes == {
        *(("a.txt", "modify"), ("new/deep.txt", "create")),
        *(("moved.txt", "rename"), ("b.bin", "delete")),
    }


def test_decisions_on_whole_files(copilot: Copilot, root: Path, answer: Path, tree: Tree) -> None:
    before = tree(root)
    done = copilot("apply", answer, "--plain", cwd=root, stdin="n\nn\ny\nn\n")
    assert done.returncode == 1
    assert tree(root) == {
        **{name: data for name, data in before.items() if name != "old.txt"},
        "moved.txt": b"o\n",
    }


def test_a_plain_folder_without_git(
    copilot: Copilot, tmp_path: Path, block: Words, reply: Words
) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.txt").write_text("a\n")
    text = reply(block("plain/a.txt", "a\n", "A\n"))
    assert copilot("apply", "--yes", cwd=folder, stdin=text).returncode == 0
    assert (folder / "a.txt").read_text() == "A\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "named"),
    [
        (["missing.txt", "--yes"], b"", "missing.txt"),
        ([".", "--yes"], b"", "cannot read"),
        (["--yes"], b"\xff\xfe", "no UTF-8 text"),
    ],
)
def test_wrong_usage(
    copilot: Copilot, root: Path, arguments: list[str], stdin: bytes, named: str
) -> None:
    done = copilot("apply", *arguments, cwd=root, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("app/a.txt\n<<<<<<< SEARCH\na\n", "cut off"),
        ("../x.txt\n<<<<<<< CREATE\nx\n>>>>>>> END\n\nEND OF EDITS: 1 file, 1 block\n", "'..'"),
        ("app/a.txt\n<<<<<<< CREATE\nx\n>>>>>>> END\n\nEND OF EDITS: 1 file, 1 block\n", "exists"),
        ("app\n<<<<<<< CREATE\nx\n>>>>>>> END\n\nEND OF EDITS: 1 file, 2 blocks\n", "counts 2"),
    ],
)
def test_a_refused_reply(copilot: Copilot, root: Path, tree: Tree, text: str, reason: str) -> None:
    before = tree(root.parent)
    done = copilot("apply", "--yes", cwd=root, stdin=text)
    assert (done.returncode, done.stdout) == (5, "")
    assert reason in done.stderr
    assert tree(root.parent) == before


def test_a_full_disk(
    fails: Fails,
    root: Path,
    answer: Path,
    tree: Tree,
    disturbed: Callable[[str], dict[str, str]],
) -> None:
    before = tree(root)
    said = fails(5, "apply", answer, "--yes", cwd=root, environment=disturbed(FULL_DISK))
    assert "No space left" in said or "full" in said
    assert tree(root) == before


def test_a_disk_without_room_for_the_journal(
    root: Path, answer: Path, tree: Tree, fails: Fails, disturbed: Callable[[str], dict[str, str]]
) -> None:
    before = tree(root)
    tiny = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "def hook(event, args): pass\n"
    )
    said = fails(5, "apply", answer, "--yes", cwd=root, environment=disturbed(tiny))
    assert "journal" in said
    assert tree(root) == before


def test_what_changed_since_is_not_overwritten(
    copilot: Copilot, fails: Fails, root: Path, answer: Path, tree: Tree
) -> None:
    assert copilot("apply", answer, "--yes", cwd=root).returncode == 0
    (root / "a.txt").write_text("mine\n")
    before = tree(root)
    assert "app/a.txt" in fails(5, "undo", cwd=root)
    assert tree(root) == before


@pytest.mark.parametrize("command", ["undo", "redo"])
def test_nothing_to_take_back(fails: Fails, root: Path, command: str) -> None:
    assert f"nothing to {command}" in fails(2, command, cwd=root)


def test_an_empty_log(copilot: Copilot, root: Path) -> None:
    done = copilot("log", cwd=root)
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing was written here yet" in done.stderr


def test_a_patch_on_stdout_and_none_over_a_changed_file(
    copilot: Copilot, fails: Callable[..., str], root: Path, block: Words, reply: Words
) -> None:
    before = (root / "a.txt").read_bytes()
    text = reply(block("app/a.txt", before.decode(), "A\n"))
    fails(2, "apply", "--yes", "--patch", "a.txt", cwd=root, stdin=text)
    assert (root / "a.txt").read_bytes() == before
    done = copilot("apply", "--yes", "--patch", "-", cwd=root, stdin=text)
    assert done.returncode == 0
    assert done.stdout.startswith("diff --git a/a.txt b/a.txt\n")
    assert not (root / "-").exists()
