"""Reading and packing for a question, held to budget and window, with what it will cost said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from copilot.assist.ask import Answer, Interrupted, Limits, ask
from copilot.assist.estimate import Estimate, asks, estimate, said
from copilot.assist.models import shape_of
from copilot.assist.pack import Packed, check_fit, limit_of, pack
from copilot.assist.reuse import last_store, reuse_with
from copilot.assist.scope import Scope
from copilot.assist.select import named_files
from copilot.cli.keep import manifest_of
from copilot.cli.listening import streaming
from copilot.cli.log_run import log_run, past_runs, past_runs_of
from copilot.cli.ready import Ready, agrees
from copilot.cli.setup import Setup
from copilot.cli.show import say_packed, say_reuse
from copilot.cli.talk import can_agree, detail, progress_bar, say, say_figures, voice
from copilot.context.reuse import Reuse, last_of
from copilot.errors import BudgetExceeded, PolicyRefused, ReplyIncomplete
from copilot.settings.modes import Mode
from copilot.text import one_line

if TYPE_CHECKING:
    from copilot.cli.decided import Tally

_SELECT_REPLY_TOKENS = 4_000
_NAMED = 5
# What is cached of fewer tokens says nothing.
_LEAST_EXPECTED = 1024
_LARGE_GAP = 0.5


@dataclass(frozen=True)
class Question:
    """A prompt that fits, and the limit in tokens it was held to.

    `find_reuse` tells what a cache should hold of it; `sent` is to be called once it was sent.
    """

    packed: Packed
    limit: int
    find_reuse: Callable[[], Reuse | None]
    sent: Callable[[], None]

    @property
    def reusable_tokens(self) -> int:
        reuse = self.find_reuse()
        return reuse.tokens if reuse else 0


def read_for(setup: Setup, ready: Ready, kind: str, asked: str) -> Question:
    """Read the roots and compose a prompt that fits budget and window.

    In the mode `select`, the model is asked for the files that matter first. Raises BudgetExceeded,
    PolicyRefused if the person does not agree to what it costs, ModelError.
    """
    limit = limit_of(ready.budget(setup.config), ready.window, ready.limits.max_reply_tokens)
    scope = setup.scope(ready.chosen.settings.tokenizer, limit)
    # llama.cpp refuses what is too long; of other servers nobody knows.
    scope = replace(scope, marks=not ready.facts.follows_grammar)
    if scope.mode is Mode.SELECT and kind in {"edit", "ask"}:
        scope = _selected(scope, setup, ready, asked)
    return _question(scope, setup, ready, kind, asked)


def _selected(scope: Scope, setup: Setup, ready: Ready, asked: str) -> Scope:
    """Return the scope with the files that the model names for the task."""
    whole = replace(scope, mode=Mode.WHOLE, marks=False)
    question = _question(whole, setup, ready, "select", asked)
    limits = Limits(min(_SELECT_REPLY_TOKENS, ready.limits.max_reply_tokens), 0.0)
    with streaming(lambda _text: None) as show:
        answer = ask(ready.backend, question.packed, limits, show)
    question.sent()
    record(setup, "select", asked, question, ready, answer, answer.outcome, mode=Mode.SELECT)
    names = [f"{f.repository}/{f.path}" for f in question.packed.prompt.files if f.section]
    named = named_files(answer.text, names)
    say(f"the model named {len(named.files)} files: {_listed(named.files)}")
    if named.unknown:
        say(f"and {len(named.unknown)} that there are not: {_listed(named.unknown)}")
    return replace(scope, mode=Mode.RANK, chosen=named.files)


def _question(scope: Scope, setup: Setup, ready: Ready, kind: str, asked: str) -> Question:
    with progress_bar("reading files") as bar:
        packed = pack(scope, kind, asked, bar)
    return question_of(packed, scope, setup, ready)


def question_of(packed: Packed, scope: Scope, setup: Setup, ready: Ready) -> Question:
    """Return a prompt as a question that fits, with what it will cost said.

    Raises BudgetExceeded, PolicyRefused.
    """
    limit = check_fit(
        packed.prompt, ready.budget(setup.config), ready.window, ready.limits.max_reply_tokens
    )
    say_packed(packed, ready.facts.model)
    store, now = last_store(setup.paths.frozen, scope), time.time()
    find_reuse = cache(partial(reuse_with, scope, packed, store, ready.cache))
    if packed.why_new:
        say(f"the files are laid out anew: {one_line(packed.why_new)}")
    if _counts_cost(setup, ready):
        _say_cost(setup, ready, packed, find_reuse())

    def sent() -> None:
        # Before there is another last prompt to compare with.
        find_reuse()
        store.save(last_of(packed.prompt, ready.cache, now))

    return Question(packed, limit, find_reuse, sent)


def _counts_cost(setup: Setup, ready: Ready) -> bool:
    """Tell whether anybody hears what a request will cost, or wants to be asked."""
    config = setup.config
    bounds = (config.ask_above_tokens, config.ask_above_cost)
    return not voice.quiet or any(one is not None for one in bounds) or bool(ready.chosen.members)


def record(
    setup: Setup,
    command: str,
    asked: str,
    question: Question,
    ready: Ready,
    answer: Answer,
    outcome: str,
    *,
    mode: Mode | None = None,
    tally: Tally | None = None,
) -> None:
    """Write a request into the runs file, with what was decided of its answer."""
    packed = question.packed
    log_run(
        setup,
        command,
        asked,
        packed,
        ready,
        answer,
        outcome,
        mode=str(mode or packed.mode),
        expected_cached_tokens=question.reusable_tokens,
        manifest=manifest_of(packed, question.limit, ready.facts.model, setup.masker),
        tally=tally,
    )


@contextmanager
def recorded_if_broken(
    setup: Setup, command: str, asked: str, question: Question, ready: Ready
) -> Iterator[None]:
    """Record an answer that breaks off, or that the person stops, as far as it came."""
    started, clock = datetime.now(UTC), time.monotonic()
    try:
        yield
    except (ReplyIncomplete, Interrupted, BudgetExceeded) as stop:
        if isinstance(stop, BudgetExceeded) and not stop.partial:
            raise
        outcome = "stopped" if isinstance(stop, Interrupted) else "broke off"
        came = Answer(started, stop.partial, outcome, None, time.monotonic() - clock)
        record(setup, command, asked, question, ready, came, outcome)
        raise


def say_gap(question: Question, answer: Answer) -> None:
    """Say aloud if the server's cache held much less than it should have."""
    cached = answer.usage.cached if answer.usage else None
    expected = question.reusable_tokens
    if cached is None or expected < _LEAST_EXPECTED or cached >= _LARGE_GAP * expected:
        return
    say(
        f"the server's cache held {cached:,} tokens where the last prompt would have given "
        f"{expected:,}: it forgot, or another request came between"
    )


def _say_cost(setup: Setup, ready: Ready, packed: Packed, reuse: Reuse | None) -> None:
    """Say what a cache holds, and what the request will cost."""
    if reuse:
        say_reuse(reuse, detail)
    agree(setup, ready, packed.prompt.total_tokens, reuse.tokens if reuse else 0)


def agree(setup: Setup, ready: Ready, tokens: int, reusable: int) -> None:
    """Say what a request of so many tokens will cost, and ask above the person's threshold.

    `reusable` of them should be in the provider's cache. Raises PolicyRefused.
    """
    expected, line = _expected(setup, ready, tokens, reusable)
    is_asked = asks(expected, setup.config)
    # The tokens alone were said already.
    if is_asked:
        say(line)
    elif expected.tells_more or ready.chosen.members:
        say_figures(line)
    if not is_asked:
        return
    if not can_agree():
        raise PolicyRefused(
            "this is above your threshold, and nobody is there to agree",
            "raise ask_above_tokens or ask_above_cost, or lower --budget",
        )
    if not agrees("send it? [Y/n] "):
        raise PolicyRefused("nothing was sent", "lower --budget, or choose another --mode")


def _expected(setup: Setup, ready: Ready, tokens: int, reusable: int) -> tuple[Estimate, str]:
    """Return what a request will take, and how that is said: of an ensemble, for each call."""
    chosen = ready.chosen
    if not chosen.members:
        expected = estimate(tokens, reusable, chosen.settings, past_runs(setup, ready))
        return expected, said(expected)
    from copilot.assist.ensemble_cost import Priced, estimated_calls, said_of, total

    models = {
        one.name: Priced(one.settings, past_runs_of(setup, one.settings.model or one.name))
        for one in chosen.members
    }
    calls = estimated_calls(tokens, reusable, shape_of(chosen.settings), models)
    return total(calls), said_of(calls)


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(one_line(name) for name in names[:_NAMED])
    return f"{shown}{f' and {len(names) - _NAMED} more' if len(names) > _NAMED else ''}"
