from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.context.relevance.model import Ranked, Signal
from copilot.context.relevance.rank import (
    Weights,
    chosen_full,
    combine,
    load_weights,
    rank,
    reasons,
)

WEIGHTS = Weights(1, {"words": 1.0, "paths": 2.0, "path_words": 0.5, "near": 0.1}, 0.5)
NAMES = ["a", "b", "c", "d", "e", "f"]
SCORES = st.dictionaries(st.sampled_from(NAMES), st.floats(0, 1), max_size=6)
SIGNALS = st.lists(
    st.builds(Signal, st.sampled_from(["words", "paths", "near", "unknown"]), SCORES),
    unique_by=lambda signal: signal.name,
)


def test_the_weights_that_ship() -> None:
    weights = load_weights()
    assert {"words", "path_words", "paths", "focus", "tests"} <= weights.signals.keys()
    assert all(weight >= 0 for weight in weights.signals.values())
    assert weights.signals["focus"] == max(weights.signals.values())
    assert 0 <= weights.size_exponent <= 1


def test_weights_of_another_version_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_text(json.dumps({"version": 2, "signals": {}, "size_exponent": 1}))
    with pytest.raises(ValueError, match="version 2"):
        load_weights(file)


@pytest.mark.parametrize("text", ["{}", "[]", '{"version": 1, "signals": {}}', "nonsense"])
def test_weights_of_another_shape_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "weights.json"
    file.write_text(text)
    with pytest.raises(msgspec.DecodeError):
        load_weights(file)


def test_signals_add_up_by_their_weights() -> None:
    signals = [
        Signal("words", {"a": 0.5, "b": 1.0}),
        Signal("paths", {"a": 0.5}),
        Signal("odd", {"c": 1}),
    ]
    assert combine(signals, WEIGHTS) == {"a": 1.5, "b": 1.0}
    assert [(one.name, one.score) for one in rank(NAMES[:3], signals, WEIGHTS)] == [
        ("a", 1.5),
        ("b", 1.0),
        ("c", 0.0),
    ]


def test_the_product_of_signals_may_have_a_weight() -> None:
    signals = [Signal("words", {"a": 0.5, "b": 1.0}), Signal("recency", {"a": 0.5, "c": 1.0})]
    weights = Weights(1, {"words": 1.0, "words*recency": 2.0, "words*absent": 9.0}, 0.5)
    assert combine(signals, weights) == {"a": 1.0, "b": 1.0}


@given(SIGNALS, st.permutations(NAMES))
def test_the_order_of_input_changes_nothing(signals: list[Signal], names: list[str]) -> None:
    found = rank(names, signals, WEIGHTS)
    backwards = [
        Signal(signal.name, dict(reversed(list(signal.scores.items())))) for signal in signals[::-1]
    ]
    assert rank(NAMES, backwards, WEIGHTS) == found
    assert sorted(one.name for one in found) == NAMES
    assert [(-one.score, one.name) for one in found] == sorted(
        (-one.score, one.name) for one in found
    )


def test_the_reason_names_up_to_three_signals_that_brought_most() -> None:
    signals = [
        Signal("near", {"a": 0.2}, {"a": "used by b"}),
        Signal("words", {"a": 1.0}, {"a": "holds retry"}),
        Signal("paths", {"a": 1.0}, {"a": "named in the task"}),
        Signal("path_words", {"a": 1.0, "b": 1.0}),
    ]
    told = {"a": "named in the task; holds retry", "b": "path words"}
    assert reasons(["a", "b", "c"], signals, WEIGHTS) == told


def test_a_name_that_only_a_signal_knows_is_not_ranked() -> None:
    assert rank([], [Signal("words", {"a": 1.0})], WEIGHTS) == []


RANKED = [Ranked(name, score) for name, score in (("a", 1.0), ("b", 0.9), ("c", 0.5), ("d", 0))]


def test_what_is_worth_most_for_its_size_goes_in_first() -> None:
    tokens = {"a": 10_000, "b": 100, "c": 100, "d": 100}
    assert chosen_full(RANKED, tokens, 20_000, WEIGHTS) == ["b", "c", "a", "d"]
    assert chosen_full(RANKED, tokens, 300, WEIGHTS) == ["b", "c", "d"]
    by_score = Weights(1, {}, 0.0)
    assert chosen_full(RANKED, tokens, 10_100, by_score) == ["a", "b"]


def test_a_file_without_a_number_of_tokens_does_not_go_in() -> None:
    assert chosen_full(RANKED, {"c": 5}, 100, WEIGHTS) == ["c"]


def test_nothing_goes_into_no_room() -> None:
    assert chosen_full(RANKED, {"a": 1, "b": 1}, 0, WEIGHTS) == []


@given(
    st.lists(st.floats(0, 5), max_size=20),
    st.lists(st.integers(0, 5_000), min_size=20, max_size=20),
    st.integers(0, 20_000),
    st.floats(0, 2),
)
def test_the_budget_is_never_exceeded_and_nothing_that_fits_is_left(
    scores: list[float], sizes: list[int], budget: int, exponent: float
) -> None:
    ranked = [Ranked(f"f{number:02}", score) for number, score in enumerate(sorted(scores)[::-1])]
    tokens = {one.name: size for one, size in zip(ranked, sizes, strict=False)}
    chosen = chosen_full(ranked, tokens, budget, Weights(1, {}, exponent))
    left = budget - sum(tokens[name] for name in chosen)
    assert left >= 0
    assert len(set(chosen)) == len(chosen)
    assert all(tokens[name] > left for name in tokens.keys() - set(chosen))
