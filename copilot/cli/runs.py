"""`copilot runs`: what was asked, of whom, and what it cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from copilot.cli.options import Json, new_app
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.runs.store import Run, list_runs
from copilot.settings.paths import state_paths
from copilot.text import one_line

app = new_app("What was asked, of whom, and what it cost.")


@app.callback()
def _group() -> None:
    """Keep `list` a command of its own."""


@app.command(name="list")
def list_command(
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at most.")] = 20,
    as_json: Json = False,
) -> None:
    """List the newest runs."""
    found = list_runs(state_paths().runs_file, limit)
    if as_json:
        put_json([asdict(run) for run in found])
        return
    for run in found:
        put(_line(run))
    if not found:
        say("nothing was asked yet")


def _line(run: Run) -> str:
    tokens = f"{run.prompt_tokens:,}+{run.reply_tokens or 0:,} tokens"
    return (
        f"{run.started}  {run.command:5}  {run.model}  {tokens}  {run.seconds:.1f} s  "
        f"{run.outcome}: {one_line(run.task)}\n"
    )
