"""A prompt made anew where the model's real window is smaller than was thought."""

from __future__ import annotations

from dataclasses import replace

from copilot.cli.prepare import Question, read_for
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.talk import say
from copilot.context.model import Detail
from copilot.errors import BudgetExceeded
from copilot.settings.windows import keep_window
from copilot.text import one_line

# What our count of another prompt may be off by, where the provider told its own of this one, and
# where it told none.
_MARGIN, _WIDE_MARGIN = 0.98, 0.95
_NAMED = 5
_LEVELS = [Detail.OMITTED, Detail.PATH, Detail.OUTLINE, Detail.FULL]


def refit(
    setup: Setup, ready: Ready, kind: str, asked: str, sent: Question, refusal: BudgetExceeded
) -> tuple[Question, Ready]:
    """Return a prompt that fits the window which the provider told, and say what was dropped.

    Raises the refusal if it told none, BudgetExceeded if not even one file fits.
    """
    smaller = narrowed(ready, sent, refusal)
    question = read_for(setup, smaller, kind, asked)
    say(_dropped(sent, question))
    keep_window(setup.paths.windows_file, ready.endpoint, smaller.found_window or 0)
    return question, smaller


def narrowed(ready: Ready, sent: Question, refusal: BudgetExceeded) -> Ready:
    """Return the model with the window that the provider told. Raises the refusal if it told none.

    That is in our tokens, by what the provider counted where we counted otherwise.
    """
    if not refusal.limit:
        raise refusal
    share = _WIDE_MARGIN
    if refusal.got and refusal.got > refusal.limit:
        share = min(sent.packed.prompt.total_tokens / refusal.got, 1.0) * _MARGIN
    smaller = replace(ready, found_window=int(refusal.limit * share))
    before, after = ready.limits.max_reply_tokens, smaller.limits.max_reply_tokens
    less = f", and the answer may take {after:,} in place of {before:,}" if after < before else ""
    say(f"the model's window holds {refusal.limit:,} tokens only: the prompt is made anew{less}")
    return smaller


def _dropped(before: Question, after: Question) -> str:
    """Return which files are shown in less detail, or not at all."""
    old = _levels(before)
    less = [name for name, level in _levels(after).items() if level < old.get(name, 0)]
    if not less:
        return "no file is shortened or left out for it"
    named = ", ".join(one_line(name) for name in less[:_NAMED])
    more = f" and {len(less) - _NAMED} more" if len(less) > _NAMED else ""
    files = f"{len(less)} file{'' if len(less) == 1 else 's'}"
    return f"{files} shortened or left out for it: {named}{more}"


def _levels(question: Question) -> dict[str, int]:
    files = question.packed.prompt.files
    return {f"{f.repository}/{f.path}": _LEVELS.index(f.detail) for f in files}
