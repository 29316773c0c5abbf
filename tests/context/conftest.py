"""Snapshots made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from copilot.workspace.contents import blob_id
from copilot.workspace.model import Repository, Snapshot, SourceFile


@pytest.fixture(scope="session")
def make_snapshot() -> Callable[[Mapping[str, str | None]], Snapshot]:
    """Make the snapshot of one clean repository `repo` from texts by path; None is left out."""

    def make(texts: Mapping[str, str | None]) -> Snapshot:
        files = [
            SourceFile("repo", path, blob_id(text.encode()), "tracked", text.encode())
            if text is not None
            else SourceFile("repo", path, None, "lock file")
            for path, text in texts.items()
        ]
        repository = Repository("repo", Path("/repo"), "0" * 40, dirty=False)
        return Snapshot((repository,), tuple(files))

    return make
