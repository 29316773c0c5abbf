"""`copilot undo`, `redo`, `recover` and `log`: the journal of what was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from copilot.cli.options import DryRun, Json, new_app
from copilot.cli.recovery import recover_first, say_recoveries
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.edits.patch import shown_diff
from copilot.errors import ExitCode
from copilot.journal import history
from copilot.journal.history import FileOutcome
from copilot.journal.model import Entry, Kind, Transaction, is_executable
from copilot.journal.recover import recover as recover_all
from copilot.settings.paths import state_paths
from copilot.text import one_line
from copilot.workspace.roots import find_roots

_NAMED = 20

Root = Annotated[
    str | None,
    typer.Option("--root", "-R", metavar="PATH", help="Default: the work tree around this folder."),
]

_WORDS = {
    "restored": "as it was before",
    "merged": "as it was before, with the later changes",
    "removed": "removed",
    "unchanged": "was so already",
}

undo_app, redo_app, recover_app, log_app = (new_app() for _ in range(4))


@undo_app.command()
def undo(
    transaction: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="An id of `copilot log`; default: the last."),
    ] = None,
    root: Root = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take back the last change here; later edits elsewhere in its files stay."""
    _reverse(history.undo, "undo", transaction, root, dry_run=dry_run, as_json=as_json)


@redo_app.command()
def redo(
    transaction: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="The id of an undo; default: the last."),
    ] = None,
    root: Root = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make the change again that was undone last."""
    _reverse(history.redo, "redo", transaction, root, dry_run=dry_run, as_json=as_json)


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


def _reverse(
    way: Callable[..., Transaction],
    kind: Kind,
    id_: str | None,
    root: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    journals, path = state_paths().journals, _path(root)
    if dry_run:
        _preview(*history.preview(journals, path, kind, transaction_id=id_), as_json=as_json)
        return
    done = way(journals, path, transaction_id=id_)
    files = history.outcomes(journals, done)
    # Said before stdout can fail.
    _tell(done, files)
    if as_json:
        put_json(_document(done) | {"files": [_file_document(file) for file in files]})


def _preview(transaction: Transaction, changes: ChangeSet, *, as_json: bool) -> None:
    diff = shown_diff(changes, prefix_alias=len(transaction.roots) > 1)
    say(f"dry run: nothing was written; this would reverse {transaction.id}")
    if as_json:
        put_json({"reverses": transaction.id, "label": transaction.label, "diff": diff})
    else:
        put(diff)


def _tell(transaction: Transaction, files: Sequence[FileOutcome]) -> None:
    """Say in which repositories what was taken back, by file."""
    for file in files[:_NAMED]:
        moved = f", moved back from {one_line(file.moved_from)}" if file.moved_from else ""
        name = one_line(f"{file.alias}/{file.path}")
        say(f"  {name}: {_WORDS[file.outcome]}{moved}")
    if len(files) > _NAMED:
        say(f"  and {len(files) - _NAMED} more")
    places = ", ".join(one_line(str(root)) for root in sorted(transaction.roots))
    what = "undone" if transaction.kind == "undo" else "done again"
    label = f": {one_line(transaction.label)}" if transaction.label else ""
    say(f"{what} in {places}{label}")


def _file_document(file: FileOutcome) -> dict[str, Any]:
    return {
        "repository": file.alias,
        "root": str(file.root),
        "path": file.path,
        "outcome": file.outcome,
        "moved_from": file.moved_from,
    }


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
            {"root": str(e.root), "path": e.path, "before": e.before, "after": e.after} | _mode(e)
            for e in transaction.entries
        ],
    }


def _mode(entry: Entry) -> dict[str, bool]:
    """Return whether the file becomes executable, if that changes."""
    if not entry.changes_mode or entry.mode_after is None:
        return {}
    return {"executable": is_executable(entry.mode_after)}
