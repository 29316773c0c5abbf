"""A repository with a change to review."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.review.shop import CHECK, REPORT, SHOP, Git


@pytest.fixture
def repo(make_repository: Callable[..., Path], git: Git) -> Path:
    """A repository in which a check was taken out, staged, with other work not staged."""
    root = make_repository({"shop.py": SHOP, "report.py": REPORT, "notes.md": "n\n"}, "repo")
    (root / "shop.py").write_text(SHOP.replace(CHECK, ""))
    git(root, "add", "--all")
    (root / "notes.md").write_text("not staged\n")
    return root


@pytest.fixture
def as_it_was(git: Git) -> Callable[[Path], Any]:
    """All of a repository that a review must leave as it is: index, files, stash, refs."""

    def take(root: Path) -> Any:
        files = {
            p: p.read_bytes() for p in root.rglob("*") if p.is_file() and ".git" not in p.parts
        }
        index = root / ".git/index"
        refs = git(root, "for-each-ref")
        return files, index.read_bytes(), index.stat().st_mtime_ns, refs

    return take
