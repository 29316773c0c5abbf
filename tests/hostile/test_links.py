"""Links that lead out of the root, and files that are no files."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
Pack = Callable[..., Any]

LINK = "symbolic link, not followed"
BEHIND_LINK = "a parent folder is a symbolic link"

# Where each link leads to; none of it may be opened.
LINKS = {
    "up.txt": "../outside/private.txt",
    "absolute.txt": "/etc/passwd",
    "folder": "../outside",
    "whole disk": "/",
    "home": "~",
    "first": "second",
    "second": "third",
    "third": "../outside/private.txt",
    "itself": "itself",
    "there": "back",
    "back": "there",
    "endless": "/dev/zero",
    "terminal": "/dev/tty",
    "own input": "/proc/self/fd/0",
    "own memory": "/proc/self/mem",
    "own environment": "/proc/self/environ",
    "own root": "/proc/self/root/etc/passwd",
    "nowhere": "gone.txt",
    "git's configuration": ".git/config",
    "inside": "plain.txt",
    "long": "../" * 1000 + "etc/passwd",
    "line feed": "a\nb",
    "escape": "\x1b]0;title\x07",
    "README.md": "../outside/private.txt",
    "AGENTS.md": "/etc/hostname",
}


def _plant(root: Path) -> None:
    for name, target in LINKS.items():
        (root / name).symlink_to(target)


def test_between_listing_and_reading_a_folder_becomes_a_link(
    pack: Pack, make_repository: MakeRepository, outside: Path
) -> None:
    root = make_repository({"a.txt": "a\n", "z/private.txt": "mine\n"})
    swap = [["rename", "z", "old"], ["symlink", str(outside), "z"]]
    seen = pack(root, when=root / "a.txt", meanwhile=swap)
    assert seen.texts == {"a.txt": "a\n"}
    assert seen.files == {"a.txt": "tracked", "z/private.txt": BEHIND_LINK}


@pytest.mark.parametrize("state", ["tracked", "untracked", "outside git"])
def test_no_link_is_followed(
    pack: Pack, make_repository: MakeRepository, outside: Path, git: Git, state: str
) -> None:
    root = make_repository({"plain.txt": "plain\n"})
    _plant(root)
    if state == "tracked":
        git(root, "add", "--all")
    if state == "outside git":
        shutil.rmtree(root / ".git")
    seen = pack(root)
    plain = {"outside git": "in folder"}.get(state, "tracked")
    assert seen.files == {"plain.txt": plain, **dict.fromkeys(LINKS, LINK)}
    assert (seen.code, seen.texts) == (0, {"plain.txt": "plain\n"})
    assert len(seen.stdout.splitlines()) == 2 + len(LINKS)


def test_a_git_link_within_that_leads_to_itself(
    pack: Pack, make_repository: MakeRepository
) -> None:
    """git lists nothing of this name."""
    root = make_repository({"plain.txt": "plain\n", "src/a.txt": "a\n"})
    (root / "src" / ".git").symlink_to(".git")
    seen = pack(root)
    assert (seen.code, seen.files) == (0, {"plain.txt": "tracked", "src/a.txt": "tracked"})


def test_a_link_where_a_file_was(
    pack: Pack, make_repository: MakeRepository, outside: Path
) -> None:
    root = make_repository({"plain.txt": "plain\n", "a.txt": "a\n", "src/private.txt": "mine\n"})
    (root / "a.txt").unlink()
    (root / "a.txt").symlink_to(outside / "private.txt")
    shutil.rmtree(root / "src")
    (root / "src").symlink_to(outside)
    seen = pack(root)
    assert seen.files == {
        "plain.txt": "tracked",
        "a.txt": LINK,
        "src/private.txt": BEHIND_LINK,
        "src": LINK,
    }
    assert (seen.code, seen.texts) == (0, {"plain.txt": "plain\n"})


def test_a_link_in_the_index_that_is_a_file_on_disk(
    pack: Pack, make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"plain.txt": "plain\n"})
    (root / "a.txt").symlink_to("plain.txt")
    git(root, "add", "--all")
    (root / "a.txt").unlink()
    (root / "a.txt").write_text("a\n")
    seen = pack(root)
    assert (seen.code, seen.files) == (0, {"plain.txt": "tracked", "a.txt": LINK})


def test_a_hard_link_is_a_file(pack: Pack, make_repository: MakeRepository, outside: Path) -> None:
    """Who could make it could read the file as well; nothing tells the two names apart."""
    root = make_repository({"plain.txt": "plain\n"})
    (root / "hard.txt").hardlink_to(outside / "private.txt")
    seen = pack(root)
    assert (seen.code, seen.files) == (0, {"plain.txt": "tracked", "hard.txt": "untracked"})
    assert seen.texts == {"plain.txt": "plain\n", "hard.txt": "private words\n"}


def test_a_root_that_is_named_by_a_link_is_what_it_leads_to(
    pack: Pack, make_repository: MakeRepository, tmp_path: Path
) -> None:
    root = make_repository({"plain.txt": "plain\n"})
    (tmp_path / "link").symlink_to(root)
    seen = pack(root, "-R", str(tmp_path / "link"))
    assert (seen.code, seen.texts) == (0, {"plain.txt": "plain\n"})


def _special(root: Path) -> list[str]:
    """Make a pipe, a socket and, where that is allowed, a device; return their names."""
    os.mkfifo(root / "pipe")
    os.mkfifo(root / "pipe.py")
    with socket.socket(socket.AF_UNIX) as server:
        # A socket's path must be short.
        here = Path.cwd()
        os.chdir(root)
        server.bind("socket")
        os.chdir(here)
    names = ["pipe", "pipe.py", "socket"]
    try:
        os.mknod(root / "zero", 0o666 | 0o020000, os.makedev(1, 5))
    except OSError:
        return names
    return [*names, "zero"]


@pytest.mark.parametrize("state", ["git", "outside git"])
def test_what_is_no_file_is_named_and_not_opened(
    pack: Pack, make_repository: MakeRepository, state: str
) -> None:
    root = make_repository({"plain.txt": "plain\n"})
    names = _special(root)
    if state == "outside git":
        shutil.rmtree(root / ".git")
    seen = pack(root)
    plain = {"outside git": "in folder"}.get(state, "tracked")
    assert seen.files == {"plain.txt": plain, **dict.fromkeys(names, "not a regular file")}
    assert (seen.code, seen.texts) == (0, {"plain.txt": "plain\n"})


def test_a_pipe_where_a_tracked_file_was(pack: Pack, make_repository: MakeRepository) -> None:
    root = make_repository({"plain.txt": "plain\n", "a.py": "a\n"})
    (root / "a.py").unlink()
    os.mkfifo(root / "a.py")
    seen = pack(root)
    assert seen.files == {"plain.txt": "tracked", "a.py": "not a regular file"}
    assert (seen.code, seen.texts) == (0, {"plain.txt": "plain\n"})


PIPES = (
    *(".gitignore", "src/.gitattributes", ".copilotignore", "src/.git", ".git/config", ".git/HEAD"),
    *(".git/index", ".git/info/exclude", ".git/info/attributes", ".git/commondir"),
    *(".git/objects/info/alternates", ".git/packed-refs", ".git/refs/heads/main"),
)


def test_a_pipe_that_git_would_wait_for(pack: Pack, make_repository: MakeRepository) -> None:
    root = make_repository({"src/a.txt": "a\n"})
    for name in PIPES:
        pipe, kept = root / name, root / ".git" / "kept"
        if pipe.exists():
            pipe.rename(kept)
        os.mkfifo(pipe)
        seen = pack(root)
        within = root / ".git" if name.startswith(".git/") else root
        named = name.removeprefix(".git/")
        assert (seen.code, seen.stdout) == (2, "")
        assert seen.stderr == f"copilot: {named} in {within} is no regular file\nhint: remove it\n"
        pipe.unlink()
        if kept.exists():
            kept.rename(pipe)
    assert pack(root).texts == {"src/a.txt": "a\n"}


def test_a_pipe_in_the_git_folder_of_a_repository_within(
    pack: Pack, make_repository: MakeRepository
) -> None:
    root = make_repository({"a.txt": "a\n"})
    within = make_repository({"b.txt": "b\n"}, "repo/within") / ".git"
    (within / "HEAD").unlink()
    os.mkfifo(within / "HEAD")
    seen = pack(root)
    assert (seen.code, seen.stdout) == (2, "")
    assert seen.stderr == f"copilot: HEAD in {within} is no regular file\nhint: remove it\n"


def test_rules_that_would_fill_the_memory(pack: Pack, make_repository: MakeRepository) -> None:
    names = (".gitignore", "src/.gitattributes", ".copilotignore")
    root = make_repository({"src/a.txt": "a\n", **dict.fromkeys(names, "")})
    for name in names:
        os.truncate(root / name, 10 << 30)
        seen = pack(root)
        assert (seen.code, seen.stdout) == (2, "")
        assert seen.stderr == f"copilot: {name} in {root} is larger than 8 MiB\nhint: shorten it\n"
        os.truncate(root / name, 0)


def test_rules_behind_a_link_do_not_count(
    pack: Pack, make_repository: MakeRepository, outside: Path
) -> None:
    (outside / "rules").write_text("* linguist-generated\n*\n")
    names = (".gitignore", ".gitattributes", ".copilotignore")
    root = make_repository({"a.txt": "a\n"})
    for name in names:
        (root / name).symlink_to(outside / "rules")
    (root / "b.txt").write_text("b\n")
    seen = pack(root)
    assert seen.files == {"a.txt": "tracked", "b.txt": "untracked", **dict.fromkeys(names, LINK)}
    assert (seen.code, seen.texts) == (0, {"a.txt": "a\n", "b.txt": "b\n"})


@pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="nothing is unreadable to root"
)
def test_what_may_not_be_read_stops_the_command(make_repository: MakeRepository) -> None:
    root = make_repository({"plain.txt": "plain\n", "a.txt": "a\n", "src/b.txt": "b\n"})
    (root / "a.txt").chmod(0)
    (root / "src").chmod(0)
    mere_user = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    command = [*(mere_user if os.geteuid() == 0 else []), sys.executable, "-m", "copilot", "pack"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    (root / "src").chmod(0o700)
    assert (done.returncode, done.stdout) == (7, "")
    said = "copilot: repo/a.txt, repo/src/, repo/src/b.txt: cannot be read: Permission denied"
    assert done.stderr.splitlines()[0] == said
