"""How long to wait: durations of Go, dates, resets, and what is none of these."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.backends.waits import duration, is_per_day, wait_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("45.8s", 45.8),
        ("1h2m3s", 3723.0),
        ("1h30m", 5400.0),
        ("0s", 0.0),
        ("250us", 0.00025),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "7", "s", "1d", "1m 2s", "-3s", "1.2.3s", "6m0", "x6m"])
def test_what_is_no_duration(text: str) -> None:
    assert duration(text) is None


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "Thu, 01 Jan 2026 00:00:09 GMT"}, 9.0),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e300"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "x", "retry-after": "4"}, 4.0),
        ({"x-ratelimit-reset-tokens": "2s", "x-ratelimit-reset-requests": "9s"}, 9.0),
        ({"x-ratelimit-reset-tokens": "odd"}, None),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "90"}, None),
        ({"anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:30Z"}, 30.0),
        ({"anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:30"}, 30.0),
        ({"anthropic-ratelimit-tokens-reset": "2025-01-01T00:00:30Z"}, 0.0),
    ],
)
def test_headers(headers: dict[str, str], wait: float | None) -> None:
    assert wait_of(headers, None, NOW) == wait


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text()))
def test_no_header_is_a_defect(headers: dict[str, str]) -> None:
    wait = wait_of(headers, None, NOW)
    assert wait is None or 0 <= wait <= 1e9


@pytest.mark.parametrize(
    "document",
    [None, 7, [], [7], {}, {"error": 7}, {"error": {"details": 7}}, {"error": {"details": [7]}}],
)
def test_bodies_of_other_shapes(document: Any) -> None:
    assert wait_of({}, document, NOW) is None
    assert not is_per_day(document)


@pytest.mark.parametrize("delay", [7, None, "soon", ""])
def test_a_delay_of_another_shape(delay: Any) -> None:
    assert wait_of({}, {"error": {"details": [{"retryDelay": delay}]}}, NOW) is None


@pytest.mark.parametrize(
    ("quota", "is_one"),
    [
        ("GenerateRequestsPerDayPerProjectPerModel", True),
        ("requests-per-day", True),
        ("GenerateRequestsPerMinute", False),
        (7, False),
    ],
)
def test_a_quota_per_day(quota: Any, is_one: bool) -> None:
    document = {"error": {"details": [{"violations": [{"quotaId": quota}]}]}}
    assert is_per_day(document) is is_one
