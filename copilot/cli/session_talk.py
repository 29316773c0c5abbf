"""The next question of a session: on the prompt that was sent before, or laid out anew."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from copilot.assist.pack import check_fit, limit_of
from copilot.assist.reuse import last_store, reuse_with
from copilot.assist.scope import Scope
from copilot.assist.session.going_on import gone_on
from copilot.assist.session.opening import opened
from copilot.assist.session.protocol import Kind, Turn, Wish
from copilot.assist.session.spoken import Asked, Exchange, Spoken
from copilot.backends.protocol import Message
from copilot.cli.prepare import Question, agree
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.show import counted_files, say_masks
from copilot.cli.talk import progress_bar, say, say_figures
from copilot.context.draft import Draft
from copilot.context.entries import Shape
from copilot.context.reuse import Reuse, last_of
from copilot.errors import BudgetExceeded
from copilot.text import one_line

_SPECIAL = re.compile(r"([\\*?\[\]!# ])")
_ESCAPED = r"\\\1"
# Of what a prompt may have: a question that takes more is what is too large.
_QUESTION_SHARE = 0.5
IN_FULL = frozenset({Wish.RAISE, Wish.PIN})


@dataclass(frozen=True)
class Talk:
    """Where a conversation stands: the last prompt, what was said since, and whose cache holds it.

    Without a prompt, or with a reason in `why_anew`, the next one is laid out anew.
    """

    spoken: Spoken | None = None
    said: tuple[Message, ...] = ()
    cache: str = ""
    sent_at: float = 0.0
    why_anew: str = ""
    note: str = ""


@dataclass(frozen=True)
class Wanted:
    """What the person wishes of files, by name: shown in full, at a lower level, or left out."""

    full: tuple[str, ...] = ()
    lowered: Mapping[str, Shape] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def wanted_of(wishes: Mapping[str, Wish], levels: Mapping[str, Shape]) -> Wanted:
    """Read wishes; `levels` says to what a file was lowered that is no outline."""
    full = [name for name, wish in wishes.items() if wish in IN_FULL]
    lowered = {
        name: levels.get(name, Shape.OUTLINE)
        for name, wish in wishes.items()
        if wish is Wish.LOWER and not name.endswith("/")
    }
    out = [name for name, wish in wishes.items() if wish is Wish.LEAVE_OUT]
    return Wanted(tuple(full), lowered, tuple(out))


def exchanges(turns: Sequence[Turn]) -> tuple[Exchange, ...]:
    """Return what was asked and answered, without what was never answered."""
    return tuple(
        Exchange(str(turn.kind), turn.asked, turn.answer, turn.outcome or "not applied")
        for turn in turns
        if turn.kind in {Kind.ASK, Kind.EDIT} and turn.answer.strip()
    )


def next_question(
    setup: Setup, ready: Ready, talk: Talk, asked: Asked, past: Sequence[Exchange], wanted: Wanted
) -> Question:
    """Return the next prompt, held to budget and window, with what it takes said and agreed to.

    Its `packed` is a Spoken. Raises CopilotError.
    """
    limit = limit_of(ready.budget(setup.config), ready.window, ready.limits.max_reply_tokens)
    plain = scope_of(setup, ready, limit)
    why = talk.why_anew
    before = talk.spoken
    if before is not None and before.prompt.tokenizer != plain.tokenizer:
        why = why or "the model counts tokens otherwise"
    spoken: Spoken | str = why
    try:
        with progress_bar("reading files") as bar:
            if before is not None and not why:
                spoken = gone_on(before, talk.said, plain, asked, limit, bar)
            if isinstance(spoken, str):
                why = spoken
                spoken = opened(
                    narrowed_scope(setup, ready, limit, wanted), plain, asked, past, limit, bar
                )
        held = _held(spoken, setup, ready, asked)
    except BudgetExceeded as error:
        _check_question(asked, plain, limit, error)
        raise
    if before is not None and why:
        say(f"the files are laid out anew: {one_line(why)}")
    return _question(setup, ready, talk, plain, spoken, held, is_anew=before is None or bool(why))


def _check_question(asked: Asked, scope: Scope, limit: int | None, error: BudgetExceeded) -> None:
    """Raise BudgetExceeded in the place of `error` if it is the question that is too large."""
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        (tokens,) = draft.counts([asked.text.encode("utf-8", "backslashreplace")])
    if limit is not None and tokens > limit * _QUESTION_SHARE:
        raise BudgetExceeded(
            f"the question itself takes {tokens:,} tokens, a prompt may have {limit:,}",
            "shorten it, or raise --budget if the model's window is larger",
        ) from error


def _held(spoken: Spoken, setup: Setup, ready: Ready, asked: Asked) -> int:
    """Return the limit that the prompt keeps. Raises BudgetExceeded."""
    try:
        return check_fit(
            spoken.prompt, ready.budget(setup.config), ready.window, ready.limits.max_reply_tokens
        )
    except BudgetExceeded as error:
        if asked.wanted:
            error.hint = f"name fewer files by @, /add or /pin (/unwish), or {error.hint}"
        raise


def _question(
    setup: Setup,
    ready: Ready,
    talk: Talk,
    scope: Scope,
    spoken: Spoken,
    limit: int,
    *,
    is_anew: bool,
) -> Question:
    model = ready.facts.model
    store = last_store(setup.paths.frozen, scope)
    total = spoken.prompt.total_tokens
    if is_anew:
        reuse = reuse_with(scope, spoken, store, ready.cache)
        say(f"packed {counted_files(spoken)}; asking {model}")
        say_masks(spoken.prompt.files)
    else:
        sent = total - spoken.new_tokens
        since = time.time() - talk.sent_at
        same = sent if talk.cache == ready.cache else 0
        reuse = Reuse(same, sent, total, "", since, ready.cache)
        say_figures(f"{total:,} tokens, {spoken.new_tokens:,} of them new; asking {model}")
    if spoken.forgotten:
        plural = "" if spoken.forgotten == 1 else "s"
        say(f"no room is left for the first {spoken.forgotten} question{plural} of the session")
    agree(setup, ready, total, reuse.tokens if reuse else 0)
    last = last_of(spoken.prompt, ready.cache)
    return Question(spoken, limit, lambda: reuse, lambda: store.save(last))


def scope_of(setup: Setup, ready: Ready | None, limit: int | None) -> Scope:
    """Return what is read, for a prompt of at most so many tokens."""
    if ready is None:
        return setup.scope(budget=limit)
    scope = setup.scope(ready.chosen.settings.tokenizer, limit)
    # llama.cpp refuses what is too long; of other servers nobody knows.
    return replace(scope, marks=not ready.facts.follows_grammar)


def narrowed_scope(setup: Setup, ready: Ready | None, limit: int | None, wanted: Wanted) -> Scope:
    """Return the scope without what is to be left out, or shown otherwise than the plan has it."""
    names = (*wanted.left_out, *wanted.lowered)
    if not names:
        return scope_of(setup, ready, limit)
    patterns = tuple(f"/{_SPECIAL.sub(_ESCAPED, name.partition('/')[2])}" for name in names)
    config = replace(setup.config, exclude=(*setup.config.exclude, *patterns))
    return scope_of(replace(setup, config=config), ready, limit)
