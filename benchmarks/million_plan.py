"""Times planning against reading in this process: `million.py` starts it anew for each round.

    python benchmarks/million_plan.py FOLDER BUDGET QUESTION...

Plans each question in turn from what is kept, and prints a JSON list of what each took.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from copilot.assist.base import base_of
from copilot.assist.ranked import in_focus, ranking_of
from copilot.assist.scope import Scope
from copilot.cli.main import GC_THRESHOLDS
from copilot.cli.options import Where
from copilot.cli.setup import Setup, set_up
from copilot.context.draft import Draft
from copilot.context.entries import latest
from copilot.workspace.model import Part
from copilot.workspace.snapshot import Progress

# Of the budget, what is left to the task's own words.
_TASK_TOKENS = 2_000


@dataclass(frozen=True)
class Planned:
    """Seconds for the listing, for planning, and for reading what was chosen.

    `files` is how many were read, `size` their characters.
    """

    listing: float
    planning: float
    reading: float
    files: int
    size: int


@dataclass(frozen=True)
class TimedScope(Scope):
    """A scope that notes how long the listing of its files took."""

    spent: list[float] = field(default_factory=list, compare=False)

    def parts(self, progress: Progress, *, skip: bool = False) -> Iterator[Part]:
        parts = super().parts(progress, skip=skip)
        while True:
            began = time.perf_counter()
            part = next(parts, None)
            self.spent.append(time.perf_counter() - began)
            if part is None:
                return
            yield part


def plan(setup: Setup, budget: int, question: str) -> Planned:
    """Plan a prompt as `pack` does, and read the files that were chosen."""
    plain = setup.scope(budget=budget)
    scope = TimedScope(**{one.name: getattr(plain, one.name) for one in fields(plain)})
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        began = time.perf_counter()
        base = base_of(scope, draft, _silent, for_task=True)
        if base is None:
            raise SystemExit("the budget is too small for a base")
        entries = latest(base.frozen.entries).values()
        full = frozenset(entry.name for entry in entries if entry.is_full)
        ranking = ranking_of(base.read, scope, question, draft, _silent)
        room = budget - base.frozen.tokens - _TASK_TOKENS
        chosen = in_focus(ranking, full, draft, base.frozen.record.frame, room)
        planning = time.perf_counter() - began - sum(scope.spent)
    shown = {entry.name for entry in entries if entry.shows_text}
    shown |= {copy.file.name for copy in chosen.copies}
    files = [file for file in base.read.files if file.name in shown]
    places = {root.alias: root.path for root in scope.places}
    paths = [places[file.repository] / file.path for file in files]
    began = time.perf_counter()
    texts = [_read(path) for path in paths]
    reading = time.perf_counter() - began
    return Planned(sum(scope.spent), planning, reading, len(files), sum(map(len, texts)))


def _read(path: Path) -> str:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read().decode(errors="replace")


def _silent(_done: int, _known: int) -> None:
    """Show nothing."""


def main() -> None:
    folder, budget, *questions = sys.argv[1:]
    # As the program itself does.
    gc.set_threshold(*GC_THRESHOLDS)
    setup = set_up(Where(roots=(folder,), budget=budget))
    if setup.config.budget is None:
        raise SystemExit("no budget")
    planned = [asdict(plan(setup, setup.config.budget, question)) for question in questions]
    sys.stdout.write(json.dumps(planned))


if __name__ == "__main__":
    main()
