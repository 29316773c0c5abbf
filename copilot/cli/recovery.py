"""What an interrupted copilot left, finished before anything else happens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.cli.talk import say
from copilot.text import one_line

if TYPE_CHECKING:
    from copilot.journal.recover import Recovery


def recover_first(journals: Path, roots: Sequence[Path]) -> None:
    """Finish or roll back interrupted writes in these roots, and say so."""
    if journals.exists():
        from copilot.journal.recover import recover

        say_recoveries(recover(journals, roots))


def say_recoveries(recoveries: Sequence[Recovery]) -> None:
    """Say what became of each interrupted write."""
    for recovery in recoveries:
        label = one_line(recovery.transaction.label)
        say(f"an earlier change was interrupted ({label}): {recovery.outcome}")
        for conflict in recovery.conflicts:
            say(f"  left alone, somebody changed it: {conflict}")
