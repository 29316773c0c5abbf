"""`copilot models warm`: what the first question finds in the cache."""

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
MakeRepository = Callable[..., Path]

FILES = {f"m{number}.py": f"def f{number}(): return {number}\n" for number in range(20)}


def contents(body: dict[str, Any]) -> str:
    return "".join(message["content"] for message in body["messages"])


def test_the_next_question_begins_with_what_was_warmed(
    copilot: Copilot, model: Model, make_repository: MakeRepository, asked: list[dict[str, Any]]
) -> None:
    usage = {"prompt_tokens": 1234, "completion_tokens": 1}
    root = make_repository(FILES)
    url = model("x", usage=usage)
    done = copilot("models", "warm", "--base-url", url, "--json", cwd=root)
    facts = json.loads(done.stdout)
    assert (facts["prompt_tokens"], facts["cached_tokens"], facts["cost"]) == (1234, None, None)
    copilot("ask", "what?", "--base-url", url, cwd=root)
    warmed, question = asked
    assert warmed["max_tokens"] == 1
    assert contents(question).startswith(contents(warmed))
    assert "what?" in contents(question).removeprefix(contents(warmed))
    (second, first) = json.loads(copilot("runs", "list", "--json").stdout)
    assert first["command"] == "warm"
    assert second["expected_cached_tokens"] == first["asked_tokens"]
    assert copilot("runs", "replay", str(first["id"])).returncode == 0


def test_it_says_what_was_read_and_what_it_cost(
    copilot: Copilot, model: Model, make_repository: MakeRepository, empty_home: Path
) -> None:
    file = empty_home / ".config" / "repo-copilot" / "config.toml"
    file.parent.mkdir(parents=True)
    url = model("x", usage={"prompt_tokens": 1_000_000, "completion_tokens": 1})
    file.write_text(f'[models.dear]\nbase_url = "{url}"\nprice_input = 3\nprice_output = 15\n')
    done = copilot("models", "warm", "dear", cwd=make_repository(FILES))
    assert done.stdout.startswith("1,000,000 tokens read; ")
    assert done.stdout.endswith("; $3.00\n")


def test_files_that_no_budget_holds_cannot_be_warmed(
    fails: Fails, model: Model, make_repository: MakeRepository
) -> None:
    root = make_repository({f"{name}.txt": "word " * 3000 for name in "abc"})
    options = ("--base-url", model("x"), "--budget", "5000")
    said = fails(4, "models", "warm", *options, cwd=root)
    assert "each question brings others" in said


@pytest.mark.xdist_group("llama")
def test_an_embedded_model_is_warm_in_the_next_process(
    copilot: Copilot, make_repository: MakeRepository, models_dir: Path, empty_home: Path
) -> None:
    environment = {"COPILOT_MODELS_DIR": str(models_dir)}
    root = make_repository(FILES)
    command = ("models", "warm", "qwen2.5-coder-0.5b", "--json")
    cold, warm = (
        json.loads(copilot(*command, cwd=root, environment=environment).stdout) for _ in range(2)
    )
    assert cold["cached_tokens"] == 0
    assert warm["cached_tokens"] == cold["prompt_tokens"] - 1
    (state,) = (empty_home / ".cache" / "repo-copilot" / "slots").iterdir()
    assert state.suffix == ".slot"
