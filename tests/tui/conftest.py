"""A clean terminal environment and reviews to look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.review.state import Review, start
from copilot.tui.review_base import ReviewBase


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the caller's terminal settings out of the pictures."""
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def quick_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have keys heard as soon as a review is there."""
    monkeypatch.setattr(ReviewBase, "unheard_seconds", 0.0)


@pytest.fixture
def review_of() -> Callable[..., Review]:
    """Return a function that starts a review of changes of one repository."""

    def make(*changes: FileChange, flags: dict[str, tuple[Flag, ...]] | None = None) -> Review:
        return start(ChangeSet(changes), flags)

    return make


@pytest.fixture
def two_hunks() -> FileChange:
    """A file of 20 lines whose lines 3 and 15 change."""
    before = b"".join(b"line %d\n" % number for number in range(1, 21))
    after = before.replace(b"line 3\n", b"LINE 3\n").replace(b"line 15\n", b"LINE 15\n")
    return FileChange("app", "src/a.txt", before, after)


@pytest.fixture
def many_kinds() -> Review:
    """Six hunks: an edit in two places, a new file, a deletion, a rename with an edit."""
    code = b"import os\n\n\ndef size(path):\n\treturn os.stat(path).st_size\n"
    body = b"".join(b"# %d\n" % number for number in range(8))
    edited = code.replace(b"\treturn", b"\tif not path:\n\t\treturn 0\n\treturn")
    changes = (
        FileChange("app", "src/size.py", code + body + b"x = 1", edited + body + b"x = 2\n"),
        FileChange(
            "app", "src/new.py", None, b'NAME = "caf\xc3\xa9"  # \xe2\x80\xae\x1b[31m\xff\r\n'
        ),
        FileChange("app", "src/old.py", b"GONE = True\n", None),
        FileChange("lib", ".github/workflows/ci.yml", b"on: push\n", b"on: [push]\n", "ci.yml"),
    )
    return start(
        ChangeSet(changes),
        {"lib/.github/workflows/ci.yml": (Flag(FlagKind.PROTECTED, "runs on the build server"),)},
    )
