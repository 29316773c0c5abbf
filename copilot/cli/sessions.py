"""`copilot sessions`: what was asked and answered in sessions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from copilot.assist.session.protocol import Kind, SessionInfo, Turn
from copilot.assist.session.record import (
    PIECE_BEGINS,
    as_markdown,
    info_of,
    record_of,
    title_of,
    up_to,
)
from copilot.cli.decisions import patch_of
from copilot.cli.keep import write_file
from copilot.cli.options import Json, new_app
from copilot.cli.show import put, put_bytes, put_json
from copilot.cli.talk import say
from copilot.errors import UsageError
from copilot.runs.sessions import (
    find_session,
    fork_session,
    list_sessions,
    read_session,
    remove_session,
)
from copilot.settings.paths import state_paths
from copilot.text import one_line

app = new_app("List, show, export, fork and remove the sessions that are kept.")

Wanted = Annotated[str, typer.Argument(metavar="ID", help="Its id, or a part of that.")]


@app.command(name="list")
def list_command(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List sessions, the last begun first."""
    found = (info_of(stored) for stored in list_sessions(_folder(), without=PIECE_BEGINS))
    infos = [info for info, _ in zip((i for i in found if i.turns), range(limit), strict=False)]
    if as_json:
        put_json([msgspec.to_builtins(info) for info in infos])
        return
    for info in infos:
        put(f"{line_of(info)}\n")
    if not infos:
        say("no session is kept yet: copilot begins one")


@app.command()
def show(
    session: Wanted,
    turn: Annotated[
        int | None,
        typer.Option(
            "--turn",
            metavar="N",
            help="Only the last answer of this turn, as it came: copilot apply takes it.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a session, as Markdown."""
    name = find_session(_folder(), session)
    stored = read_session(_folder(), name)
    record = record_of(stored.events)
    if turn is not None:
        _put_answer(record.turns, turn, patch_of(state_paths().decisions, name, turn))
    elif as_json:
        info = msgspec.to_builtins(info_of(stored))
        put_json({**info, "turns": [_document(turn) for turn in record.turns]})
    else:
        put(as_markdown(title_of(record.turns), record.roots, record.turns))


@app.command()
def export(
    session: Wanted,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: stdout.")
    ] = None,
) -> None:
    """Write a session as Markdown."""
    name = find_session(_folder(), session)
    record = record_of(read_session(_folder(), name).events)
    text = as_markdown(title_of(record.turns), record.roots, record.turns)
    if output is None:
        put(text)
    else:
        write_file(output, text.encode())
        say(f"written: {output}")


@app.command()
def fork(
    session: Wanted,
    at: Annotated[
        int | None, typer.Option("--at", metavar="N", min=1, help="The last turn to take along.")
    ] = None,
) -> None:
    """Begin a session with the turns of another; its id goes to stdout."""
    name = find_session(_folder(), session)
    record = record_of(read_session(_folder(), name).events)
    about = {"roots": list(record.roots), "model": record.model}
    file = fork_session(_folder(), name, about, lambda events: up_to(events, at))
    file.close()
    put(f"{file.id}\n")
    say(f"to go on with it: copilot --resume {file.id}")


@app.command()
def remove(
    sessions: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids, or parts of them.")],
) -> None:
    """Remove sessions that nobody has open."""
    for name in [find_session(_folder(), session) for session in sessions]:
        remove_session(_folder(), name)
        say(f"removed {name}")


def _put_answer(turns: Sequence[Turn], number: int, patch: Path) -> None:
    """Put the last answer of a turn on stdout. Raises UsageError.

    What it does not tell alone, and is undecided yet, is in `patch`; that is put instead.
    """
    found = next((turn for turn in turns if turn.number == number), None)
    if found is None:
        raise UsageError(f"there is no turn {number}", f"the session has {len(turns)}")
    is_told = found.kind is not Kind.REVIEW and not found.earlier
    answer = found.answer if is_told or not patch.is_file() else patch.read_text("utf-8")
    if sys.stdout.isatty():
        put(answer)
    else:
        put_bytes(answer.encode("utf-8", "backslashreplace"))


def line_of(info: SessionInfo) -> str:
    """Return what a list shows of a session."""
    turns = f"{info.turns} turn{'' if info.turns == 1 else 's'}"
    state = ", open" if info.is_open else ""
    roots = " ".join(root.partition("=")[2] for root in info.roots)
    return one_line(f"{info.id}  {turns}{state}  {info.model}  {roots}  {info.title}")


def _document(turn: Turn) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(turn)
    return document


def _folder() -> Path:
    return state_paths().sessions
