"""Chat completions with a real llama.cpp server in another process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Delta, Finished, Message, Reading, Request
from copilot.errors import BudgetExceeded

pytestmark = pytest.mark.xdist_group("llama")


@pytest.fixture
def llama(llama_server: str, connect: Callable[..., OpenAIChat]) -> OpenAIChat:
    """A backend that knows what it talks to."""
    backend = connect(llama_server)
    backend.facts()
    return backend


def test_it_tells_its_window_and_that_it_follows_grammars(llama: OpenAIChat) -> None:
    facts = llama.facts()
    assert facts.follows_grammar
    assert facts.window == 4096
    assert "qwen" in facts.model.lower()


def test_it_streams_with_usage(llama: OpenAIChat) -> None:
    request = Request((Message("user", "Count from one to five."),), 12, temperature=0.0)
    events = list(llama.ask(request))
    pieces = [event for event in events if isinstance(event, Delta)]
    last = events[-1]
    assert len(pieces) > 1
    assert isinstance(last, Finished)
    assert last.reason == "length"
    assert last.usage is not None
    assert last.usage.reply == 12
    assert last.usage.prompt > 5


def test_it_obeys_a_grammar_and_tells_its_progress(llama: OpenAIChat) -> None:
    grammar = 'root ::= "violet" | "ochre"'
    request = Request((Message("user", "Say hello."),), 20, temperature=0.0, grammar=grammar)
    events = list(llama.ask(request))
    text = "".join(event.text for event in events if isinstance(event, Delta))
    assert text in {"violet", "ochre"}
    readings = [event for event in events if isinstance(event, Reading)]
    assert readings[-1].done == readings[-1].total > 0


def test_it_refuses_what_exceeds_its_window(llama: OpenAIChat) -> None:
    with pytest.raises(BudgetExceeded, match="4096"):
        list(llama.ask(Request((Message("user", "word " * 5000),), 10)))
