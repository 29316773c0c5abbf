"""Reviews that are begun with what a model proposes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from copilot.cli.conversation import Conversation
from copilot.cli.options import Whom, where
from copilot.cli.prepare import read_for
from copilot.cli.ready import ready_model
from copilot.cli.reviewing import Reviewing
from copilot.cli.setup import set_up
from copilot.review.state import start
from tests.cli.reviewing.begun import LINES, PATH, Begin, Begun, Words


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.txt": LINES, "b.txt": "b\n"}, "app")


@pytest.fixture
def begin(root: Path) -> Iterator[Begin]:
    """Ask the model at a URL, and begin the review of what it proposes."""
    with ExitStack() as stack:

        def make(url: str, task: str = "Shout") -> Begun:
            setup = set_up(where([f"app={root}"]))
            ready = stack.enter_context(ready_model(setup, Whom(None, url)))
            question = read_for(setup, ready, "edit", task)
            is_constrained = ready.facts.follows_grammar
            talk = Conversation(setup, ready, question, task, is_constrained=is_constrained)
            talk.ask()
            proposal = talk.proposed(0)
            review = start(proposal.changes, proposal.flags)
            return Begun(talk, Reviewing(setup, proposal, talk, 1), review, root)

        yield make


@pytest.fixture
def shout(block: Words, reply: Words) -> Words:
    """A reply that shouts these lines."""
    return lambda *numbers: reply(
        *(block(PATH, f"line {number}\n", f"LINE {number}\n") for number in numbers)
    )
