"""Changes in real repositories, and what a model would be asked about them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from copilot.assist.reviewing.context import Asked, requests
from copilot.assist.reviewing.kept_base import kept_base
from copilot.assist.reviewing.matter import Matter, gather
from copilot.assist.reviewing.shown import ShownHunk
from copilot.assist.scope import Scope
from copilot.context.draft import Draft
from copilot.workspace.changes_of import Changes, What, read_diff

Reviewed = Callable[..., "Review"]


@dataclass(frozen=True)
class Review:
    """What was gathered of a change, and the requests about it."""

    matter: Matter
    asked: tuple[Asked, ...]
    lost: tuple[ShownHunk, ...]


@pytest.fixture
def reviewed(scope_of: Callable[..., Scope]) -> Reviewed:
    """Gather what a repository's change is, and compose the requests about it."""

    def run(root: Path, changes: Changes | None = None, **options: object) -> Review:
        scope = scope_of(root, **{"budget": 100_000, **options})
        changes = changes or Changes(What.STAGED)
        diff = read_diff(scope.roots[0], changes)
        with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
            kept = kept_base(scope)
            matter = gather(scope, scope.roots[0], changes, diff, _no_bar, kept)
            return Review(matter, *requests(matter, scope, draft, _no_bar, kept))

    return run


def _no_bar(_done: int, _total: int, _label: str = "") -> None:
    """Show nothing."""
