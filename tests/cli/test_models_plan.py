"""`copilot models plan` and the catalogue it plans with."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]

LLAMA = "llama-3-8b-gradient-1048k"


def test_the_plan_says_sizes_cards_and_commands(copilot: Copilot) -> None:
    done = copilot("models", "plan", LLAMA, "--context", "1M", "--cards", "A100-80GB")
    assert done.returncode == 0
    assert "1,000,000 tokens" in done.stdout
    assert "16.1 GB  bf16" in done.stdout
    assert "131.1 GB  fp16, 131,072 bytes a token" in done.stdout
    assert "vLLM on 4 x A100-80GB:\n  # here\n  vllm serve gradientai/" in done.stdout
    assert "SGLang on 4 x" in done.stdout
    assert "llama.cpp on 3 x" in done.stdout
    assert "figures of the model: https://huggingface.co/" in done.stderr


def test_the_plan_as_json(copilot: Copilot) -> None:
    options = ("--cards", "24GB", "--cards", "80GB", "--kv", "fp8", "--concurrency", "2", "--json")
    document = json.loads(copilot("models", "plan", LLAMA, "--context", "500k", *options).stdout)
    assert document["hub_id"] == "gradientai/Llama-3-8B-Instruct-Gradient-1048k"
    assert document["kv_bytes_per_token"] == 65_536
    assert document["kv_bytes"] == 2 * 500_000 * 65_536
    assert [(one["server"], one["card"]) for one in document["placed"]] == [
        ("vllm", "24GB"),
        ("vllm", "80GB"),
        ("sglang", "24GB"),
        ("sglang", "80GB"),
    ]
    for one in document["placed"]:
        assert one["fits"]
        assert one["cards"] == one["tensor"] * one["pipeline"]
        assert one["commands"][-1]["command"]


def test_without_a_context_the_whole_window_is_planned(copilot: Copilot) -> None:
    document = json.loads(copilot("models", "plan", "OpenAI/gpt-oss-20b", "--json").stdout)
    assert document["demand"]["context"] == 131_072


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("gpt-os",), "gpt-oss-20b"),
        (("llama-3.1-8b", "--context", "1M"), LLAMA),
        (("llama-3.1-8b", "--cards", "H100"), "A100-80GB"),
        (("llama-3.1-8b", "--kv", "q8", "--weights", "fp8"), "--weights or --kv"),
        (("llama-3.1-8b", "--context", "many"), "200k"),
    ],
)
def test_what_cannot_be_planned_is_told(fails: Fails, options: tuple[str, ...], said: str) -> None:
    assert said in fails(2, "models", "plan", *options)


def test_the_catalogue_is_listed(copilot: Copilot) -> None:
    rows = json.loads(copilot("models", "list", "--catalogue", "--json").stdout)
    (row,) = [row for row in rows if row["name"] == LLAMA]
    assert (row["window"], row["license"], row["gguf"]) == (1_048_576, "Llama 3", None)
    lines = copilot("models", "list", "--catalogue").stdout.splitlines()
    assert len(lines) == len(rows)
    assert any(line.startswith(LLAMA) and "1,048,576 tokens" in line for line in lines)


@pytest.mark.parametrize(
    ("command", "begun", "named"),
    [
        ("plan", "llama-3-", LLAMA),
        ("pull", "qwen2.5-14b", "qwen2.5-14b-1m"),
        ("serve", "q", "qwen"),
    ],
)
def test_the_shell_completes_names(copilot: Copilot, command: str, begun: str, named: str) -> None:
    asked = {
        "_COPILOT_COMPLETE": "complete_bash",
        "COMP_WORDS": f"copilot models {command} {begun}",
        "COMP_CWORD": "3",
    }
    done = copilot("--", environment={**os.environ, **asked})
    assert any(line.startswith(named) for line in done.stdout.split())
