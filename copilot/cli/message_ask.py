"""Asking a model for a commit message, once more if its reply is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from copilot.assist.ask import Answer
from copilot.assist.message_check import (
    IssueInvented,
    Message,
    MessageCopied,
    MessageRefused,
    read_message,
    shortened,
    subject_alone,
)
from copilot.assist.message_grammar import message_grammar
from copilot.assist.message_prompt import Asked, Subject, asks_again, pack_message
from copilot.assist.pack import limit_of
from copilot.backends.protocol import Message as Turn
from copilot.cli.answer import hear
from copilot.cli.prepare import Question, question_of, record, recorded_if_broken
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.talk import detail, progress_bar
from copilot.errors import BudgetExceeded, ReplyIncomplete
from copilot.settings.modes import Mode
from copilot.text import one_line

_LABEL = "a message for what is staged"
_ATTEMPTS = 2


@dataclass(frozen=True)
class Proposed:
    """A message, what was asked for it, and the answer that holds it."""

    message: Message
    question: Question
    answer: Answer


def propose(setup: Setup, ready: Ready, subject: Subject, comment_mark: str) -> Proposed:
    """Return the model's message, checked. Raises CopilotError."""
    asking = _Asking(setup, ready, subject, comment_mark)
    try:
        return asking.run(setup.mode)
    except BudgetExceeded:
        if setup.mode not in (Mode.AUTO, Mode.WHOLE):
            raise
        # The window is smaller than was thought: what is staged goes alone.
        return asking.run(Mode.RANK)


@dataclass(frozen=True)
class _Asking:
    setup: Setup
    ready: Ready
    subject: Subject
    comment_mark: str

    def run(self, mode: Mode) -> Proposed:
        question, asked = self._packed(mode, self.subject)
        customs = self.subject.customs
        grammar = message_grammar(customs) if self.ready.facts.follows_grammar else None
        turns: tuple[Turn, ...] = ()
        for _ in range(_ATTEMPTS):
            with recorded_if_broken(self.setup, "message", _LABEL, question, self.ready):
                answer = hear(question, self.ready, _ignore, grammar, turns)
            try:
                message = self._read(answer, asked)
            except MessageRefused as refusal:
                why = refusal.message
                detail(f"no message: {one_line(why)}: {one_line(answer.text)}")
                self._record(question, answer, "refused")
                if isinstance(refusal, MessageCopied) and question.packed.mode is Mode.RANK:
                    # A small model does better without anything to copy.
                    question, asked = self._packed(mode, _without_examples(self.subject))
                else:
                    turns += asks_again(answer.text, why, self.setup.paths.prompts)
            else:
                self._record(question, answer, answer.outcome)
                return Proposed(message, question, answer)
        return Proposed(self._of_last(answer, asked), question, answer)

    def _of_last(self, answer: Answer, asked: Asked) -> Message:
        """Return what can be had of the last reply: a shorter subject, or no body."""
        short = shortened(answer.text, self.subject.customs)
        try:
            try:
                return self._read(replace(answer, text=short), asked)
            except IssueInvented as refusal:
                detail(f"the body is left out: {one_line(refusal.message)}")
                return self._read(replace(answer, text=subject_alone(short)), asked)
        except MessageRefused as refusal:
            raise ReplyIncomplete(
                f"the model's reply is no commit message: {one_line(refusal.message)}",
                "write it yourself, or ask a stronger model (--model)",
                answer.text,
            ) from refusal

    def _packed(self, mode: Mode, subject: Subject) -> tuple[Question, Asked]:
        setup, ready = self.setup, self.ready
        limit = limit_of(ready.budget(setup.config), ready.window, ready.limits.max_reply_tokens)
        scope = setup.scope(ready.chosen.settings.tokenizer, limit)
        scope = replace(scope, mode=mode)
        with progress_bar("reading files") as bar:
            asked = pack_message(scope, subject, bar)
        return question_of(asked.packed, scope, setup, ready), asked

    def _read(self, answer: Answer, asked: Asked) -> Message:
        if answer.cut_off:
            raise MessageRefused("it was longer than may be answered; a message is a few lines")
        return read_message(answer.text, self.subject.customs, asked.known, self.comment_mark)

    def _record(self, question: Question, answer: Answer, outcome: str) -> None:
        record(self.setup, "message", _LABEL, question, self.ready, answer, outcome)


def _without_examples(subject: Subject) -> Subject:
    return replace(subject, customs=replace(subject.customs, examples=()))


def _ignore(_text: str) -> None:
    """Show nothing while it streams: only a message that is checked is shown."""
