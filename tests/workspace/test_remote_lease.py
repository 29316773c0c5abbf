from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from copilot.workspace.remote_lease import discard, lease

_HOLD = """
import sys
from pathlib import Path
from copilot.workspace.remote_lease import lease
held = lease(Path(sys.argv[1]))
print("held" if held else "not held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    (path / "below").mkdir(parents=True)
    (path / "below" / "file").write_text("x\n")
    return path


def test_several_may_hold_a_folder_and_nobody_removes_it(folder: Path) -> None:
    one, two = lease(folder), lease(folder)
    assert one
    assert two
    one.end()
    assert not discard(folder)
    assert (folder / "below" / "file").exists()
    two.end()
    assert discard(folder)
    assert list(folder.parent.iterdir()) == []


def test_what_is_let_go_is_held_no_longer(folder: Path) -> None:
    held = lease(folder)
    assert not discard(folder)
    del held
    assert discard(folder)


def test_another_process_holds_it_until_it_ends_however_it_does(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert not discard(folder)
        process.kill()
    assert discard(folder)


def test_what_its_owner_started_holds_it_on(folder: Path) -> None:
    held = lease(folder)
    assert held
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(held.descriptor,)
    ) as child:
        held.end()
        assert not discard(folder)
        child.communicate(b"\n")
    assert discard(folder)


def test_what_is_not_there_is_not_held_and_is_gone(tmp_path: Path) -> None:
    assert lease(tmp_path / "none") is None
    assert discard(tmp_path / "none")


def test_links_and_files_are_not_held(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    assert lease(folder.parent / "link") is None
    assert lease(folder / "below" / "file") is None


def test_one_that_was_being_removed_is_removed(folder: Path) -> None:
    half = folder.rename(folder.parent / ".gone-half")
    assert discard(half)
    assert list(half.parent.iterdir()) == []
