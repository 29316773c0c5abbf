"""Writing what was accepted in a session, and taking it back: only what this session wrote."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from copilot.assist.check import Check, CheckCommand, check_in_copy
from copilot.cli.history import say_reversed
from copilot.cli.session_store import Kept
from copilot.cli.setup import Setup
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.errors import UsageError
from copilot.journal import history
from copilot.journal.model import Transaction
from copilot.journal.transact import commit as write_all
from copilot.review.state import Decision, Review, accepted, asked_apart, decide_file
from copilot.text import one_line


@dataclass(frozen=True)
class Landed:
    """What became of a review: `applied`, `partly applied` or `not applied`, and why not."""

    outcome: str
    transaction: str | None = None
    hint: str = ""


def land_review(
    review: Review,
    setup: Setup,
    check: CheckCommand | None,
    agrees: Callable[[str], bool],
    label: str,
) -> Landed:
    """Check and write what was accepted, all of it or nothing. Raises CopilotError."""
    decided = _asked_apart(review, agrees)
    changes = accepted(decided)
    if not changes:
        say("nothing was accepted, nothing was written")
        return Landed("not applied")
    result = _checked(changes, setup, check) if check else None
    if result is not None and not result.passed:
        say("the check failed, nothing was written")
        return Landed("not applied", hint="mend it with /edit, or change the check")
    roots = {root.alias: root.path for root in setup.roots}
    transaction = write_all(changes, roots, setup.paths.journals, label=label)
    is_whole = all(file.decision is Decision.ACCEPTED for file in decided.files)
    count = len(changes.changes)
    rest = "" if is_whole else "; the rest was left out"
    say(f"applied {count} file{'' if count == 1 else 's'}{rest}; to take it back: /undo")
    return Landed("applied" if is_whole else "partly applied", transaction.id)


def _asked_apart(decided: Review, agrees: Callable[[str], bool]) -> Review:
    """Ask for a yes of its own for each file that needs one; without it, it is left out."""
    for index, flags in asked_apart(decided):
        name = one_line(decided.files[index].change.name)
        why = "; ".join(flag.text for flag in flags)
        if not agrees(f"{name}: {why}. Write it all the same?"):
            say(f"left out: {name}: {why}")
            decided = decide_file(decided, index, Decision.REJECTED)
    return decided


def _checked(changes: ChangeSet, setup: Setup, check: CheckCommand) -> Check:
    say(f"checking the result in a scratch copy: {one_line(check.command)}")
    result = check_in_copy(setup.roots, changes, check, os.environ)
    if not result.passed:
        say(result.output.rstrip())
    return result


def reverse(kept: Kept, setup: Setup, *, is_undo: bool) -> None:
    """Undo, or make again, what this session wrote last, and say what. Raises CopilotError."""
    known = kept.written if is_undo else kept.undone
    if not known:
        what = "written nothing that could be undone" if is_undo else "nothing to make again"
        raise UsageError(f"this session has {what}", "copilot log shows what others wrote")
    journals = setup.paths.journals
    last = _transaction(setup, known[-1])
    way = history.undo if is_undo else history.redo
    done = way(journals, next(iter(last.roots)), transaction_id=last.id)
    kept.reverse("undid" if is_undo else "redid", done.id)
    say_reversed(done, history.outcomes(journals, done))


def _transaction(setup: Setup, name: str) -> Transaction:
    found = next((one for one in history.log(setup.paths.journals) if one.id == name), None)
    if found is None:
        raise UsageError(f"the journal no longer holds {name}", "copilot log shows what it holds")
    return found
