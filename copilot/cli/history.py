"""`copilot undo`, `redo`, `recover` and `log`: the journal of what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from copilot.cli.options import DryRun, Json, new_app
from copilot.cli.recovery import recover_first, say_recoveries
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.edits.patch import shown_diff
from copilot.errors import CopilotError, ExitCode, WriteFailed
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

_UNDO = {
    "restored": "as it was before",
    "merged": "as it was before, with the later changes",
    "removed": "removed",
    "unchanged": "was so already",
}
_REDO = {
    "restored": "made again",
    "merged": "made again, with the later changes",
    "removed": "removed again",
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
    journals = state_paths().journals
    found = history.log(journals, None if everywhere else _path_for_reading(root))
    by = history.reversers(found)
    if as_json:
        put_json([_document(transaction, by) for transaction in found])
        return
    for transaction in found:
        put(_line(transaction, by))
    if not found:
        say("nothing was written here yet")


def _path(root: str | None) -> Path:
    (found,) = find_roots([root] if root else [], Path.cwd())
    recover_first(state_paths().journals, [found.path])
    return found.path


def _path_for_reading(root: str | None) -> Path:
    """As `_path`, also where an interrupted change cannot be led to an end."""
    (found,) = find_roots([root] if root else [], Path.cwd())
    try:
        recover_first(state_paths().journals, [found.path])
    except WriteFailed as error:
        say(f"an interrupted change is pending and cannot be finished here: {error.message}")
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
    journals = state_paths().journals
    try:
        path = _path(root)
        if dry_run:
            planned, changes = history.preview(journals, path, kind, transaction_id=id_)
            files = history.outcomes(journals, planned)
            _preview(planned, changes, files, as_json=as_json)
            return
        done = way(journals, path, transaction_id=id_)
    except CopilotError as error:
        if as_json:
            put_json({"outcome": "refused", "reason": error.message, "hint": error.hint})
        raise
    files = history.outcomes(journals, done)
    # Said before stdout can fail.
    say_reversed(done, files)
    if as_json:
        put_json(_reversal_document(done, files) | {"dry_run": False})


def _preview(
    planned: Transaction, changes: ChangeSet, files: Sequence[FileOutcome], *, as_json: bool
) -> None:
    diff = shown_diff(changes, prefix_alias=len(planned.roots) > 1)
    say(f"dry run: nothing was written; this would reverse {planned.reverses}")
    if as_json:
        unwritten = {"id": None, "status": None, "created": None, "dry_run": True, "diff": diff}
        put_json(_reversal_document(planned, files) | unwritten)
    else:
        put(diff)


def say_reversed(transaction: Transaction, files: Sequence[FileOutcome]) -> None:
    """Say in which repositories what was taken back, by file."""
    is_undo = transaction.kind == "undo"
    words, again = (_UNDO, "back") if is_undo else (_REDO, "again")
    for file in files[:_NAMED]:
        moved = f", moved {again} from {one_line(file.moved_from)}" if file.moved_from else ""
        name = one_line(f"{file.alias}/{file.path}")
        say(f"  {name}: {words[file.outcome]}{moved}")
    if len(files) > _NAMED:
        say(f"  and {len(files) - _NAMED} more")
    places = ", ".join(one_line(str(root)) for root in sorted(transaction.roots))
    what = "undone" if is_undo else "made again"
    label = f": {one_line(transaction.label)}" if transaction.label else ""
    say(f"{what} in {places}{label}")


def _line(transaction: Transaction, by: Mapping[str, Transaction]) -> str:
    count = len(transaction.files)
    files = f"{count} file{'' if count == 1 else 's'}"
    marks = f" ({'; '.join(marked)})" if (marked := _marks(transaction, by)) else ""
    label = one_line(transaction.label)
    return f"{transaction.id}  {transaction.kind:5}  {files:>9}  {label}{marks}\n"


def _marks(transaction: Transaction, by: Mapping[str, Transaction]) -> list[str]:
    """Return what is particular: unfinished, what it reverses, what it was reversed by last."""
    status = [] if transaction.status == "committed" else [transaction.status]
    reverses = [f"reverses {transaction.reverses}"] if transaction.reverses else []
    last = history.last_reverser(transaction.id, by)
    reversed_ = [f"{'undone' if last.kind == 'undo' else 'redone'} by {last.id}"] if last else []
    return status + reverses + reversed_


def _document(
    transaction: Transaction, by: Mapping[str, Transaction] = MappingProxyType({})
) -> dict[str, Any]:
    return {
        "id": transaction.id,
        "kind": transaction.kind,
        "status": transaction.status,
        "created": transaction.created,
        "label": transaction.label,
        "reverses": transaction.reverses,
        "reversed_by": by[transaction.id].id if transaction.id in by else None,
        "files": _file_documents(transaction),
    }


def _reversal_document(transaction: Transaction, files: Sequence[FileOutcome]) -> dict[str, Any]:
    """Return the document of an undo or redo, with what became of each file."""
    document = _document(transaction)
    for one, file in zip(document["files"], files, strict=True):
        one["outcome"] = file.outcome
    return document


def _file_documents(transaction: Transaction) -> list[dict[str, Any]]:
    by_path = {(entry.root, entry.path): entry for entry in transaction.entries}
    return [
        _file_document(by_path.get((entry.root, entry.moved_from or ""), entry), entry)
        for entry in transaction.files
    ]


def _file_document(was: Entry, is_: Entry) -> dict[str, Any]:
    document = {
        "repository": is_.alias,
        "root": str(is_.root),
        "path": is_.path,
        "before": was.before,
        "after": is_.after,
        "moved_from": is_.moved_from,
    }
    return document | _mode(replace(is_, mode_before=was.mode_before))


def _mode(entry: Entry) -> dict[str, bool]:
    """Return whether the file becomes executable, if that changes."""
    if not entry.changes_mode or entry.mode_after is None:
        return {}
    return {"executable": is_executable(entry.mode_after)}
