from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from benchmarks import million
from benchmarks.million_plan import plan
from benchmarks.million_sink import WINDOW, listening
from copilot.cli.options import Where
from copilot.cli.setup import set_up

MakeRepository = Callable[..., Path]
CHECKS = ("same_bytes", "same_tokens", "within_budget")


@pytest.fixture
def large(make_repository: MakeRepository) -> Path:
    """A repository of more tokens than the budget of these tests."""
    text = "\n".join(f"value_{n} = {n}" for n in range(2000))
    return make_repository(
        {f"src/part_{n:02}.py": f"{text}\n# {n:02}\n" for n in range(30)}, "large"
    )


def test_the_sink_keeps_what_it_is_sent() -> None:
    messages = [{"role": "system", "content": "one\n"}, {"role": "user", "content": "zwei ☃\n"}]
    with listening() as sink:
        models = httpx.get(f"{sink.url}/models").json()
        answer = httpx.post(f"{sink.url}/chat/completions", json={"messages": messages})
    assert models["data"][0]["max_model_len"] == WINDOW
    assert answer.text.endswith("data: [DONE]\n\n")
    assert sink.prompt == "one\nzwei ☃\n"


def test_what_arrives_is_the_prompt(
    make_repository: MakeRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_repository({"main.py": "print('hello')\n"}, "small")
    assert million.main([str(root), "--budget", "100k", "--rounds", "0"]) == 0
    printed = json.loads(capsys.readouterr().out)
    first, again = printed["asked"].values()
    assert (first["reused"], again["reused"]) == (0, pytest.approx(0.5, abs=0.49))
    assert sum(again["sections"].values()) == again["tokens"]
    for case in (first, again):
        assert [case[name] for name in CHECKS] == [True] * len(CHECKS)
    assert "planned" not in printed


def test_another_prompt_is_told_apart() -> None:
    manifest = {
        "tokenizer": "o200k_base",
        "prompt_sha256": "0" * 64,
        "total_tokens": 2,
        "sections": [{"kind": "task", "tokens": 2}],
    }
    found = million.arrived(b"a text\n", manifest, "2")
    assert [found[name] for name in CHECKS] == [False] * len(CHECKS)


def test_planning_is_timed_apart_from_listing_and_reading(large: Path) -> None:
    budget = 250_000
    setup = set_up(Where(roots=(str(large),), budget=str(budget)))
    for _ in range(2):
        planned = plan(setup, budget, "Where is value_7 in part_07?")
        assert 0 < planned.files < 30
        assert min(planned.listing, planned.planning, planned.reading) > 0
        assert planned.size == planned.files * (large / "src/part_10.py").stat().st_size
