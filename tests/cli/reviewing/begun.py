"""A conversation with its first proposal under review, as the tests of such reviews have it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copilot.backends.protocol import Event
from copilot.cli.conversation import Conversation
from copilot.cli.reviewing import Reviewing
from copilot.journal.transact import commit
from copilot.review.state import Review, accepted

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Model = Callable[..., str]
Words = Callable[..., str]
Asked = list[dict[str, Any]]

LINES = "".join(f"line {number}\n" for number in range(1, 21))
PATH = "app/a.txt"


@dataclass
class Begun:
    """A conversation of which the first proposal is under review."""

    talk: Conversation
    outside: Reviewing
    review: Review
    root: Path

    def write(self, review: Review) -> None:
        setup = self.talk.setup
        roots = {root.alias: root.path for root in setup.roots}
        commit(accepted(review), roots, setup.paths.journals, label="x")

    @property
    def text(self) -> str:
        return (self.root / "a.txt").read_text()


Begin = Callable[..., Begun]


def show(_event: Event) -> None:
    """Look at nothing."""


def texts(review: Review) -> list[bytes | None]:
    return [file.change.after for file in review.files]
