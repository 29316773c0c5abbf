"""Asking a model for a review: as many requests as the change needs, each answer checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

from copilot.assist.ask import Answer, ask
from copilot.assist.marks import without_marks
from copilot.assist.pack import limit_of
from copilot.assist.reviewing.asking import (
    Cost,
    Judged,
    grammar_of,
    judge,
    result_of,
    why_prompt_cut,
)
from copilot.assist.reviewing.context import TOO_LARGE, Asked, requests
from copilot.assist.reviewing.finding import Finding, ReviewResult
from copilot.assist.reviewing.form import asks_again
from copilot.assist.reviewing.kept_base import kept_base
from copilot.assist.reviewing.matter import Matter, gather
from copilot.assist.reviewing.parse import BROKEN_OFF
from copilot.assist.scope import Scope
from copilot.backends.ensembles.members import least_read
from copilot.backends.protocol import Event, Message
from copilot.cli.fit import narrowed
from copilot.cli.later import Step, later
from copilot.cli.listening import streaming
from copilot.cli.prepare import Question, agree, question_of, record
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.show import say_usage
from copilot.cli.talk import progress_bar, say
from copilot.context.draft import Draft
from copilot.context.model import SectionKind
from copilot.errors import BudgetExceeded, ModelError, PolicyRefused, ReplyIncomplete
from copilot.settings.windows import keep_window
from copilot.text import one_line
from copilot.workspace.changes_of import Changes
from copilot.workspace.diffs import Diff
from copilot.workspace.model import Root

# What requests of one review begin with.
_SAME = frozenset({SectionKind.RULES, SectionKind.BASE, SectionKind.OVERLAY})
_TOO_MANY = "it needs more requests than --requests allows"


@dataclass
class _Asking:
    """The requests of one review, asked one after another.

    A `listener` gets the events of the stream in the place of the terminal.
    """

    setup: Setup
    ready: Ready
    matter: Matter
    judged: list[Judged] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    note: str = ""
    listener: Callable[[Event], None] | None = None

    def ask(self, asked: Sequence[Asked], most: int) -> None:
        """Ask them, until the person or the server wants no more. Raises CopilotError."""
        last = min(len(asked), most) - 1
        for number, one in enumerate(asked):
            if number == most:
                self.note = _TOO_MANY
                return
            try:
                self._ask(one, f"{number + 1} of {len(asked)}", is_last=number == last)
            except (ModelError, PolicyRefused) as error:
                if not number:
                    raise
                self.note = f"not all was asked: {one_line(error.message)}"
                return

    def _ask(self, one: Asked, which: str, *, is_last: bool) -> None:
        question = question_of(one.packed, self.matter.scope, self.setup, self.ready)
        about = f"{self.matter.diff.description} ({which})"
        answer, said = self._said(one, question)
        self.prompts.append(one.packed.prompt.sha256)
        # What the next request costs is told by those before it.
        keep = later if is_last else _at_once
        keep(question.sent)
        keep(partial(self._record, about, question, answer))
        is_odd = said.note and not said.is_cut and answer.reason == "stop" and answer.text.strip()
        if is_odd and not self.ready.facts.follows_grammar:
            said = self._said_again(one, question, answer, said, about)
        self.judged.append(said)

    def _record(self, about: str, question: Question, answer: Answer) -> None:
        record(self.setup, "review", about, question, self.ready, answer, answer.outcome)

    def _said(
        self, one: Asked, question: Question, since: tuple[Message, ...] = ()
    ) -> tuple[Answer, Judged]:
        """Return an answer, and what it comes to; one that breaks off counts as far as it came."""
        grammar = grammar_of(one) if self.ready.facts.follows_grammar else None
        is_broken = False
        with nullcontext(self.listener) if self.listener else streaming(_ignore) as show:
            try:
                answer = ask(
                    self.ready.backend, question.packed, self.ready.limits, show, grammar, since
                )
            except ReplyIncomplete as stop:
                if not stop.partial:
                    raise
                answer, is_broken = _partial(stop.partial), True
        self.answers.append(answer)
        # The marks are asked for once.
        words = one.packed.words if not since else ()
        marked = without_marks(answer.text, words)
        read, total = least_read(answer.usage) or None, one.packed.prompt.total_tokens
        cut = why_prompt_cut(read, total, marked.missing)
        text = marked.text if one.packed.words else answer.text
        said = judge(one, text, is_cut_off=answer.cut_off, why_cut=cut)
        note = said.note or (BROKEN_OFF if is_broken else "")
        return replace(answer, text=text), replace(said, note=note)

    def _said_again(
        self, one: Asked, question: Question, answer: Answer, said: Judged, about: str
    ) -> Judged:
        """Ask for the form once more; what was found at first stays found."""
        # It knows all of edits, which take long to import.
        from copilot.assist.repair import turns

        request = asks_again(one.hunks, said.note, self.setup.paths.prompts)
        say(f"the reply is not in the form ({one_line(said.note)}): asking once more")
        try:
            again, second = self._said(one, question, turns(answer.text, request))
        except (ModelError, BudgetExceeded) as error:
            say(f"it could not be asked once more: {one_line(error.message)}")
            return said
        later(partial(self._record, about, question, again))
        return replace(second, findings=(*said.findings, *second.findings))

    @property
    def cost(self) -> Cost:
        usages = [answer.usage for answer in self.answers if answer.usage]
        return Cost(
            self.ready.facts.model,
            self.prompts[0] if self.prompts else "",
            sum(usage.prompt for usage in usages),
            sum(usage.reply for usage in usages),
            sum(usage.cached or 0 for usage in usages),
            round(sum(answer.seconds for answer in self.answers), 3),
        )


def ask_for_review(
    setup: Setup,
    ready: Ready,
    root: Root,
    changes: Changes,
    diff: Diff,
    fixed: Sequence[Finding],
    most: int,
    listener: Callable[[Event], None] | None = None,
) -> ReviewResult:
    """Return what a model says of a change, checked, with what `fixed` checks found.

    At most so many requests are sent; a `listener` gets the events of the stream in the place of
    the terminal. Raises CopilotError.
    """
    try:
        return _reviewed(setup, ready, root, changes, diff, fixed, most, listener)
    except _Narrower as smaller:
        say("the model's window is smaller than was thought: the review begins anew")
        keep_window(setup.paths.windows_file, ready.endpoint, smaller.ready.found_window or 0)
        return _reviewed(setup, smaller.ready, root, changes, diff, fixed, most, listener)


class _Narrower(Exception):
    """The provider told a smaller window; the model with that one."""

    def __init__(self, ready: Ready) -> None:
        super().__init__()
        self.ready = ready


def _reviewed(
    setup: Setup,
    ready: Ready,
    root: Root,
    changes: Changes,
    diff: Diff,
    fixed: Sequence[Finding],
    most: int,
    listener: Callable[[Event], None] | None,
) -> ReviewResult:
    work = _scope(setup, ready)
    with (
        progress_bar("reading files") as bar,
        closing(work.cache),
        closing(Draft(work.tokenizer, work.cache)) as draft,
    ):
        kept = kept_base(work)
        matter = gather(work, root, changes, diff, bar, kept)
        asked, lost = requests(matter, work, draft, bar, kept) if matter.hunks else ((), ())
    _say_plan(matter, asked)
    if len(asked) > 1:
        # Each is agreed to by itself as well; together they may be too much.
        agree(setup, ready, *_tokens_of(asked[:most]))
    asking = _Asking(setup, ready, matter, listener=listener)
    try:
        asking.ask(asked, most)
    except BudgetExceeded as refusal:
        if asking.answers or not refusal.limit:
            raise
        raise _Narrower(_narrowed(ready, asked[0], refusal)) from refusal
    for answer in asking.answers:
        say_usage(answer)
    left_out = (*matter.left_out, *((hunk.path, TOO_LARGE) for hunk in lost))
    return result_of(diff, asking.judged, fixed, left_out, asking.note, asking.cost)


def _tokens_of(asked: Sequence[Asked]) -> tuple[int, int]:
    """Return the tokens of all requests, and those that a cache should hold after the first."""
    same = [
        sum(section.tokens for section in one.packed.prompt.sections if section.kind in _SAME)
        for one in asked
    ]
    return sum(one.packed.prompt.total_tokens for one in asked), sum(same[1:])


def _narrowed(ready: Ready, one: Asked, refusal: BudgetExceeded) -> Ready:
    return narrowed(ready, Question(one.packed, 0, lambda: None, lambda: None), refusal)


def _scope(setup: Setup, ready: Ready) -> Scope:
    """Return what is read of the work tree, held to budget and window."""
    limit = limit_of(ready.budget(setup.config), ready.window, ready.limits.max_reply_tokens)
    scope = setup.scope(ready.chosen.settings.tokenizer, limit)
    # llama.cpp refuses what is too long; of other servers nobody knows.
    return replace(scope, marks=not ready.facts.follows_grammar)


def _say_plan(matter: Matter, asked: Sequence[Asked]) -> None:
    hunks = len(matter.hunks)
    files = len({hunk.path for hunk in matter.hunks})
    more = f", in {len(asked)} requests" if len(asked) > 1 else ""
    say(
        f"reviewing {matter.diff.description}: {hunks} hunk{'' if hunks == 1 else 's'} "
        f"in {files} file{'' if files == 1 else 's'}{more}"
    )


def _partial(text: str) -> Answer:
    from datetime import UTC, datetime

    return Answer(datetime.now(UTC), text, "broken off", None, 0.0)


def _at_once(step: Step) -> None:
    step()


def _ignore(_text: str) -> None:
    """Show nothing while it streams: what is not checked yet is no finding."""
