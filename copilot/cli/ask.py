"""`copilot ask`: a question about the code, its answer streamed to stdout."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from copilot.assist.ask import Answer
from copilot.backends.protocol import Usage
from copilot.cli.answer import hear, why_cut
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
from copilot.cli.prepare import Question, read_for, record, recorded_if_broken
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
        record(setup, "ask", question, asked, ready, answer, answer.outcome)
    say_usage(answer)
    if answer.cut_off:
        raise why_cut(answer, ready)


def _ask(setup: Setup, question: str, asked: Question, ready: Ready, *, as_json: bool) -> Answer:
    """Return the whole answer; one that breaks off is recorded, and printed as far as it came."""
    out = _Out(is_silent=as_json)
    try:
        with recorded_if_broken(setup, "ask", question, asked, ready):
            answer = hear(asked, ready, out.write, end=out.end)
    except (ReplyIncomplete, BudgetExceeded) as stop:
        if as_json and (stop.partial or isinstance(stop, ReplyIncomplete)):
            put_json(_document(asked, ready, stop.partial, None, complete=False))
        raise
    if as_json:
        complete = not answer.cut_off
        put_json(_document(asked, ready, answer.text, answer.usage, complete=complete))
    return answer


def _document(
    asked: Question, ready: Ready, text: str, usage: Usage | None, *, complete: bool
) -> dict[str, Any]:
    return {
        "answer": text,
        "complete": complete,
        "model": ready.facts.model,
        "prompt_sha256": asked.packed.prompt.sha256,
        "prompt_tokens": usage.prompt if usage else None,
        "reply_tokens": usage.reply if usage else None,
        "cached_tokens": usage.cached if usage else None,
    }


class _Out:
    """Puts an answer on stdout as it comes, its last line ended; nothing where it `is_silent`."""

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent, self._is_open = is_silent, False

    def write(self, text: str) -> None:
        if text and not self._is_silent:
            put(text)
            self._is_open = not text.endswith("\n")

    def end(self) -> None:
        """End the last line, so that what is said on a terminal begins its own."""
        if self._is_open:
            self.write("\n")
