"""Reading and packing for a question, held to budget and window."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.assist.pack import Packed, check_fit, pack
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.show import say_packed
from copilot.cli.talk import progress_bar


@dataclass(frozen=True)
class Question:
    """A prompt that fits, and the limit in tokens it was held to."""

    packed: Packed
    limit: int


def read_for(setup: Setup, ready: Ready, kind: str, asked: str) -> Question:
    """Read the roots and compose a prompt that fits budget and window. Raises BudgetExceeded."""
    with progress_bar("reading files") as bar:
        packed = pack(setup.scope(ready.chosen.settings.tokenizer), kind, asked, bar)
    limit = check_fit(
        packed.prompt, setup.config.budget, ready.window, ready.limits.max_reply_tokens
    )
    say_packed(packed, ready.facts.model)
    return Question(packed, limit)
