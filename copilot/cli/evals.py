"""`copilot eval`: how much a model really reads, measured on the user's own code."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from copilot.cli.options import (
    BaseUrl,
    Budget,
    ConfigPath,
    Exclude,
    Include,
    Json,
    KeyVariable,
    Model,
    NoMask,
    Repo,
    Roots,
    Submodules,
    Whom,
    new_app,
    where,
)
from copilot.cli.prepare import read_for
from copilot.cli.ready import ready_model
from copilot.cli.setup import set_up
from copilot.cli.show import put, put_json
from copilot.context.compose import Wording
from copilot.errors import ExitCode, UsageError
from copilot.evals.needle import QUESTION, Trial, needle_trials
from copilot.settings.prompts import load_prompt
from copilot.workspace.snapshot import gathered

app = new_app("Measure a model on your own code.")


@app.callback()
def _group() -> None:
    """Keep `needle` a command of its own."""


@app.command()
def needle(
    root: Roots = None,
    repo: Repo = None,
    submodules: Submodules = None,
    no_mask: NoMask = False,
    include: Include = None,
    exclude: Exclude = None,
    model: Model = None,
    base_url: BaseUrl = None,
    api_key_env: KeyVariable = None,
    budget: Budget = None,
    config: ConfigPath = None,
    depths: Annotated[int, typer.Option("--depths", help="At so many evenly spread depths.")] = 5,
    as_json: Json = False,
) -> None:
    """Hide a line in the packed code and ask for it, at several depths."""
    if depths < 1:
        raise UsageError("--depths must be at least 1")
    setup = set_up(where(root, include, exclude, budget, config, repo, submodules, no_mask))
    spread = [index / max(1, depths - 1) for index in range(depths)]
    with ready_model(setup, Whom(model, base_url, api_key_env)) as ready:
        scope = setup.scope(ready.chosen.settings.tokenizer)
        read_for(setup, ready, "needle", QUESTION)
        snapshot = gathered(scope.parts(lambda _done, _known: None))
        texts = [load_prompt(name, scope.prompts) for name in ("rules", "task-needle")]
        wording = Wording(texts[0], texts[1], QUESTION)
        trials = []
        for trial in needle_trials(ready.backend, snapshot, wording, scope.tokenizer, spread):
            trials.append(trial)
            if not as_json:
                put(_line(trial))
    if as_json:
        put_json([{**asdict(trial), "found": trial.found} for trial in trials])
    if not all(trial.found for trial in trials):
        raise typer.Exit(ExitCode.FINDINGS)


def _line(trial: Trial) -> str:
    verdict = "found" if trial.found else f"missed (it said: {trial.answer.strip()[:40]})"
    return f"depth {trial.depth:4.0%}  {trial.prompt_tokens:>9,} tokens  {verdict}\n"
