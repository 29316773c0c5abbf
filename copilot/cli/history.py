"""`copilot undo`, `redo`, `recover` and `log`: the journal of what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from copilot.cli.options import Json, new_app
from copilot.cli.recovery import recover_first, say_recoveries
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.errors import ExitCode
from copilot.journal import history
from copilot.journal.model import Transaction
from copilot.journal.recover import recover as recover_all
from copilot.settings.paths import state_paths
from copilot.text import one_line
from copilot.workspace.roots import find_roots

_NAMED = 20

Root = Annotated[
    str | None,
    typer.Option("--root", "-R", metavar="PATH", help="Default: the work tree around this folder."),
]

undo_app, redo_app, recover_app, log_app = (new_app() for _ in range(4))


@undo_app.command()
def undo(
    transaction: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="An id of `copilot log`; default: the last."),
    ] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Take back the last change here, byte for byte."""
    undone = history.undo(state_paths().journals, _path(root), transaction_id=transaction)
    _tell("undone", undone, as_json=as_json)


@redo_app.command()
def redo(root: Root = None, as_json: Json = False) -> None:
    """Make the change again that was undone last."""
    _tell("done again", history.redo(state_paths().journals, _path(root)), as_json=as_json)


@recover_app.command()
def recover(as_json: Json = False) -> None:
    """Finish or roll back what was interrupted, everywhere."""
    recoveries = recover_all(state_paths().journals)
    if as_json:
        put_json(
            [
                {"id": r.transaction.id, "outcome": r.outcome, "conflicts": list(r.conflicts)}
                for r in recoveries
            ]
        )
    say_recoveries(recoveries)
    if not recoveries:
        say("nothing to recover")
    if any(recovery.conflicts for recovery in recoveries):
        raise typer.Exit(ExitCode.FINDINGS)


@log_app.command()
def log(
    root: Root = None,
    everywhere: Annotated[bool, typer.Option("--all", help="All repositories.")] = False,
    as_json: Json = False,
) -> None:
    """List what was written in this repository, newest first."""
    found = history.log(state_paths().journals, None if everywhere else _path(root))
    if as_json:
        put_json([_document(transaction) for transaction in found])
        return
    for transaction in found:
        put(_line(transaction))
    if not found:
        say("nothing was written here yet")


def _path(root: str | None) -> Path:
    (found,) = find_roots([root] if root else [], Path.cwd())
    recover_first(state_paths().journals, [found.path])
    return found.path


def _tell(what: str, transaction: Transaction, *, as_json: bool) -> None:
    if as_json:
        put_json(_document(transaction))
    names = sorted({entry.name for entry in transaction.entries})
    for name in names[:_NAMED]:
        say(f"  {one_line(name)}")
    if len(names) > _NAMED:
        say(f"  and {len(names) - _NAMED} more")
    say(f"{what}: {one_line(transaction.label)}")


def _line(transaction: Transaction) -> str:
    count = len(transaction.entries)
    files = f"{count} file{'' if count == 1 else 's'}"
    status = "" if transaction.status == "committed" else f" ({transaction.status})"
    label = one_line(transaction.label)
    return f"{transaction.id}  {transaction.kind:5}  {files:>9}  {label}{status}\n"


def _document(transaction: Transaction) -> dict[str, Any]:
    return {
        "id": transaction.id,
        "kind": transaction.kind,
        "status": transaction.status,
        "created": transaction.created,
        "label": transaction.label,
        "reverses": transaction.reverses,
        "files": [
            {"root": str(e.root), "path": e.path, "before": e.before, "after": e.after}
            for e in transaction.entries
        ],
    }
