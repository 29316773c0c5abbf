"""A line in the runs file for each request; a full disk there never costs the person their work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copilot.assist.ask import Answer
from copilot.assist.estimate import estimate, run_cost, said
from copilot.assist.models import ChosenModel, shape_of
from copilot.assist.pack import Packed
from copilot.backends.ensembles.members import EnsembleUsage
from copilot.backends.protocol import Usage
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.talk import detail, say
from copilot.errors import UsageError
from copilot.runs.store import Run, list_runs, record_run
from copilot.text import visible
from copilot.workspace.model import Repository

if TYPE_CHECKING:
    from copilot.cli.decided import Tally


def log_run(
    setup: Setup,
    command: str,
    task: str,
    packed: Packed,
    ready: Ready,
    answer: Answer,
    outcome: str,
    *,
    mode: str = "whole",
    expected_cached_tokens: int | None = None,
    manifest: Mapping[str, Any] | None = None,
    tally: Tally | None = None,
) -> None:
    """Record one request; a runs file that cannot be written is only a warning.

    `manifest` is what the prompt can be rebuilt from, `tally` what was decided in a review. For the
    others see Run.
    """
    usage = answer.usage
    payers = ready.chosen.members or (ready.chosen,)
    run = Run(
        started=answer.started.isoformat(timespec="seconds"),
        command=command,
        task=visible(task),
        roots=visible(" ".join(f"{root.alias}={root.path}" for root in setup.roots)),
        model=visible(ready.facts.model),
        prompt_sha256=packed.prompt.sha256,
        prompt_tokens=usage.prompt if usage else packed.prompt.total_tokens,
        reply_tokens=usage.reply if usage else None,
        cached_tokens=usage.cached if usage else None,
        cache_written_tokens=usage.cache_written if usage else None,
        seconds=round(answer.seconds, 3),
        outcome=outcome,
        read_only=visible(_read_only(setup, packed.snapshot.repositories)),
        mode=mode,
        asked_tokens=packed.prompt.total_tokens,
        expected_cached_tokens=expected_cached_tokens,
        first_token_seconds=_rounded(answer.first_token_seconds),
        cost=cost_of_answer(ready.chosen, usage) if usage else None,
        currency=payers[0].settings.currency,
        **(tally._asdict() if tally else {}),
    )
    try:
        record_run(setup.paths.runs_file, run, manifest)
    except UsageError as error:
        say(f"warning: {error.message}")


def past_runs(setup: Setup, ready: Ready) -> tuple[Run, ...]:
    """Return the newest runs of the model, for an estimate; none if the file cannot be read."""
    return past_runs_of(setup, ready.facts.model)


def past_runs_of(setup: Setup, model: str) -> tuple[Run, ...]:
    """Return the newest runs of a model by its name; none if the file cannot be read."""
    try:
        return list_runs(setup.paths.runs_file, model=visible(model))
    except UsageError as error:
        detail(error.message)
        return ()


def expected_line(setup: Setup, ready: Ready, tokens: int, reusable: int) -> str:
    """Return what a request of so many tokens will take, in words."""
    past = past_runs(setup, ready)
    return f"about {said(estimate(tokens, min(reusable, tokens), ready.chosen.settings, past))}"


def cost_of_answer(chosen: ChosenModel, usage: Usage) -> float | None:
    """Return what a request cost, of an ensemble what all its calls did."""
    if not isinstance(usage, EnsembleUsage):
        return run_cost(chosen.settings, usage.prompt, usage.cached, usage.reply)
    from copilot.assist.ensemble_cost import cost_of

    prices = {one.name: one.settings for one in chosen.members}
    return cost_of(usage, shape_of(chosen.settings), prices)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _read_only(setup: Setup, read: Sequence[Repository]) -> str:
    """Return what was read besides the roots, each with its place and commit."""
    aliases = set(setup.read_only)
    return " ".join(
        f"{one.alias}={one.url or one.root}@{one.revision}" for one in read if one.alias in aliases
    )
