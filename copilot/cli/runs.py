"""`copilot runs`: what was asked, of whom, and what it cost."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import Annotated, Any

import typer

from copilot.cli.options import Json, new_app
from copilot.cli.replay import kept_or_refused, replay_command
from copilot.cli.runs_stats import stats_command
from copilot.cli.runs_text import facts_text, list_text, same_task, side_by_side
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.errors import UsageError
from copilot.runs.store import Run, list_runs, read_manifest, read_run
from copilot.settings.paths import state_paths
from copilot.text import one_line, visible

app = new_app()


@app.callback(invoke_without_command=True, help="What was asked, of whom, and what it cost.")
def runs(context: typer.Context) -> None:
    """Show the list if no command is named."""
    if context.invoked_subcommand is None:
        list_command()


@app.command(name="list")
def list_command(
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at most.")] = 20,
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="TEXT", help="Side by side: those whose task holds TEXT."),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Side by side: those of a task asked several times.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the newest runs, or put those of the same task side by side.

    In a narrow terminal the list leaves columns out; --json has all.
    """
    # Tasks are kept as they are shown.
    text = None if task is None else visible(task)
    found = list_runs(state_paths().runs_file, limit, task=text)
    groups = same_task(found, 2 if compare else 1)
    if compare:
        alike = {run.id for group in groups for run in group}
        found = tuple(run for run in found if run.id in alike)
    if as_json:
        put_json([_document(run) for run in found])
    elif not found:
        say(_nothing(text, compare=compare))
    elif compare or task is not None:
        put("\n".join(side_by_side(group, _width()) for group in groups))
    else:
        put(list_text(found, _width()))


@app.command()
def show(
    number: Annotated[int, typer.Argument(metavar="ID", help="As in the list.")],
    manifest: Annotated[
        bool, typer.Option("--manifest", help="Print what the model saw, as JSON.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show all about one run."""
    file = state_paths().runs_file
    run = read_run(file, number)
    if run is None:
        raise UsageError(f"there is no run {number}", "copilot runs list shows what there is")
    kept = read_manifest(file, number)
    if manifest:
        put_json(kept_or_refused(kept, number))
    elif as_json:
        put_json({**_document(run), "manifest_kept": kept is not None})
    else:
        put(facts_text(run, manifest_kept=kept is not None))


app.command(name="replay")(replay_command)
app.command(name="stats")(stats_command)


def _document(run: Run) -> dict[str, Any]:
    return {"id": run.id, **{k: v for k, v in asdict(run).items() if k != "id"}}


def _nothing(task: str | None, *, compare: bool) -> str:
    if compare:
        return "no task was asked twice among the newest runs; see --limit"
    return "nothing was asked yet" if task is None else f"no task holds '{one_line(task)}'"


def _width() -> int:
    """Return the terminal's columns; 0 if stdout is none."""
    return shutil.get_terminal_size((0, 0)).columns
