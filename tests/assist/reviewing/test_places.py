"""Lines that refer to what is changed: the same in the base that is kept as git finds."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.pack import Packed
from copilot.assist.read import Read
from copilot.assist.reviewing import held_words
from copilot.assist.reviewing.held_words import hold_words, holds_words, texts_with
from copilot.assist.reviewing.places import Place
from copilot.workspace.changes_of import Changes, What
from copilot.workspace.grep import Search

Git = Callable[..., str]
_KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7bq9\n" * 12
_FILES: dict[str, str | bytes] = {
    "shop.py": "def mean(them):\n    return sum(them)\n\n\ndef largest(them):\n    return 0\n",
    "use/one.py": "from shop import mean\n\nmean([1]) + mean([2])\nmeans = mean_of = 3\n",
    "use/no_end.py": "# über mean\nx = '…' + str(mean([3]))",
    "use/secret.py": 'password = "hunter2Kq9vXw4LmZ7tRb1"\nprint(mean([4]))\n',
    "use/key.py": f'KEY = """{_KEY}-----END RSA PRIVATE KEY-----\n"""\nmean([5])\nlargest([6])\n',
    "empty.py": "",
    "notes.md": "The mean, its meaning, and the largest.\n",
    "blob.bin": b"\0mean\0",
    "later.py": "nothing = 0\n",
}


@pytest.fixture
def shop(make_repository: Callable[..., Path], pack_of: Callable[..., Packed], git: Git) -> Path:
    """A repository whose base is kept, where two functions are changed, and what uses one."""
    root = make_repository(_FILES, "repo")
    pack_of(root, budget=100_000)
    (root / "later.py").write_text("from shop import largest\n")
    git(root, "rm", "--quiet", "--cached", "use/one.py")
    git(root, "commit", "--quiet", "--all", "--message", "later")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "back")
    changed = str(_FILES["shop.py"]).replace("sum(them)", "1").replace("return 0", "return 2")
    (root / "shop.py").write_text(changed)
    git(root, "add", "--all")
    return root


def _lines(places: tuple[Place, ...]) -> list[tuple[str, int]]:
    return [(place.path, place.line) for place in places]


def test_the_base_tells_what_git_finds(
    shop: Path, reviewed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_git = reviewed(shop, fresh=True).matter.places

    def begin(*_: object) -> None:
        raise AssertionError("git is asked")

    monkeypatch.setattr(Search, "__init__", begin)
    in_base = reviewed(shop).matter.places
    assert in_base == by_git
    assert _lines(in_base) == [
        ("later.py", 1),
        ("notes.md", 1),
        ("use/key.py", 16),
        ("use/key.py", 17),
        ("use/no_end.py", 1),
        ("use/no_end.py", 2),
        ("use/one.py", 1),
        ("use/one.py", 3),
        ("use/secret.py", 2),
    ]


def _forked_here(work: Callable[[], int]) -> int:
    """Do what a forked process would, which no process with threads may have."""
    return os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {work()}"], {})


def test_words_that_are_held_tell_the_same(
    shop: Path, reviewed: Any, scope_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_git = reviewed(shop, fresh=True).matter.places
    monkeypatch.setattr(held_words, "_held", held_words._Held())
    monkeypatch.setattr(held_words, "can_fork", lambda: True)
    monkeypatch.setattr(held_words, "fork", _forked_here)
    monkeypatch.setattr(held_words, "_MOST_UNKNOWN", 3)
    scope = scope_of(shop)
    with closing(scope.cache):
        hold_words(Read.of(scope.parts(lambda _done, _known: None)).files, scope)
    assert holds_words()
    # What is not known is looked at.
    (shop / "more.py").write_text("mean([7])\n")
    (shop / "less.py").write_text("meaning = 8\n")

    def begin(*_: object) -> None:
        raise AssertionError("git is asked")

    monkeypatch.setattr(Search, "__init__", begin)
    assert reviewed(shop, fresh=True).matter.places == by_git
    worktree = Changes(What.WORK_TREE)
    assert ("more.py", 1) in _lines(reviewed(shop, worktree, fresh=True).matter.places)


def test_too_many_texts_are_not_held(
    shop: Path, scope_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_words, "_held", held_words._Held())
    monkeypatch.setattr(held_words, "can_fork", lambda: True)
    monkeypatch.setattr(held_words, "fork", _forked_here)
    monkeypatch.setattr(held_words, "_MOST_UNKNOWN", 0)
    monkeypatch.setattr(held_words, "_MOST_BYTES", 10)
    scope = scope_of(shop)
    with closing(scope.cache):
        hold_words(Read.of(scope.parts(lambda _done, _known: None)).files, scope)
    assert not holds_words()
    assert texts_with(["mean"], {}) is None


def test_git_searches_where_the_base_lacks_too_much(
    shop: Path, reviewed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    begin = Search.__init__

    def listen(search: Search, *about: Any) -> None:
        asked.append(about)
        begin(search, *about)

    monkeypatch.setattr(Search, "__init__", listen)
    monkeypatch.setattr("copilot.assist.reviewing.shown_base._MOST_READ", 1)
    assert ("use/secret.py", 2) in _lines(reviewed(shop).matter.places)
    assert len(asked) == 1
