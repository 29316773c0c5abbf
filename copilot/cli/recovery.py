"""What an interrupted copilot left, finished before anything else happens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.cli.talk import say
from copilot.text import one_line

if TYPE_CHECKING:
    from copilot.journal.recover import Recovery

# By kind: what it is called, what holds once it is completed, what once it is rolled back.
_WORDS = {
    "apply": ("change", "it is in force", "nothing of it is left"),
    "undo": ("undo", "the change is taken back", "the change is in force"),
    "redo": ("redo", "the change is in force again", "the change stays taken back"),
}


def recover_first(journals: Path, roots: Sequence[Path]) -> None:
    """Finish or roll back interrupted writes in these roots, and say so."""
    if journals.exists():
        from copilot.journal.recover import recover

        say_recoveries(recover(journals, roots))


def say_recoveries(recoveries: Sequence[Recovery]) -> None:
    """Say what became of each interrupted write."""
    for recovery in recoveries:
        say(_sentence(recovery))
        for conflict in recovery.conflicts:
            say(f"  {conflict}")
    if any(recovery.conflicts for recovery in recoveries):
        from copilot.journal.recover import CONFLICT_HINT

        say(CONFLICT_HINT)


def _sentence(recovery: Recovery) -> str:
    transaction = recovery.transaction
    name, completed, rolled_back = _WORDS[transaction.kind]
    label = one_line(transaction.label)
    what = f"an earlier {name} of {label}" if transaction.kind != "apply" else "an earlier change"
    if transaction.kind == "apply" and label:
        what += f" ({label})"
    outcomes = {
        "completed": f"completed, {completed}",
        "rolled-back": f"rolled back, {rolled_back}",
        "conflict": "rolled back but for",
    }
    return f"{what} was interrupted: {outcomes[recovery.outcome]}"
