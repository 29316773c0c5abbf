"""`copilot eval` within a window, money and minutes, and what is kept of it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.context.tokens import DEFAULT_TOKENIZER, count_tokens
from copilot.evals.rows import read_rows
from tests.cli.evals.measured import FEW, Copilot, named, text_of


def test_what_is_longer_than_the_window_is_left_out(
    measure: Copilot, reader: Callable[..., Any], tmp_path: Path
) -> None:
    small = reader(refuses_above=3000)
    common = ("--tasks", "single", "--samples", "1", "--depths", "2")
    done = measure("needle", small.url, *common, "--lengths", "2k,4k,8k")
    assert done.returncode == 0, done.stderr
    assert "4 questions are longer than the window of " in done.stderr
    assert "and left out: all of 8,000 tokens and more" in done.stderr
    errors = [(row.recipe.tokens, row.error) for row in read_rows(tmp_path / "rows.jsonl")]
    assert errors == [(2000, ""), (2000, ""), (4000, "window"), (8000, "window")]
    alone = measure("needle", small.url, *common, "--lengths", "4k", "--rows", tmp_path / "b")
    assert alone.returncode == 4


def test_a_server_that_counts_as_another_tokenizer_is_measured_in_its_own(
    measure: Copilot, reader: Callable[..., Any], shop: Path, tmp_path: Path
) -> None:
    other = reader(ratio=1.0, tokenizer="qwen3")
    done = measure("needle", other.url, *FEW)
    assert "counts as qwen3 does, and 23 for each request: lengths are counted so" in done.stderr
    path = tmp_path / "rows.jsonl"
    rows = read_rows(path)
    assert {row.recipe.tokenizer for row in rows} == {"qwen3"}
    for row in rows:
        assert row.usage is not None
        assert 0 <= row.recipe.tokens - row.usage.prompt - 64 <= 0.005 * row.recipe.tokens
    again = measure("needle", other.url, *FEW)
    assert "14 of 14 answers are there already" in again.stderr
    command = [sys.executable, "-m", "copilot", "eval", "rebuild", str(path), "--row", "1"]
    made = subprocess.run([*command, "-R", str(shop)], capture_output=True, check=True)
    assert made.stdout.decode() == text_of(other.asked[3])


def test_a_known_window_bounds_the_lengths(
    measure: Copilot, reader: Callable[..., Any], fails: Callable[..., str], shop: Path
) -> None:
    known = reader(facts={"max_model_len": 5000})
    common = ("--tasks", "deleted", "--samples", "1")
    usual = measure("needle", known.url, *common)
    assert "1 question about 1 haystack" in usual.stderr
    some = measure("needle", known.url, *common, "--lengths", "2k,8k")
    assert "left out, beyond the window of" in some.stderr
    assert ": 8,000" in some.stderr
    where = ("-R", shop, "--base-url", known.url)
    said = fails(4, "eval", "needle", *where, *common, "--lengths", "8k")
    assert "holds 5,000 tokens" in said


def test_money_is_bounded_and_said(
    copilot: Copilot,
    reader: Callable[..., Any],
    configured: Callable[..., Any],
    shop: Path,
    tmp_path: Path,
) -> None:
    one = reader()
    prices = "price_input = 1000\nprice_cached = 100\nprice_output = 1000"
    config = configured("ask_above_cost = 1.0", one=f"{named(one.url)}\n{prices}")
    few = ("--lengths", "2k", "--samples", "1", "--tasks", "single", "--depths", "5")
    arguments = ("eval", "needle", "-R", shop, "--model", "one", *config, *few)
    refused = copilot(*arguments)
    assert refused.returncode == 6
    assert "above your threshold" in refused.stderr
    assert "at most $" in refused.stderr
    done = copilot(*arguments, "--yes", "--max-cost", "5", "--rows", tmp_path / "rows.jsonl")
    assert done.returncode == 7, done.stderr
    assert "stopped by --max-cost" in done.stderr
    rows = read_rows(tmp_path / "rows.jsonl")
    spent = sum(row.cost or 0 for row in rows)
    assert 0 < len(rows) < 5
    assert 1 < spent <= 5
    assert f"one took ${spent:.2f}" in done.stderr


def test_several_models_share_the_bounds(
    copilot: Copilot,
    reader: Callable[..., Any],
    configured: Callable[..., Any],
    shop: Path,
    tmp_path: Path,
) -> None:
    prices = "price_input = 1000\nprice_cached = 1000\nprice_output = 1000"
    tables = {name: f"{named(reader().url)}\n{prices}" for name in ("one", "two")}
    config = configured(**tables, other=f'{tables["one"]}\ncurrency = "EUR"')
    few = ("--lengths", "2k", "--samples", "1", "--tasks", "single", "--depths", "5")
    arguments = ("eval", "needle", "-R", shop, "--model", "one,two,other", *config, *few, "--yes")
    path = tmp_path / "rows.jsonl"
    done = copilot(*arguments, "--max-cost", "5", "--rows", path)
    assert done.returncode == 7, done.stderr
    spent: dict[str, float] = {}
    for row in read_rows(path):
        spent[row.currency] = spent.get(row.currency, 0) + (row.cost or 0)
    assert set(spent) == {"USD", "EUR"}
    assert all(1 < cost <= 5 for cost in spent.values())


def test_a_bound_on_money_needs_prices(
    reader: Callable[..., Any], fails: Callable[..., str], shop: Path
) -> None:
    where = ("-R", shop, "--base-url", reader().url)
    said = fails(2, "eval", "needle", *where, *FEW, "--max-cost", "5")
    assert "needs the prices" in said


def test_answers_of_another_limit_are_asked_for_and_reported_apart(
    measure: Copilot, reader: Callable[..., Any], tmp_path: Path
) -> None:
    url = reader().url
    # A quarter of the length is the reply's, with either limit: the prompt is the same.
    few = ("--lengths", "4k", "--samples", "1", "--tasks", "default")
    assert measure("edits", url, *few).returncode == 0
    more = measure("edits", url, *few, "--reply-tokens", "4096")
    assert more.returncode == 0, more.stderr
    first, second = read_rows(tmp_path / "rows.jsonl")
    assert first.prompt_sha256 == second.prompt_sha256
    assert first.reply_tokens < second.reply_tokens
    assert " · edits\n" in more.stdout
    assert " · edits, answers of up to 4,096 tokens\n" in more.stdout
    again = measure("edits", url, *few, "--reply-tokens", "4096")
    assert "1 of 1 answers are there already" in again.stderr


def test_minutes_are_bounded(measure: Copilot, reader: Callable[..., Any]) -> None:
    done = measure("needle", reader().url, *FEW, "--max-minutes", "0")
    assert done.returncode == 7
    assert "stopped by --max-minutes with 14 questions left" in done.stderr


@pytest.mark.parametrize("tokenizer", [DEFAULT_TOKENIZER, "qwen3"])
def test_a_measured_length_is_kept_and_bounds_the_budget(
    measure: Copilot, copilot: Copilot, reader: Callable[..., Any], shop: Path, tokenizer: str
) -> None:
    # It reads the end of a prompt alone, so that half of the depths are lost at 8k.
    weak = reader(window=4500, ratio=1.0, tokenizer=tokenizer)
    needles = ("--tasks", "single", "--lengths", "2k,4k,8k", "--samples", "4")
    done = measure("needle", weak.url, *needles)
    assert done.returncode == 0, done.stderr
    kept = re.search(
        r"up to 4,000 tokens and not at 8,000 \(needle\); --budget auto keeps to ([\d,]+)",
        done.stderr,
    )
    assert kept, done.stderr
    room = int(kept[1].replace(",", ""))
    assert 3800 < room < 3936
    asked = copilot("ask", "what?", "-R", shop, "--base-url", weak.url)
    assert asked.returncode == 0, asked.stderr
    assert f"budget: {room:,} tokens, because reader was measured to read well up to 4,000" in (
        asked.stderr
    )
    assert count_tokens([text_of(weak.asked[-1])])[0] <= room
    assert weak.count(text_of(weak.asked[-1])) <= 3936
    more = copilot("ask", "what?", "-R", shop, "--base-url", weak.url, "--budget", "6k")
    assert "because reader was measured" not in more.stderr
    assert weak.count(text_of(weak.asked[-1])) > 4000
    # A repository may narrow that, but not lift it.
    (shop / ".copilot.toml").write_text('budget = "6k"\n')
    lifted = copilot("ask", "what?", "-R", shop, "--base-url", weak.url)
    assert f"budget: {room:,} tokens, because reader was measured" in lifted.stderr
    (shop / ".copilot.toml").write_text('budget = "3k"\n')
    copilot("ask", "what?", "-R", shop, "--base-url", weak.url)
    assert count_tokens([text_of(weak.asked[-1])])[0] <= 3000
    (shop / ".copilot.toml").unlink()
    # Another window, another model; and one that does well by now is bounded no longer.
    weak.window = None
    better = measure("needle", weak.url, *needles, "--seed", "7", "--rows", shop.parent / "b.jsonl")
    assert "no measured length bounds it" in better.stderr
    assert "because reader was measured" not in better.stderr
    last = copilot("ask", "what?", "-R", shop, "--base-url", weak.url)
    assert "because reader was measured" not in last.stderr
