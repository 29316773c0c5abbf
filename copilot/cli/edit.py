"""`copilot edit`: the main job: pack, ask, review, apply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copilot.backends.protocol import ModelFacts
from copilot.cli.conversation import Conversation
from copilot.cli.keep import write_manifest
from copilot.cli.land import Landing, check_landing, check_of
from copilot.cli.options import (
    Accept,
    Allow,
    BaseUrl,
    Budget,
    Check,
    ConfigPath,
    Constrained,
    ConstrainedOption,
    DryRun,
    Examples,
    Exclude,
    Focus,
    Fresh,
    Include,
    Json,
    KeyVariable,
    ManifestFile,
    Model,
    ModeOption,
    NoCheck,
    NoMask,
    PatchFile,
    Plain,
    Repo,
    Roots,
    Style,
    Submodules,
    Whom,
    Yes,
    new_app,
    where,
)
from copilot.cli.prepare import read_for
from copilot.cli.ready import ready_model
from copilot.cli.rounds import Chances, run_rounds
from copilot.cli.setup import Setup, set_up
from copilot.errors import ExitCode, UsageError
from copilot.settings.modes import Mode

_ALL_CHANCES = Chances()

app = new_app()


@app.command()
def edit(
    task: Annotated[str, typer.Argument(help="What to change, in your words.")],
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
    mode: ModeOption = Mode.AUTO,
    focus: Focus = None,
    fresh: Fresh = False,
    examples: Examples = None,
    style: Style = None,
    config: ConfigPath = None,
    yes: Yes = False,
    accept: Accept = None,
    plain: Plain = False,
    dry_run: DryRun = False,
    patch: PatchFile = None,
    check: Check = None,
    no_check: NoCheck = False,
    check_rounds: Annotated[
        int,
        typer.Option(
            "--check-rounds",
            metavar="N",
            min=0,
            max=10,
            help="How often a failed check goes back to the model, each answer reviewed again.",
        ),
    ] = _ALL_CHANCES.checks,
    no_repair: Annotated[
        bool,
        typer.Option("--no-repair", help="Do not send edits without a place back to the model."),
    ] = False,
    constrained: ConstrainedOption = Constrained.AUTO,
    allow: Allow = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit what was applied, with the task as message.")
    ] = False,
    manifest: ManifestFile = None,
    as_json: Json = False,
) -> None:
    """Change the code; you accept each change before it is written."""
    read = (root, include, exclude, budget, config, repo, submodules, no_mask, mode, focus, fresh)
    setup = set_up(where(*read, examples, style))
    whom = Whom(model, base_url, api_key_env)
    landing = Landing(
        task,
        yes,
        plain,
        dry_run,
        patch,
        check_of(setup, check, no_check=no_check, whom=whom),
        commit=commit,
        as_json=as_json,
        allow=frozenset(allow or ()),
        accept=tuple(accept or ()),
    )
    chances = Chances(0 if no_repair else _ALL_CHANCES.repairs, check_rounds)
    raise typer.Exit(run_edit(setup, whom, landing, manifest, chances, constrained))


def run_edit(
    setup: Setup,
    whom: Whom,
    landing: Landing,
    manifest: Path | None = None,
    chances: Chances = _ALL_CHANCES,
    constrained: Constrained = Constrained.AUTO,
) -> ExitCode:
    """Do the main job: pack, ask, review, apply. Raises CopilotError."""
    if not landing.task.strip():
        raise UsageError("the task is empty", "say what to change, in your words")
    check_landing(landing, setup)
    with ready_model(setup, whom) as ready:
        is_constrained = _is_constrained(constrained, ready.facts)
        question = read_for(setup, ready, "edit", landing.task)
        if manifest:
            write_manifest(
                manifest, question.packed, question.limit, ready.facts.model, setup.masker
            )
        talk = Conversation(setup, ready, question, landing.task, is_constrained=is_constrained)
        talk.judge_by(landing.check)
        return run_rounds(talk, landing, chances).code


def _is_constrained(wanted: Constrained, facts: ModelFacts) -> bool:
    """Tell whether a grammar holds the edits. Raises UsageError where it must and cannot."""
    if wanted is Constrained.ON and not facts.follows_grammar:
        raise UsageError(
            f"the server of {facts.model} is not known to follow a grammar",
            "leave out --constrained on, or set grammar in the model's table",
        )
    return facts.follows_grammar and wanted is not Constrained.OFF
