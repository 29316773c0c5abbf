from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.errors import UsageError
from copilot.workspace.special import look_around


def test_pipes_and_sockets_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run" / "deep").mkdir(parents=True)
    os.mkfifo(tmp_path / "run" / "deep" / "pipe")
    # A socket's path must be short.
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("run/sock")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("run/deep/pipe")
    assert sorted(look_around(tmp_path).special) == ["run/deep/pipe", "run/sock"]


def test_nothing_outside_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    os.mkfifo(tmp_path / "outside" / "pipe")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "linked").symlink_to(tmp_path / "outside")
    assert look_around(tmp_path / "root").special == ()


def test_they_are_listed_with_a_reason(
    make_repository: Callable[..., Path], files: Callable[..., dict[str, object]]
) -> None:
    root = make_repository({"a.txt": "a\n", ".gitignore": "build/\n"})
    for folder in ("run", "build"):
        (root / folder).mkdir()
        os.mkfifo(root / folder / "pipe")
    (root / "build" / "a.o").write_text("x")
    found = files(root)
    assert sorted(found) == [".gitignore", "a.txt", "build/", "run/pipe"]
    assert getattr(found["run/pipe"], "reason", "") == "not a regular file"


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes", ".copilotignore"])
@pytest.mark.parametrize("tracked", [True, False], ids=["git", "folder"])
def test_git_is_not_left_waiting_for_rules_from_a_pipe(
    make_repository: Callable[..., Path], files: Callable[..., object], name: str, tracked: bool
) -> None:
    root = make_repository({"src/a.txt": "a\n"})
    if not tracked:
        (root / ".git").rename(root.parent / "git")
    os.mkfifo(root / "src" / name)
    with pytest.raises(UsageError, match=f"src/{name} in .* is no regular file"):
        files(root)
