"""What a push brings, by what git tells its hook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.pushed import Pushed, base_of_push, read_pushed

_ONE, _TWO, _NONE = "1" * 40, "2" * 40, "0" * 40
MakeRepository = Callable[..., Path]


@pytest.mark.parametrize(
    ("line", "pushed"),
    [
        (f"refs/heads/a {_ONE} refs/heads/b {_TWO}", Pushed("refs/heads/b", _ONE, _TWO)),
        (f"refs/heads/a {_ONE} refs/heads/b {_NONE}", Pushed("refs/heads/b", _ONE, None)),
        (
            f"HEAD {_ONE} refs/heads/b\u2028\x85 {_TWO}",
            Pushed("refs/heads/b\u2028\x85", _ONE, _TWO),
        ),
        (f"HEAD {_ONE} refs/heads/b {_TWO}", Pushed("refs/heads/b", _ONE, _TWO)),
        (f"(delete) {_NONE} refs/heads/b {_TWO}", None),
        (f"refs/tags/v1 {_ONE} refs/tags/v1 {_NONE}", None),
        (f"refs/heads/a {_ONE} refs/for/b {_TWO}", None),
        (f"refs/heads/a --all refs/heads/b {_TWO}", None),
        ("", None),
        ("a b", None),
    ],
)
def test_branches_alone_are_read(line: str, pushed: Pushed | None) -> None:
    expected = (pushed,) if pushed else ()
    assert read_pushed(f"{line}\n".encode()) == expected


@pytest.fixture
def cloned(make_repository: MakeRepository, git: Callable[..., str]) -> Path:
    """A clone with one commit of its own."""
    origin = make_repository({"a.txt": "one\n"}, "origin")
    git(origin.parent, "clone", "--quiet", str(origin), "clone")
    clone = origin.parent / "clone"
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "mine")
    return clone


def test_a_branch_that_is_there_begins_where_it_is(cloned: Path, git: Callable[..., str]) -> None:
    local, remote = (git(cloned, "rev-parse", name).strip() for name in ("HEAD", "HEAD~1"))
    assert base_of_push(cloned, "origin", Pushed("refs/heads/main", local, remote)) == remote


@pytest.mark.parametrize("there", [None, _ONE])
def test_a_new_branch_begins_where_it_left_the_default(
    cloned: Path, git: Callable[..., str], there: str | None
) -> None:
    local = git(cloned, "rev-parse", "HEAD").strip()
    base = base_of_push(cloned, "origin", Pushed("refs/heads/new", local, there))
    assert base == git(cloned, "rev-parse", "origin/HEAD").strip()


def test_nothing_tells_where_a_first_push_begins(
    make_repository: MakeRepository, git: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    local = git(root, "rev-parse", "HEAD").strip()
    assert base_of_push(root, "--all", Pushed("refs/heads/main", local, None)) is None
