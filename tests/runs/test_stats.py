from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.runs.stats import Group, Totals, add_up
from copilot.runs.store import Run

RUN = Run(
    started="2026-11-21T23:30:00+00:00",
    command="ask",
    task="what?",
    roots="app=/src/app",
    model="qwen",
    prompt_sha256="0" * 64,
    prompt_tokens=1000,
    reply_tokens=50,
    cached_tokens=800,
    seconds=1.5,
    outcome="answered",
    cost=0.25,
    cache_written_tokens=100,
)
UNTOLD = replace(RUN, cached_tokens=None, reply_tokens=None, cost=None, cache_written_tokens=None)


def test_nothing_asked_makes_no_line() -> None:
    assert add_up([], None) == []


def test_all_together() -> None:
    (total,) = add_up([RUN, RUN, UNTOLD], None)
    assert total == Totals("all", 3, 3000, 1600, 2000, 200, 100, 4.5, {"USD": 0.5}, 1)
    assert total.hit_rate == 0.8


def test_a_server_that_tells_nothing_has_no_hit_rate() -> None:
    (total,) = add_up([UNTOLD], None)
    assert total.hit_rate is None


def test_currencies_stay_apart() -> None:
    (total,) = add_up([RUN, replace(RUN, currency="EUR", cost=1.0)], None)
    assert total.cost == {"USD": 0.25, "EUR": 1.0}


def test_a_day_is_that_of_the_clock() -> None:
    later = timezone(timedelta(hours=1))
    assert [one.key for one in add_up([RUN], Group.DAY, UTC)] == ["2026-11-21"]
    assert [one.key for one in add_up([RUN], Group.DAY, later)] == ["2026-11-22"]
    assert [one.key for one in add_up([replace(RUN, started="2026")], Group.DAY)] == ["2026"]


@pytest.mark.parametrize(
    ("by", "keys"), [(Group.MODEL, ["llama", "qwen"]), (Group.REPOSITORY, ["app=/src/app", "b=/b"])]
)
def test_groups_stand_in_the_order_of_their_names(by: Group, keys: list[str]) -> None:
    runs = [RUN, replace(RUN, model="llama", roots="b=/b"), RUN]
    found = add_up(runs, by)
    assert [one.key for one in found] == keys
    assert sorted(one.requests for one in found) == [1, 2]


@given(
    st.lists(
        st.builds(
            Run,
            started=st.just(RUN.started),
            model=st.sampled_from(["a", "b", "c"]),
            prompt_tokens=st.integers(0, 10**7),
            cached_tokens=st.none() | st.integers(0, 10**7),
            reply_tokens=st.none() | st.integers(0, 10**5),
            seconds=st.just(0.5),
            **{
                name: st.just("")
                for name in ("command", "task", "roots", "prompt_sha256", "outcome")
            },
        )
    )
)
def test_groups_add_up_to_the_whole(runs: list[Run]) -> None:
    parts, whole = add_up(runs, Group.MODEL), add_up(runs, None)
    for name in ("requests", "prompt_tokens", "cached_tokens", "reply_tokens", "seconds"):
        sums = [sum(getattr(one, name) for one in some) for some in (parts, whole)]
        assert sums[0] == sums[1]
