"""A window that is smaller than it was said to be: the prompt is made anew within it, once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]
Words = Callable[..., str]

TOO_LONG = (
    "This model's maximum context length is {limit} tokens. However, your messages resulted in "
    "{got} tokens. Please reduce the length of the messages."
)


def refusal(limit: int, got: int) -> tuple[int, str]:
    error = {"message": TOO_LONG.format(limit=limit, got=got), "code": "context_length_exceeded"}
    return 400, json.dumps({"error": error})


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    lines = "".join(f"value_{number} = {number}\n" for number in range(400))
    return make_repository({"a.py": "one = 1\n", "large.py": lines}, "app")


def test_an_edit_is_asked_again_with_less(
    copilot: Copilot,
    model: Model,
    root: Path,
    block: Words,
    reply: Words,
    asked: list[dict[str, Any]],
) -> None:
    answer = reply(block("app/a.py", "one = 1\n", "one = 2\n"))
    url = model(answer, refusal=refusal(1500, 4000))
    done = copilot("edit", "make one two", "--yes", "--base-url", url, cwd=root)
    assert done.returncode == 0, done.stderr
    assert (root / "a.py").read_text() == "one = 2\n"
    first, second = (question["messages"][1]["content"] for question in asked)
    assert "value_399" in first
    assert "value_399" not in second
    assert "1 file shortened or left out for it: app/large.py" in done.stderr


def test_a_question_too(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model("Two.\n", refusal=refusal(1500, 4000))
    done = copilot("ask", "what is one?", "--base-url", url, cwd=root)
    assert (done.returncode, done.stdout) == (0, "Two.\n")
    assert len(asked) == 2


def test_nothing_shortened_and_the_smaller_answer_are_said(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model("Two.\n", refusal=refusal(8_000, 3_200))
    done = copilot("ask", "what is one?", "--base-url", url, cwd=root)
    assert done.returncode == 0
    first, second = (question["max_tokens"] for question in asked)
    assert first > second
    assert "the model's window holds 8,000 tokens only" in done.stderr
    assert f"the answer may take {second:,} in place of {first:,}" in done.stderr
    assert "no file is shortened or left out for it" in done.stderr


def test_a_limit_without_a_count_leaves_a_wider_margin(
    copilot: Copilot, model: Model, root: Path
) -> None:
    said = json.dumps({"error": {"message": "maximum context length is 30000 tokens"}})
    url = model("Two.\n", refusal=(400, said))
    assert copilot("ask", "what is one?", "--base-url", url, cwd=root).returncode == 0
    again = copilot("ask", "what is one?", "--base-url", url, cwd=root)
    assert "was found to be 28,500 tokens" in again.stderr


def test_what_was_found_holds_for_the_next_command(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model("Two.\n", facts={"max_model_len": 8000}, refusal=refusal(1500, 4000))
    for _ in range(2):
        done = copilot("ask", "what is one?", "--base-url", url, cwd=root)
        assert (done.returncode, done.stdout) == (0, "Two.\n")
    assert "tokens, where it claims 8,000" in done.stderr
    sizes = [len(question["messages"][1]["content"]) for question in asked]
    assert len(sizes) == 3
    assert sizes[2] <= sizes[1] < sizes[0]


def test_a_provider_that_tells_no_figure_ends_it(fails: Fails, model: Model, root: Path) -> None:
    said = '{"error": {"message": "too long", "code": "context_length_exceeded"}}'
    fails(4, "ask", "what?", "--base-url", model("x", refusal=(400, said)), cwd=root)
