"""`copilot ask`: a question about the code, its answer streamed to stdout."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from copilot.assist.ask import Answer
from copilot.cli.answer import hear
from copilot.cli.fit import refit
from copilot.cli.keep import write_manifest
from copilot.cli.options import (
    BaseUrl,
    Budget,
    ConfigPath,
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
    NoMask,
    Repo,
    Roots,
    Style,
    Submodules,
    Whom,
    new_app,
    where,
)
from copilot.cli.prepare import Question, read_for, record
from copilot.cli.ready import Ready, ready_model
from copilot.cli.setup import Setup, set_up
from copilot.cli.show import put, put_json, say_usage
from copilot.errors import BudgetExceeded, ReplyIncomplete
from copilot.settings.modes import Mode

app = new_app()


@app.command(name="ask")
def ask_command(
    question: Annotated[str, typer.Argument(help="What you want to know about the code.")],
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
    manifest: ManifestFile = None,
    as_json: Json = False,
) -> None:
    """Ask about the code; the answer streams to stdout."""
    read = (root, include, exclude, budget, config, repo, submodules, no_mask, mode, focus, fresh)
    setup = set_up(where(*read, examples, style))
    with ready_model(setup, Whom(model, base_url, api_key_env)) as ready:
        asked = read_for(setup, ready, "ask", question)
        if manifest:
            write_manifest(manifest, asked.packed, asked.limit, ready.facts.model, setup.masker)
        try:
            answer = _ask(setup, question, asked, ready, as_json=as_json)
        except BudgetExceeded as refusal:
            asked, ready = refit(setup, ready, "ask", question, asked, refusal)
            answer = _ask(setup, question, asked, ready, as_json=as_json)
        record(setup, "ask", question, asked, ready, answer, "answered")
    say_usage(answer)
    if answer.cut_off:
        raise ReplyIncomplete(
            f"the answer ran into its limit of {ready.limits.max_reply_tokens:,} tokens",
            "raise max_reply_tokens of the model, or ask for less",
        )


def _ask(setup: Setup, question: str, asked: Question, ready: Ready, *, as_json: bool) -> Answer:
    """Return the whole answer; one that breaks off is recorded, and printed as far as it came."""
    try:
        answer = hear(asked, ready, _ignore if as_json else put)
    except ReplyIncomplete as stop:
        came = Answer(datetime.now(UTC), stop.partial, "broken off", None, 0.0)
        if as_json:
            put_json(_document(asked, ready, came, complete=False))
        record(setup, "ask", question, asked, ready, came, "broke off")
        raise
    if as_json:
        put_json(_document(asked, ready, answer, complete=not answer.cut_off))
    elif not answer.text.endswith("\n"):
        put("\n")
    return answer


def _document(asked: Question, ready: Ready, answer: Answer, *, complete: bool) -> dict[str, Any]:
    usage = answer.usage
    return {
        "answer": answer.text,
        "complete": complete,
        "model": ready.facts.model,
        "prompt_sha256": asked.packed.prompt.sha256,
        "prompt_tokens": usage.prompt if usage else None,
        "reply_tokens": usage.reply if usage else None,
        "cached_tokens": usage.cached if usage else None,
    }


def _ignore(_text: str) -> None:
    """Show nothing while it streams."""
