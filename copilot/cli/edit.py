"""`copilot edit`: the main job: pack, ask, review, apply."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.ask import Answer, grammar_for
from copilot.assist.check import Check, check_in_copy
from copilot.assist.propose import propose
from copilot.cli.answer import hear
from copilot.cli.keep import keep_reply, write_manifest
from copilot.cli.land import Landed, Landing, check_landing, land
from copilot.cli.options import (
    BaseUrl,
    Budget,
    ConfigPath,
    DryRun,
    Exclude,
    Focus,
    Fresh,
    Include,
    Json,
    KeyVariable,
    ManifestFile,
    Model,
    ModeOption,
    NoMask,
    PatchFile,
    Plain,
    Repo,
    Roots,
    Submodules,
    Whom,
    Yes,
    new_app,
    where,
)
from copilot.cli.prepare import Question, read_for, record
from copilot.cli.ready import Ready, ready_model
from copilot.cli.setup import Setup, set_up
from copilot.cli.show import say_usage
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.errors import CopilotError, ExitCode, UsageError
from copilot.settings.modes import Mode

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
    config: ConfigPath = None,
    yes: Yes = False,
    plain: Plain = False,
    dry_run: DryRun = False,
    patch: PatchFile = None,
    check: Annotated[
        str | None,
        typer.Option(
            "--check", metavar="CMD", help="Write only if CMD succeeds on a copy of the result."
        ),
    ] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit what was applied, with the task as message.")
    ] = False,
    manifest: ManifestFile = None,
    as_json: Json = False,
) -> None:
    """Change the code; you accept each change before it is written."""
    read = (root, include, exclude, budget, config, repo, submodules, no_mask, mode, focus, fresh)
    setup = set_up(where(*read))
    landing = Landing(task, yes, plain, dry_run, patch, commit=commit, as_json=as_json)
    whom = Whom(model, base_url, api_key_env)
    raise typer.Exit(run_edit(setup, whom, landing, manifest, check))


def run_edit(
    setup: Setup,
    whom: Whom,
    landing: Landing,
    manifest: Path | None = None,
    check: str | None = None,
) -> ExitCode:
    """Do the main job: pack, ask, review, apply. Raises CopilotError."""
    if not landing.task.strip():
        raise UsageError("the task is empty", "say what to change, in your words")
    check_landing(landing, setup, check)
    with ready_model(setup, whom) as ready:
        question = read_for(setup, ready, "edit", landing.task)
        if manifest:
            write_manifest(
                manifest, question.packed, question.limit, ready.facts.model, setup.masker
            )
        if check:
            landing = replace(landing, check=_checker(question, check))
        answer = _ask(question, ready)
        outcome = "refused"
        try:
            landed = _land(answer, question, setup, landing)
            outcome = landed.outcome
        finally:
            record(setup, "edit", landing.task, question, ready, answer, outcome)
    return landed.code


def _checker(question: Question, command: str) -> Callable[[ChangeSet], Check]:
    def check(changes: ChangeSet) -> Check:
        return check_in_copy(question.packed, changes, command, os.environ)

    return check


def _ask(question: Question, ready: Ready) -> Answer:
    grammar = grammar_for(question.packed) if ready.facts.follows_grammar else None
    answer = hear(question, ready, grammar=grammar)
    say("")
    say_usage(answer)
    return answer


def _land(answer: Answer, question: Question, setup: Setup, landing: Landing) -> Landed:
    """Interpret the reply and let it land; a reply that cannot be placed is kept in a file."""
    try:
        marker = question.packed.prompt.frame.marker
        proposal = propose(answer.text, setup.roots, marker, setup.read_only, setup.masker)
        landed = land(proposal, setup, landing)
    except CopilotError as error:
        error.hint = f"{error.hint}; {_kept(answer, setup)}".removeprefix("; ")
        raise
    if landed.outcome in {"nothing applied", "check failed"}:
        say(_kept(answer, setup))
    return landed


def _kept(answer: Answer, setup: Setup) -> str:
    """Keep the reply in a file and say how to use it."""
    file = keep_reply(setup.paths.replies, answer.text)
    roots = [part for root in setup.roots for part in ("-R", f"{root.alias}={root.path}")]
    limit = "the reply ran into its limit of tokens; " if answer.cut_off else ""
    return f"{limit}the reply is kept: {shlex.join(['copilot', 'apply', *roots, str(file)])}"
