"""Intervals, effective lengths and averages, against published figures and their own algebra."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.evals.model import Measure, Recipe, Score
from copilot.evals.rows import Calibration, Counted, Row, identity_of
from copilot.evals.statistics import (
    Mean,
    average,
    by_length,
    depth_of,
    effective_count,
    exact_of,
    f1_of,
    fisher,
    held_length,
    mean_of,
    passes_ruler,
    relative_length,
    ruler_length,
    speed_of,
    stale_rate,
    steps_of,
    student,
    weighted,
    wilson,
)

_SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def _row(value: float = 1.0, tokens: int = 4000, **about: object) -> Row:
    recipe = Recipe("ruler", "vt", tokens, tokens - 128, 0, 42, "o200k_base", "s")
    usual: dict[str, object] = {
        "recipe": recipe,
        "model": identity_of("m", "m", "openai", "http://127.0.0.1:1/v1"),
        "prompt_sha256": "p",
        "haystack": "h",
        "positions": (),
        "references": ("a",),
        "forbidden": (),
        "measure": Measure.ALL,
        "reply_tokens": 30,
        "own_tokens": 3800,
        "calibration": Calibration(0, 1.0),
        "started": "2026-01-01T00:00:00",
        "score": Score(value),
    }
    return Row(**{**usual, **about})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I.
        (81 / 263, 263, 0.2553, 0.3662),
        (15 / 148, 148, 0.0624, 0.1605),
        (0 / 20, 20, 0.0, 0.1611),
        (1 / 29, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_as_published(share: float, count: int, low: float, high: float) -> None:
    assert wilson(share, count) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_wilson_holds_its_share_and_narrows_with_the_count(count: int, data: st.DataObject) -> None:
    share = data.draw(st.integers(0, count)) / count
    low, high = wilson(share, count)
    assert 0 <= low <= share <= high <= 1
    lower, higher = wilson(share, 4 * count)
    assert higher - lower < high - low


def test_twenty_answers_cannot_separate_ninety_from_a_hundred() -> None:
    assert wilson(1.0, 20)[0] < wilson(0.9, 20)[1]
    assert wilson(1.0, 20)[0] < 0.9


@given(_SCORES, st.integers(1, 4))
def test_the_effective_count_is_between_answers_and_references(
    values: list[float], references: int
) -> None:
    count = effective_count(values, len(values) * references)
    assert len(values) <= count <= len(values) * references


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_of_right_or_wrong_the_effective_count_is_the_count(values: list[bool]) -> None:
    assert effective_count([float(v) for v in values], 4 * len(values)) == pytest.approx(
        len(values)
    )


def test_the_variance_is_that_of_what_might_have_been_seen() -> None:
    # 0.75 * 0.25 of one answer, and 0.125 (not 0.0625) of the two shares.
    assert effective_count([0.5, 1.0], 99) == pytest.approx(2 * 0.1875 / 0.125)


def test_shares_that_vary_less_tell_more() -> None:
    halves = [_row(0.5, references=("a", "b", "c", "d"))] * 10
    wholes = [_row(float(n % 2)) for n in range(10)]
    narrow, wide = mean_of(halves), mean_of(wholes)
    assert narrow.value == wide.value == 0.5
    assert (narrow.low, narrow.high) == pytest.approx(wilson(0.5, 40))
    assert (wide.low, wide.high) == pytest.approx(wilson(0.5, 10))


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(9, 2.2622), (15, 2.1314), (30, 2.0423), (120, 1.9799)]
)
def test_students_quantile_is_as_in_tables(freedom: int, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, abs=1e-3)


@pytest.mark.parametrize(
    ("some", "others", "likely"),
    [
        # Fisher's lady with her eight cups of tea.
        ((1, 4), (3, 4), 17 / 70),
        ((0, 4), (4, 4), 1 / 70),
        ((4, 4), (0, 4), 1.0),
        ((0, 3), (0, 3), 1.0),
    ],
)
def test_fishers_test_is_exact(
    some: tuple[int, int], others: tuple[int, int], likely: float
) -> None:
    dealt = [[n < hits for n in range(count)] for hits, count in (some, others)]
    assert fisher(*dealt) == pytest.approx(likely)


def test_nothing_has_no_mean() -> None:
    assert mean_of([_row(score=None, error="refused")]) == Mean(0.0, 0.0, 1.0, 0)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=13))
def test_an_average_stands_in_its_interval(hits: list[int]) -> None:
    means = [Mean(h / 20, *wilson(h / 20, 20), 20) for h in hits]
    whole = average(means)
    assert whole.low <= whole.value <= whole.high
    assert whole.value == pytest.approx(fmean(m.value for m in means))
    assert whole.count == 20 * len(means)
    # That of several is no wider than that of the widest.
    assert whole.high - whole.low <= max(m.high - m.low for m in means) + 1e-9


_LENGTHS = (4000, 8000, 16000, 32000, 64000, 128000)


def _curve(*scores: float) -> dict[int, float]:
    return {n: score / 100 for n, score in zip(_LENGTHS, scores, strict=False)}


@pytest.mark.parametrize(
    ("scores", "effective"),
    [
        # As published with RULER, by the models' names.
        pytest.param((92.8, 90.3, 85.7, 79.9, 76.3, 69.5), 16000, id="gradient-8b"),
        pytest.param((95.1, 94.4, 90.8, 85.4, 80.9, 72.1), 16000, id="gradient-70b"),
        pytest.param((85.6,), None, id="the threshold itself"),
        pytest.param((90, 80, 90), 16000, id="a dip"),
        pytest.param((), None, id="nothing"),
    ],
)
def test_effective_length_by_rulers_rule(scores: tuple[float, ...], effective: int | None) -> None:
    assert ruler_length(_curve(*scores)) == effective


@pytest.mark.parametrize(
    ("scores", "effective"),
    [
        ((80, 68, 67.9), 8000),
        # GPT-4o in NoLiMa: 99.3 at the shortest, 69.7 at 32k.
        ((99.3, 84.5, 81.6, 69.7), 8000),
        ((0, 0), None),
        ((70, 59), 4000),
        # A level curve of a model that fails everywhere.
        ((69, 69), None),
        ((), None),
    ],
)
def test_effective_length_by_the_relative_rule(
    scores: tuple[float, ...], effective: int | None
) -> None:
    assert relative_length(_curve(*scores)) == effective


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_the_held_length_is_never_longer_than_the_effective(scores: list[float]) -> None:
    curve = _curve(*scores)
    held, effective = held_length(curve, passes_ruler), ruler_length(curve)
    assert (held or 0) <= (effective or 0)
    assert held is None or all(passes_ruler(curve[n]) for n in curve if n <= held)


def test_a_dip_ends_what_is_held() -> None:
    assert held_length(_curve(90, 80, 90), passes_ruler) == 4000


def test_weighted_averages_are_as_published() -> None:
    rise, fall = weighted(_curve(95.1, 94.4, 90.8, 85.4, 80.9, 72.1))
    assert (round(rise * 100, 1), round(fall * 100, 1)) == (82.6, 90.3)


def test_rows_are_grouped_by_length_the_shortest_first() -> None:
    rows = [_row(tokens=n) for n in (8000, 4000, 8000)]
    assert [(n, len(some)) for n, some in by_length(rows).items()] == [(4000, 1), (8000, 2)]


def test_the_stale_rate_is_of_those_that_could_be_stale() -> None:
    stale, fresh = Score(0.0, stale=True), Score(1.0)
    rows = [
        *(_row(score=stale, forbidden=("old",)) for _ in range(3)),
        _row(score=fresh, forbidden=("old",)),
        _row(score=fresh),
    ]
    found = stale_rate(rows)
    assert found is not None
    assert (found.value, found.count) == (0.75, 4)
    assert stale_rate([_row()]) is None


def test_sets_and_steps_are_averages_of_what_has_them() -> None:
    rows = [
        _row(score=Score(1, f1=0.5, exact=False, steps={"parsed": True, "correct": True})),
        _row(score=Score(1, f1=1.0, exact=True, steps={"parsed": True, "correct": False})),
        _row(score=Score(0)),
    ]
    assert (f1_of(rows), exact_of(rows)) == (0.75, 0.5)
    assert {name: mean.value for name, mean in steps_of(rows).items()} == {
        "parsed": 1.0,
        "correct": 0.5,
    }
    assert (f1_of([_row()]), exact_of([_row()])) == (None, None)


def test_speed_is_that_of_what_was_read_anew() -> None:
    rows = [
        _row(usage=Counted(4000, 11, 0), seconds=12.0, first_token_seconds=10.0),
        # Almost all of it came from the cache: no rate can be told.
        _row(usage=Counted(4000, 1, 3950), seconds=1.0, first_token_seconds=1.0),
        _row(error="refused", score=None, seconds=99.0),
    ]
    speed = speed_of(rows)
    assert (speed.prompt_rate, speed.reply_rate) == (400.0, 5.0)
    assert (speed.seconds, speed.first_token_seconds) == (6.5, 5.5)
    assert speed.cached == pytest.approx(3950 / 8000)
    assert speed_of([]).seconds is None


@pytest.mark.parametrize(
    ("about", "depth"),
    [
        ({"positions": (1900,)}, 0.5),
        ({"positions": (10, 20)}, None),
        ({"positions": (9999,)}, 1.0),
        ({"positions": (1900,), "own_tokens": 0}, None),
    ],
)
def test_depth_is_that_of_the_only_needle(about: dict[str, Any], depth: float | None) -> None:
    assert depth_of(_row(**about)) == depth
