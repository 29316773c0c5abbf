"""How long a server asks to wait, from its headers and the body of its refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_GROUPS = ("requests", "tokens", "input-tokens", "output-tokens")
_MOST_SECONDS = 10.0**9


def wait_of(headers: Mapping[str, str], document: Any, now: datetime) -> float | None:
    """Return the seconds until a refused request may come again, None if nobody says.

    `headers` are asked by lower-case names: `retry-after-ms`, `retry-after` (seconds or a date),
    Anthropic's and OpenAI's times at which a limit is reset; then Gemini's RetryInfo in the body.
    """
    waits = (
        _seconds(headers.get("retry-after-ms"), 1e-3),
        _seconds(headers.get("retry-after")),
        _until_date(headers.get("retry-after"), _now(headers, now)),
        _reset(headers, "anthropic-ratelimit-{}-{}", _now(headers, now)),
        _reset(headers, "x-ratelimit-{1}-{0}", _now(headers, now)),
        _retry_info(document),
    )
    return next((min(max(0.0, wait), _MOST_SECONDS) for wait in waits if wait is not None), None)


def is_per_day(document: Any) -> bool:
    """Tell whether a refusal names a quota per day (Gemini's QuotaFailure)."""
    return any(
        re.search(r"per.?day", str(violation.get("quotaId", "")), re.IGNORECASE) is not None
        for detail in _details(document)
        for violation in _dicts(detail.get("violations"))
    )


def duration(text: str) -> float | None:
    """Return the seconds of a Go duration such as `6m0s`, `12ms` or `45.8s`, None for others."""
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text))


def _now(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return the server's own time if it tells it: clocks differ."""
    try:
        said = parsedate_to_datetime(headers.get("date") or "")
    except (TypeError, ValueError):
        return now
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _seconds(text: str | None, unit: float = 1.0) -> float | None:
    try:
        seconds = float(text or "") * unit
    except ValueError:
        return None
    return seconds if abs(seconds) < _MOST_SECONDS else None


def _until_date(text: str | None, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (TypeError, ValueError):
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()


def _reset(headers: Mapping[str, str], name: str, now: datetime) -> float | None:
    """Return the time until the limits are reset; those that are not used up do not count."""
    limits = (g for g in _GROUPS if headers.get(name.format(g, "remaining"), "0").strip() == "0")
    waits = (_moment(headers.get(name.format(group, "reset")), now) for group in limits)
    return max((wait for wait in waits if wait is not None), default=None)


def _moment(text: str | None, now: datetime) -> float | None:
    """Return the seconds until a time of RFC 3339, or of a Go duration or number."""
    if not text:
        return None
    span = duration(text)
    if span is not None:
        return span
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _seconds(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()


def _retry_info(document: Any) -> float | None:
    delays = (detail.get("retryDelay") for detail in _details(document))
    return next((duration(delay) for delay in delays if isinstance(delay, str)), None)


def _details(document: Any) -> list[dict[str, Any]]:
    """Return the details of a Google error, which may lie in a list of one."""
    if isinstance(document, list) and document:
        document = document[0]
    error = document.get("error") if isinstance(document, dict) else None
    return _dicts(error.get("details")) if isinstance(error, dict) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
