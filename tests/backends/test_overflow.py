"""What providers say of a prompt that is too long, with the figures in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from copilot.backends.faults import refusal
from copilot.backends.overflow import Overflow, overflow_in
from copilot.errors import BudgetExceeded, ModelRefused

_VLLM = "This model's maximum context length is 4096 tokens. However, "

TOO_LONG: list[tuple[str, int | None, int | None]] = [
    ("prompt is too long: 210000 tokens > 200000 maximum", 200_000, 210_000),
    (
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
        200_000,
        190_000,
    ),
    (
        "The input token count (1,200,000) exceeds the maximum number of tokens allowed "
        "(1,048,576).",
        *(1_048_576, 1_200_000),
    ),
    (f"{_VLLM}your messages resulted in 5000 tokens. Please reduce", 4096, 5000),
    (f"{_VLLM}you requested 5100 tokens (5000 in the messages, 100 in the", 4096, 5000),
    (f"{_VLLM}you requested 5100 tokens", 4096, 5100),
    (f"{_VLLM}your request has 5000 input tokens", 4096, 5000),
    (f"{_VLLM}you asked for more", 4096, None),
    (
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in "
        "300000 tokens. Please reduce the length of the messages.",
        *(272_000, 300_000),
    ),
    (
        "You passed 9001 input tokens and requested 100 output tokens. However, the model's "
        "context length is only 4096 tokens",
        *(4096, 9001),
    ),
    (
        "The input (9001 tokens) is longer than the model's context length (4096 tokens).",
        *(4096, 9001),
    ),
    (
        "Requested token count exceeds the model's maximum context length of 4096 tokens. You "
        "requested a total of 9101 tokens: 9001 tokens from the input messages and 100 tokens",
        *(4096, 9001),
    ),
    (
        "request (9001 tokens) exceeds the available context size (4096 tokens), try increasing it",
        *(4096, 9001),
    ),
    ("Context size has been exceeded.", None, None),
    ("the request exceeds the available context size. try increasing the context size", None, None),
    ("prompt is too long", None, None),
    (
        "Trying to keep the first 6277 tokens when context the overflows. However, the model is "
        "loaded with context length of only 4096 tokens, which is not enough.",
        *(4096, 6277),
    ),
    ("The number of tokens to keep is greater (n_keep: 10247 >= n_ctx: 4096)", 4096, 10247),
    ("the prompt is longer than the context length currently available", None, None),
    ("context_length_exceeded", None, None),
]


@pytest.mark.parametrize(("said", "limit", "got"), TOO_LONG)
def test_each_text(said: str, limit: int | None, got: int | None) -> None:
    assert overflow_in(said) == Overflow(limit, got)


@pytest.mark.parametrize(
    ("error", "limit", "got"),
    [
        ({"type": "exceed_context_size_error", "n_prompt_tokens": 9001, "n_ctx": 4096}, 4096, 9001),
        ({"type": "exceed_context_size_error", "n_ctx": 4096}, 4096, None),
        ({"type": "exceed_context_size_error", "n_ctx": "many"}, None, None),
    ],
)
def test_llama_cpp_tells_them_apart(error: Any, limit: int | None, got: int | None) -> None:
    document = {"error": error}
    assert overflow_in(json.dumps(document), document) == Overflow(limit, got)


@pytest.mark.parametrize(
    "said",
    ["", "no", "max_tokens is too large: 9000", "temperature is not supported", "rate limit of 5"],
)
def test_what_is_about_something_else(said: str) -> None:
    assert overflow_in(said) is None


@pytest.mark.parametrize("status", [200, 400, 413, 422, 500])
def test_it_becomes_an_error_with_both_figures(status: int) -> None:
    body = json.dumps({"error": {"message": TOO_LONG[0][0]}}).encode()
    error = refusal(status, body, "small")
    assert isinstance(error, BudgetExceeded)
    assert (error.limit, error.got) == (200_000, 210_000)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_other_statuses_speak_of_other_things(status: int) -> None:
    body = json.dumps({"error": {"message": TOO_LONG[0][0]}}).encode()
    assert isinstance(refusal(status, body, "small"), ModelRefused)


@pytest.mark.parametrize(
    "text", ["9" * 100_000, "prompt is too long: " + "9" * 100_000 + " tokens"]
)
def test_a_huge_text_is_read_in_no_time(text: str) -> None:
    assert overflow_in(text) is None


def test_figures_without_end_are_none() -> None:
    said = f"prompt is too long: {'9' * 30} tokens > {'9' * 30} maximum"
    assert overflow_in(said) == Overflow(None, None)
