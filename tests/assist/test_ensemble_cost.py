"""What an ensemble costs, against the arithmetic of prompt caches."""

from __future__ import annotations

import pytest

from copilot.assist.ensemble_cost import Priced, cost_of, estimated_calls, said_of, total
from copilot.assist.ensembles import Shape
from copilot.backends.ensembles.members import EnsembleUsage, MemberUsage, summed
from copilot.backends.protocol import Usage
from copilot.runs.store import Run
from copilot.settings.config import ModelSettings

P = 1_000_000


def settings(name: str, currency: str = "USD", cache_write: float | None = 1.25) -> ModelSettings:
    """Prices in units of the plain price for a million tokens: written 1.25, cached 0.1."""
    return ModelSettings(
        base_url="http://127.0.0.1:1/v1",
        model=name,
        price_input=1.0,
        price_cached=0.1,
        price_cache_write=cache_write,
        price_output=5.0,
        currency=currency,
    )


def past(reply_tokens: int) -> Run:
    return Run("2026", "ask", "t", "r", "m", "0", P, reply_tokens, 0, 1.0, "answered")


def test_samples_of_one_model_share_its_cache() -> None:
    shape = Shape("best-of", ("a",), samples=6)
    calls = estimated_calls(P, 0, shape, {"a": Priced(settings("a"))})
    assert total(calls).cost == pytest.approx(1.25 + 5 * 0.1)
    assert (total(calls).prompt_tokens, total(calls).reusable_tokens) == (6 * P, 5 * P)


def test_different_models_share_nothing() -> None:
    names = tuple("abcdef")
    models = {name: Priced(settings(name)) for name in names}
    calls = estimated_calls(P, 0, Shape("best-of", names), models)
    assert total(calls).cost == pytest.approx(6 * 1.25)


def test_one_model_by_two_names_shares_its_cache() -> None:
    models = {"a": Priced(settings("m")), "b": Priced(settings("m"))}
    calls = estimated_calls(P, 0, Shape("best-of", ("a", "b")), models)
    assert total(calls).cost == pytest.approx(1.25 + 0.1)


def test_what_the_cache_holds_from_before_counts_for_each() -> None:
    models = {name: Priced(settings(name)) for name in "ab"}
    calls = estimated_calls(P, P, Shape("best-of", ("a", "b")), models)
    assert total(calls).cost == pytest.approx(2 * 0.1)


def test_later_layers_read_the_answers_and_the_prompt_from_the_cache() -> None:
    models = {name: Priced(settings(name), (past(1000),)) for name in "ab"}
    calls = estimated_calls(P, 0, Shape("mixture", ("a", "b"), layers=3), models)
    assert [(call.name, call.layer) for call in calls] == [
        ("a", 1),
        ("b", 1),
        ("a", 2),
        ("b", 2),
        ("a", 3),
    ]
    assert [call.estimate.prompt_tokens for call in calls] == [P, P, P + 2000, P + 2000, P + 2000]
    assert [call.estimate.reusable_tokens for call in calls] == [0, 0, P, P, P]
    written, reply = 2000 * 1.25 / P, 5 * 1000 / P
    assert total(calls).cost == pytest.approx(2 * 1.25 + 3 * (0.1 + written) + 5 * reply)
    assert total(calls).with_reply


def test_what_is_not_known_of_one_is_not_known_of_all() -> None:
    models = {"a": Priced(settings("a")), "b": Priced(ModelSettings(model="b"))}
    calls = estimated_calls(P, 0, Shape("best-of", ("a", "b")), models)
    assert total(calls).cost is None
    euros = {"a": Priced(settings("a")), "b": Priced(settings("b", "EUR"))}
    mixed = estimated_calls(P, 0, Shape("best-of", ("a", "b")), euros)
    assert total(mixed).cost is None
    assert said_of(mixed) == (
        "2 calls: 2,000,000 tokens\n"
        "  a: 1,000,000 tokens; about $1.25 without the reply\n"
        "  b: 1,000,000 tokens; about €1.25 without the reply"
    )


def test_what_it_did_cost() -> None:
    shape = Shape("mixture", ("a", "b"))
    models = {"a": settings("a", cache_write=None), "b": settings("b", cache_write=None)}
    told = [("a", Usage(P, 0, 0)), ("b", Usage(P, P, P)), ("a (aggregator)", Usage(P, 0, P))]
    calls = [MemberUsage(name, usage) for name, usage in told]
    usage = summed(calls)
    assert isinstance(usage, EnsembleUsage)
    assert cost_of(usage, shape, models) == pytest.approx(1 + (0.1 + 5) + 0.1)
    silent = summed([*calls, MemberUsage("b", None)])
    assert isinstance(silent, EnsembleUsage)
    assert cost_of(silent, shape, models) is None
    strange = summed([MemberUsage("x", Usage(1, 1))])
    assert isinstance(strange, EnsembleUsage)
    assert cost_of(strange, shape, models) is None


def test_names_of_samples_are_known() -> None:
    shape = Shape("self", ("a",), samples=2)
    calls = [MemberUsage(name, Usage(P, 0, P)) for name in ("a #1", "a #2", "a (aggregator)")]
    usage = summed(calls)
    assert usage is not None
    assert cost_of(usage, shape, {"a": settings("a")}) == pytest.approx(0.3)
