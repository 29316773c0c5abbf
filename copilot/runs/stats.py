"""Runs added up: by day, by model, by repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from copilot.runs.store import Run


class Group(StrEnum):
    """What runs are added up by."""

    DAY = "day"
    MODEL = "model"
    REPOSITORY = "repository"


@dataclass(frozen=True)
class Totals:
    """The sum of some runs; tokens as the servers counted them, `seconds` of waiting for answers.

    `cached_tokens` and `asked_of_cache` are of those runs alone whose server told what its cache
    held; `uncosted` counts the runs without a known cost, `cost` is money by currency.
    """

    key: str
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    asked_of_cache: int = 0
    cache_written_tokens: int = 0
    reply_tokens: int = 0
    seconds: float = 0.0
    cost: Mapping[str, float] = field(default_factory=dict)
    uncosted: int = 0

    @property
    def hit_rate(self) -> float | None:
        """The share of what was read that came from a cache; None if no server told."""
        return self.cached_tokens / self.asked_of_cache if self.asked_of_cache else None


def add_up(runs: Iterable[Run], by: Group | None, zone: tzinfo | None = UTC) -> list[Totals]:
    """Return the totals of each group in the order of their keys; without `by`, one of all runs.

    Days are those of `zone` (None: this machine's). A run over several roots counts for all of
    them together, as a repository of its own.
    """
    groups: dict[str, Totals] = {}
    for run in runs:
        key = _key(run, by, zone)
        groups[key] = _added(groups.get(key) or Totals(key), run)
    return [groups[key] for key in sorted(groups)]


def _key(run: Run, by: Group | None, zone: tzinfo | None) -> str:
    if by is Group.DAY:
        return _day(run.started, zone)
    if by is Group.MODEL:
        return run.model
    return run.roots if by is Group.REPOSITORY else "all"


def _day(started: str, zone: tzinfo | None) -> str:
    try:
        return datetime.fromisoformat(started).astimezone(zone).date().isoformat()
    except ValueError:
        return started


def _added(totals: Totals, run: Run) -> Totals:
    tells_cache = run.cached_tokens is not None
    cost = dict(totals.cost)
    if run.cost is not None:
        cost[run.currency] = cost.get(run.currency, 0.0) + run.cost
    return Totals(
        totals.key,
        totals.requests + 1,
        totals.prompt_tokens + run.prompt_tokens,
        totals.cached_tokens + (run.cached_tokens or 0),
        totals.asked_of_cache + (run.prompt_tokens if tells_cache else 0),
        totals.cache_written_tokens + (run.cache_written_tokens or 0),
        totals.reply_tokens + (run.reply_tokens or 0),
        totals.seconds + run.seconds,
        cost,
        totals.uncosted + (run.cost is None),
    )
