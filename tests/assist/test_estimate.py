from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.estimate import Estimate, asks, estimate, money, run_cost, said
from copilot.runs.store import Run
from copilot.settings.config import Config, ModelSettings

NO_PRICES = ModelSettings()
PRICES = ModelSettings(
    price_input=3.0, price_cached=0.3, price_cache_write=3.75, price_output=15.0, currency="EUR"
)
RUN = Run("2026", "ask", "x", "", "qwen", "", 0, None, None, 0.0, "answered")


def _timed(uncached: int, seconds: float, cached: int = 0) -> Run:
    return replace(
        RUN,
        prompt_tokens=uncached + cached,
        cached_tokens=cached,
        first_token_seconds=seconds,
    )


def _seconds(uncached: int, *past: Run) -> float | None:
    return estimate(uncached, 0, NO_PRICES, past).seconds_to_first_token


def test_without_prices_and_past_only_the_tokens_are_known() -> None:
    assert estimate(412_300, 398_100, NO_PRICES, ()) == Estimate(412_300, 398_100)


def test_a_prompt_costs_what_is_read_and_what_is_read_from_the_cache() -> None:
    free_writes = ModelSettings(price_input=3.0, price_cached=0.3)
    assert estimate(412_300, 398_100, free_writes, ()).cost == pytest.approx(0.16203)
    assert estimate(1_000_000, 0, free_writes, ()).cost == pytest.approx(3.0)


def test_what_is_kept_in_the_cache_costs_its_own_price() -> None:
    assert estimate(1_000_000, 600_000, PRICES, ()).cost == pytest.approx(0.18 + 1.5)


def test_without_a_price_of_its_own_the_cache_costs_as_much_as_anything_read() -> None:
    only_input = ModelSettings(price_input=2.0)
    assert estimate(1_000_000, 600_000, only_input, ()).cost == pytest.approx(2.0)


@pytest.mark.parametrize(
    "prices", [ModelSettings(price_output=15.0), ModelSettings(price_cached=0.3, price_output=1.0)]
)
def test_without_the_price_of_reading_no_cost_is_known(prices: ModelSettings) -> None:
    past = [replace(RUN, reply_tokens=100)]
    expected = estimate(1_000_000, 1000, prices, past)
    assert (expected.cost, expected.with_reply) == (None, False)


def test_the_reply_costs_what_replies_of_the_past_would() -> None:
    past = [replace(RUN, reply_tokens=reply) for reply in (1000, 100_000, 500, None)]
    expected = estimate(1_000_000, 1_000_000, PRICES, past)
    assert expected.cost == pytest.approx(0.3 + 0.015)
    assert expected.with_reply
    assert not estimate(1_000_000, 0, PRICES, [RUN]).with_reply


def test_a_run_costs_what_the_server_counted() -> None:
    assert run_cost(PRICES, 1_000_000, 600_000, 1000) == pytest.approx(0.18 + 1.5 + 0.015)


def test_what_a_run_cost_is_unknown_where_a_part_of_it_is() -> None:
    assert run_cost(NO_PRICES, 1000, 0, 10) is None
    assert run_cost(ModelSettings(price_input=1.0), 1000, 0, 10) is None
    assert run_cost(ModelSettings(price_output=1.0), 1000, 0, 10) is None
    assert run_cost(PRICES, 1000, None, 10) is None
    one_price = ModelSettings(price_input=1.0, price_output=2.0)
    assert run_cost(one_price, 1_000_000, None, 500_000) == pytest.approx(2.0)


def test_one_run_tells_the_time_for_each_token() -> None:
    assert _seconds(20_000, _timed(10_000, 5.0, cached=300_000)) == pytest.approx(10.0)


def test_runs_of_different_lengths_tell_the_time_before_reading_too() -> None:
    past = [_timed(400_000, 41.0), _timed(5_000, 1.5), _timed(100_000, 11.0), _timed(5_100, 1.51)]
    assert _seconds(14_200, *past) == pytest.approx(1 + 1.42, rel=0.01)
    assert _seconds(800_000, *past) == pytest.approx(81.0, rel=0.01)


def test_one_slow_answer_changes_little() -> None:
    past = [_timed(tokens, 1 + tokens / 10_000) for tokens in (1000, 9000, 30_000, 80_000, 200_000)]
    slow = _timed(10_000, 600.0)
    assert _seconds(50_000, *past, slow) == pytest.approx(6.0, rel=0.2)


def test_noise_between_prompts_of_one_length_is_no_rate() -> None:
    past = [_timed(5_000, 1.0), _timed(5_010, 2.0), _timed(5_020, 3.0)]
    assert _seconds(10_000, *past) == pytest.approx(4.0, rel=0.01)


def test_longer_prompts_that_were_faster_are_no_rate() -> None:
    past = [_timed(1_000, 9.0), _timed(10_000, 1.0)]
    assert _seconds(1_000, *past) == pytest.approx((0.009 + 0.0001) / 2 * 1000)


def test_a_run_whose_share_of_the_cache_is_unknown_tells_no_time() -> None:
    unknown = replace(_timed(10_000, 5.0), cached_tokens=None)
    untimed = replace(_timed(10_000, 5.0), first_token_seconds=None)
    assert _seconds(10_000, unknown, untimed, _timed(0, 0.1, cached=10_000)) is None


def test_a_prompt_far_longer_than_any_timed_has_no_time() -> None:
    assert _seconds(10_000, _timed(1_000, 1.0)) == pytest.approx(10.0)
    assert _seconds(10_001, _timed(1_000, 1.0)) is None


def test_only_the_newest_runs_count() -> None:
    past = [_timed(1_000, 1.0)] * 20 + [_timed(1_000, 100.0)] * 100
    assert _seconds(1_000, *past) == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.floats(0, 1000)), min_size=1, max_size=20),
    st.integers(0, 10**6),
)
def test_no_time_is_negative(timed: list[tuple[int, float]], uncached: int) -> None:
    seconds = _seconds(uncached, *(_timed(*one) for one in timed))
    assert seconds is None or seconds >= 0


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 100), st.floats(0, 100))
def test_a_larger_share_of_the_cache_never_costs_more(
    tokens: int, cached: int, dear: float, cheap: float
) -> None:
    cheap, dear = sorted((cheap, dear))
    prices = ModelSettings(price_input=dear, price_cached=cheap)
    some = estimate(tokens, min(cached, tokens), prices, ()).cost
    none = estimate(tokens, 0, prices, ()).cost
    assert some is not None
    assert none is not None
    assert some <= none * (1 + 1e-9)


def test_it_is_said_in_one_line() -> None:
    expected = Estimate(412_300, 398_100, 0.162, "USD", True, 9.2)
    assert said(expected) == (
        "412,300 tokens, of which the cache should hold 398,100; about $0.16; "
        "first token in about 9 s"
    )


def test_what_is_unknown_is_not_said() -> None:
    assert said(Estimate(412_300)) == "412,300 tokens"
    assert said(Estimate(10, cost=1.0)) == "10 tokens; about $1.00 without the reply"
    assert said(Estimate(10, seconds_to_first_token=0.2)) == "10 tokens; first token in about 1 s"
    assert said(Estimate(10, seconds_to_first_token=400)).endswith("about 7 min")


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        *[(0.162, "USD", "$0.16"), (1234.5, "EUR", "€1,234.50"), (0.0, "GBP", "£0.00")],
        *[(0.00123, "USD", "$0.0012"), (12.5, "CHF", "12.50 CHF")],
    ],
)
def test_money(amount: float, currency: str, shown: str) -> None:
    assert money(amount, currency) == shown


@pytest.mark.parametrize(
    ("config", "asked"),
    [
        (Config(), False),
        (Config(ask_above_tokens=1000), False),
        (Config(ask_above_tokens=999), True),
        (Config(ask_above_cost=0.5), False),
        (Config(ask_above_cost=0.49), True),
        (Config(ask_above_cost=0.0), True),
        (Config(ask_above_tokens=999, ask_above_cost=9.0), True),
        (Config(ask_above_tokens=5000, ask_above_cost=0.1), True),
    ],
)
def test_above_a_threshold_the_user_is_asked(config: Config, asked: bool) -> None:
    assert asks(Estimate(1000, cost=0.5), config) is asked


def test_an_unknown_cost_is_above_no_threshold() -> None:
    assert not asks(Estimate(1000), Config(ask_above_cost=0.0))
