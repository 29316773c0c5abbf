"""Editors and other copilots that write at the same time: nobody's work is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.journal.history import log
from copilot.journal.recover import recover
from copilot.journal.transact import commit

Orders = Callable[..., dict[str, Any]]
Start = Callable[..., "subprocess.Popen[str]"]
Finish = Callable[["subprocess.Popen[str]"], tuple[int, Any]]


@pytest.fixture
def journals(ram: Path) -> Path:
    return ram / "state" / "journals"


@pytest.fixture
def roots(ram: Path) -> dict[str, Path]:
    (ram / "api").mkdir()
    return {"api": ram / "api"}


def _changes(roots: dict[str, Path], old: bytes = b"old") -> ChangeSet:
    for root in roots.values():
        for name in ("update", "delete", "move"):
            (root / name).write_bytes(old)
    return ChangeSet(
        tuple(
            change
            for alias in roots
            for change in (
                FileChange(alias, "update", old, b"new"),
                FileChange(alias, "delete", old, None),
                FileChange(alias, "moved", old, b"moved", "move"),
                FileChange(alias, "create", None, b"new"),
            )
        )
    )


@pytest.mark.parametrize(
    ("op", "editor"), [("commit", "in-place"), ("commit", "rename"), ("undo", "rename")]
)
@pytest.mark.parametrize("name", ["update", "delete", "move", "moved", "create"])
def test_editor_that_writes_at_any_moment(
    op: str,
    editor: str,
    name: str,
    roots: dict[str, Path],
    journals: Path,
    keep: Callable[[str], None],
    order: Orders,
    start: Start,
    finish: Finish,
) -> None:
    """Before every call of a transaction in turn."""
    changes = _changes(roots)
    if op == "undo":
        commit(changes, roots, journals, label="")
    keep("start")
    told = order(op, changes, editor=editor, path=str(roots["api"] / name))
    code, found = finish(start(told | {"sweep": "edits"}))
    assert code == 0
    assert len(found) > 40
    for error, call, mine in found:
        assert mine == [name], f"lost at {call}, with {error}"
    assert {error for error, _, _ in found} == {None, "EditsRefused"}


@pytest.mark.parametrize("name", ["update", "delete", "move"])
def test_editor_that_has_the_file_open(
    name: str,
    roots: dict[str, Path],
    journals: Path,
    keep: Callable[[str], None],
    order: Orders,
    start: Start,
    finish: Finish,
) -> None:
    """Its bytes go to the old file, and are seen until that is unlinked."""
    changes = _changes(roots)
    keep("start")
    told = order("commit", changes, editor="open", path=str(roots["api"] / name))
    found = finish(start(told | {"sweep": "edits"}))[1]
    first = [call for _, call, _ in found].index("unlink")
    assert first > 40
    for error, call, mine in found[:first]:
        assert (bool(error), mine) == (True, [name]), f"lost at {call}"


@pytest.mark.parametrize("editor", ["in-place", "rename"])
def test_editor_in_the_last_window_and_a_kill_right_after(
    editor: str,
    roots: dict[str, Path],
    journals: Path,
    keep: Callable[[str], None],
    order: Orders,
    start: Start,
    finish: Finish,
) -> None:
    """The editor writes between our last look and the exchange, and we die after that."""
    changes = _changes(roots)
    calls = finish(start(order("commit", changes)))[1]["calls"]
    shutil.rmtree(journals.parent)
    for root in roots.values():
        for path in root.iterdir():
            path.unlink()
    _changes(roots)
    moment = calls.index("renameat2") + 1
    path = roots["api"] / "update"
    told = order("commit", changes, editor=editor, path=str(path), edit_at=moment)
    code, _ = finish(start(told | {"kill_at": moment + 1}))
    assert code < 0
    assert path.read_bytes() == b"new"
    (found,) = recover(journals)
    assert found.outcome == "conflict"
    assert [line.split(":")[0] for line in found.conflicts] == ["api/update"]
    assert path.read_bytes() == b"mine"
    assert not list(roots["api"].glob(".copilot-*"))


EDITOR = """
    import sys
    from pathlib import Path

    path, new, last = Path(sys.argv[1]), Path(sys.argv[1] + ".editor"), b"start\\n"
    for number in range(int(sys.argv[2])):
        # What it wrote may be away for the moment in which it is put back.
        for _ in range(100_000):
            if last in (text := path.read_bytes()):
                break
        last = b"editor %d\\n" % number
        new.write_bytes(text + last)
        new.replace(path)
"""
COPILOT = """
    import sys
    from pathlib import Path

    from copilot.edits.changes import ChangeSet, FileChange
    from copilot.errors import CopilotError
    from copilot.journal.transact import commit

    root, journals, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].encode()
    done = 0
    for number in range(int(sys.argv[4])):
        old = (root / "file").read_bytes()
        changes = FileChange("api", "file", old, b"%s %d\\n" % (name, number) + old)
        try:
            commit(ChangeSet((changes,)), {"api": root}, journals, label="")
        except CopilotError:
            continue
        done += 1
    print(done)
"""


def test_two_copilots_and_an_editor_at_once(roots: dict[str, Path], journals: Path) -> None:
    """All three read a file and write it with a line more, as fast as they can.

    The editor looks only for its own last line, so that it may overwrite ours; we never overwrite
    its. What it wrote while we exchanged two files may be left in a file beside.
    """
    path = roots["api"] / "file"
    path.write_bytes(b"start\n")
    program = [sys.executable, "-c"]
    ours = [
        subprocess.Popen(
            [*program, textwrap.dedent(COPILOT), roots["api"], journals, name, "40"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("first", "second")
    ]
    theirs = subprocess.run([*program, textwrap.dedent(EDITOR), path, "400"], check=True)
    assert theirs.returncode == 0
    done = [int(one.communicate()[0]) for one in ours]
    assert [one.returncode for one in ours] == [0, 0]
    written = path.read_bytes() + b"".join(
        beside.read_bytes() for beside in roots["api"].glob(".copilot-*")
    )
    lines = set(written.splitlines())
    assert {b"editor %d" % number for number in range(400)} <= lines
    assert sum(one.status == "committed" for one in log(journals)) == sum(done)
