"""Reading folders as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.choose import Selection
from copilot.workspace.model import Snapshot, SourceFile
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import read_snapshot


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Snapshot]:
    """Read roots, each by its path, with patterns to include and exclude."""

    def run(
        *roots: Path, include: tuple[tuple[str, ...], ...] = (), exclude: tuple[str, ...] = ()
    ) -> Snapshot:
        found = find_roots([str(root) for root in roots], tmp_path)
        return read_snapshot(found, Selection(include, exclude))

    return run


@pytest.fixture
def files(read: Callable[..., Snapshot]) -> Callable[..., dict[str, SourceFile]]:
    """Read one root and return its files by path, having seen that none is there twice."""

    def run(root: Path, **patterns: tuple[str | tuple[str, ...], ...]) -> dict[str, SourceFile]:
        found = read(root, **patterns).files
        by_path = {file.path: file for file in found}
        assert len(by_path) == len(found)
        return by_path

    return run
