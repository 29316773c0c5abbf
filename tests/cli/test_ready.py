"""How long a model's reply may be, and what is said of one that was cut off."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from copilot.assist.ask import Answer
from copilot.assist.models import ChosenModel, embedded_settings
from copilot.assist.stopping import Stoppable
from copilot.backends import catalogue
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import ModelFacts, Usage
from copilot.cli.answer import why_cut
from copilot.cli.ready import Ready
from copilot.settings.config import ModelSettings


def ready(
    own: int | None = None,
    window: int | None = None,
    most: int | None = None,
    embedded: catalogue.EmbeddedModel | None = None,
) -> Ready:
    """Return a model that is never asked: its reply's bound is what matters."""
    chosen = ChosenModel("big", ModelSettings(max_reply_tokens=own), embedded)
    backend = Stoppable(lambda: OpenAIChat("http://127.0.0.1:1/v1", "big"))
    return Ready(chosen, backend, ModelFacts("big", window, max_reply_tokens=most))


def cut(reason: str = "length", usage: Usage | None = None) -> Answer:
    return Answer(datetime.now(UTC), "It is", reason, usage, 1.0)


@pytest.mark.parametrize(
    ("model", "tokens", "hint"),
    [
        (ready(), 8192, "set max_reply_tokens"),
        (ready(window=1_000_000), 8192, "set max_reply_tokens"),
        (ready(window=8192), 2048, "a quarter of its window: set max_reply_tokens"),
        (ready(own=3000, window=8192), 3000, "set max_reply_tokens"),
        (ready(own=6000, window=8192), 4096, "half of its window: serve it with a larger one"),
        (ready(own=64_000, window=1_000_000), 64_000, "set max_reply_tokens"),
        (ready(own=64_000, window=1_000_000, most=32_000), 32_000, "the model writes no more"),
        (ready(embedded=catalogue.find("qwen2.5-coder-0.5b"), window=32_768), 2048, "set max"),
        (ready(500, 32_768, embedded=catalogue.find("qwen2.5-coder-0.5b")), 500, "set max"),
    ],
)
def test_a_reply_is_bounded_and_the_hint_says_by_what(model: Ready, tokens: int, hint: str) -> None:
    assert model.limits.max_reply_tokens == tokens
    error = why_cut(cut(), model)
    assert error.message == f"the answer ran into its limit of {tokens:,} tokens"
    assert hint in error.hint
    assert error.partial == "It is"


@pytest.mark.parametrize(
    ("answer", "window"),
    [
        (cut("window"), None),
        (cut("window"), 8192),
        (cut("length", Usage(8000, 192)), 8192),
    ],
)
def test_a_window_that_is_full_is_no_limit_of_the_reply(answer: Answer, window: int | None) -> None:
    error = why_cut(answer, ready(window=window))
    assert error.message.startswith("the prompt and its answer filled the window")
    assert "--budget" in error.hint


def test_an_embedded_model_takes_what_its_table_says() -> None:
    own = ModelSettings(max_reply_tokens=777)
    assert embedded_settings(catalogue.find("qwen2.5-coder-0.5b"), own).max_reply_tokens == 777
