"""Asking a question and hearing the answer, with what it tells of the prompt that arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from copilot.assist.ask import Answer, ask, check_said
from copilot.assist.marks import Hiding, seems_cut, without_marks
from copilot.backends.ensembles.members import least_read, of_one_call
from copilot.backends.protocol import Delta, Event, Message, NewTokens
from copilot.cli.listening import streaming
from copilot.cli.prepare import Question, say_gap
from copilot.cli.ready import Ready
from copilot.cli.talk import say, stream
from copilot.errors import BudgetExceeded, ReplyIncomplete


def hear(
    question: Question,
    ready: Ready,
    write: Callable[[str], None] = stream,
    grammar: str | None = None,
    turns: tuple[Message, ...] = (),
    listener: Callable[[Event], None] | None = None,
    end: Callable[[], None] = lambda: None,
) -> Answer:
    """Ask, show the answer as it comes, and return it without its line of marks.

    `turns` are what was said since the prompt: the marks are asked for once. With a `listener`, it
    gets all events in the place of the terminal. `end` is called behind the text, however it ends.
    What speaks for a prompt that was cut on its way is said aloud. Raises ModelError, for what is
    no answer too, BudgetExceeded for one that rests on a part of the prompt.
    """
    words = question.packed.words if not turns else ()
    if listener is not None:
        write = _as_events(listener)
    hiding = Hiding(write)
    write = hiding.write if question.packed.words else write
    try:
        with _passed_on(listener, write) if listener else streaming(write) as show:
            answer = ask(ready.backend, question.packed, ready.limits, show, grammar, turns)
        hiding.flush()
    finally:
        end()
    question.sent()
    marked = without_marks(answer.text, question.packed.words)
    if question.packed.words:
        answer = replace(answer, text=marked.text)
    check_said(answer, ready.facts.model)
    _check_read(question, answer, words, marked.missing)
    say_cut(question, answer, marked.missing if words else ())
    say_gap(question, answer)
    return answer


def _check_read(
    question: Question, answer: Answer, words: Sequence[str], missing: Sequence[str]
) -> None:
    """Raise BudgetExceeded for a prompt that was cut by both witnesses: few tokens, no marks.

    It names no limit: nothing is asked again once a word was shown.
    """
    one, total = of_one_call(answer.usage), question.packed.prompt.total_tokens
    if isinstance(one, NewTokens) and words and len(missing) == len(words):
        raise BudgetExceeded(
            f"the server read {one.prompt:,} tokens of about {total:,}, and the model repeated no "
            "mark of the prompt: it was cut without a word",
            "set window in the model's table to what the server can hold, or a smaller --budget",
            partial=answer.text,
        )


def why_cut(answer: Answer, ready: Ready) -> ReplyIncomplete:
    """Return why an answer that is cut off ended where it did, and what to do about it."""
    usage, window = of_one_call(answer.usage), ready.window
    filled = usage is not None and window is not None and usage.prompt + usage.reply >= window
    if filled or answer.reason == "window":
        size = f" of {window:,} tokens" if window else ""
        return ReplyIncomplete(
            f"the prompt and its answer filled the window{size}",
            "send less with --budget N, or use a model with a larger window",
            answer.text,
        )
    tokens, hint = ready.reply_bound
    return ReplyIncomplete(f"the answer ran into its limit of {tokens:,} tokens", hint, answer.text)


def _as_events(listener: Callable[[Event], None]) -> Callable[[str], None]:
    return lambda text: listener(Delta(text))


@contextmanager
def _passed_on(
    listener: Callable[[Event], None], write: Callable[[str], None]
) -> Iterator[Callable[[Event], None]]:
    """Pass events on; the text goes through `write`."""

    def show(event: Event) -> None:
        if isinstance(event, Delta):
            write(event.text)
        else:
            listener(event)

    yield show


def say_cut(question: Question, answer: Answer, missing: tuple[str, ...]) -> None:
    """Say what speaks for a prompt that was cut: few tokens read, `missing` marks."""
    read = least_read(answer.usage)
    total = question.packed.prompt.total_tokens
    if seems_cut(read, total):
        say(
            f"warning: the server read {read:,} tokens of about {total:,}: the prompt was cut, "
            "and the answer rests on a part of it; raise the server's context size"
        )
    elif missing and not answer.cut_off:
        all_words = len(question.packed.words)
        counted = "" if read is None else f" (the server counted {read:,} tokens of {total:,})"
        say(
            f"warning: the model repeated {all_words - len(missing)} of {all_words} marks: "
            f"the prompt may have been cut on its way{counted}"
        )
