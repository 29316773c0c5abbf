"""Lines that refer to what is changed: the same in the base that is kept as git finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.pack import Packed
from copilot.assist.reviewing.places import Place
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
