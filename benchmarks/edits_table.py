"""What `benchmarks/edits.py` found, as tables in Markdown."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from math import sqrt
from typing import Any

# Standard deviations on each side that hold 95 % of a normal distribution.
_95_PERCENT = 1.959964
_SHARES = ("parsed", "applied", "passed")
_MEDIANS = ("prompt_tokens", "reply_tokens", "model_seconds", "seconds")

Rows = Sequence[dict[str, Any]]


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, after Wilson (1927)."""
    if not tries:
        return 0.0, 1.0
    share, square = hits / tries, _95_PERCENT**2
    middle = (share + square / (2 * tries)) / (1 + square / tries)
    spread = sqrt(share * (1 - share) / tries + square / (4 * tries**2))
    half = _95_PERCENT * spread / (1 + square / tries)
    return max(0.0, middle - half), min(1.0, middle + half)


def comparable(rows: Rows) -> list[dict[str, Any]]:
    """Return the rows of those tasks that a model did in each of the ways it was asked in."""
    kept: list[dict[str, Any]] = []
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        ways = {row["way"] for row in own}
        done: dict[str, set[str]] = {}
        for row in own:
            done.setdefault(row["task"], set()).add(row["way"])
        kept += [row for row in own if done[row["task"]] == ways]
    return kept


def summaries(rows: Rows) -> list[dict[str, Any]]:
    """Return for each model and way the shares with their intervals, and the medians."""
    return [_summary(model, way, own) for (model, way), own in _by(rows, "model", "way")]


def _summary(model: str, way: str, rows: Rows) -> dict[str, Any]:
    counts = {name: sum(row[name] for row in rows) for name in _SHARES}
    return {
        "model": model,
        "way": way,
        "tasks": len(rows),
        **{name: {"hits": n, "interval": wilson(n, len(rows))} for name, n in counts.items()},
        "requests": statistics.mean(row["requests"] for row in rows),
        **{name: statistics.median(row[name] for row in rows) for name in _MEDIANS},
    }


def _by(rows: Rows, *names: str) -> list[tuple[tuple[str, ...], Rows]]:
    """Return the rows in groups, in the order in which each group's first row stands."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return list(groups.items())


def table(found: Iterable[dict[str, Any]]) -> str:
    """Return the summaries as one table for each model."""
    parts = []
    for model, group in groupby(found, key=lambda one: str(one["model"])):
        head = (
            f"{model}\n\n| way | tasks | parses | applies | passes | requests "
            "| prompt tokens | reply tokens | model s | all s |\n| --- |" + " ---: |" * 9
        )
        parts.append("\n".join([head, *map(_line, group)]))
    return "\n\n".join(parts)


def _line(one: dict[str, Any]) -> str:
    shares = [_share(one[name], one["tasks"]) for name in _SHARES]
    figures = [
        f"{one['requests']:.1f}",
        f"{one['prompt_tokens']:,.0f}",
        f"{one['reply_tokens']:,.0f}",
        f"{one['model_seconds']:.1f}",
        f"{one['seconds']:.1f}",
    ]
    return f"| {' | '.join([one['way'], str(one['tasks']), *shares, *figures])} |"


def _share(share: dict[str, Any], tasks: int) -> str:
    low, high = share["interval"]
    return f"{share['hits'] / tasks:.0%} ({low:.0%} to {high:.0%})"


def kinds_table(rows: Rows) -> str:
    """Return how many tasks of each kind pass, for each model and way."""
    sizes = {kind: len({row["task"] for row in own}) for (kind,), own in _by(rows, "kind")}
    passed = [row for row in rows if row["passed"]]
    heads = [f"{kind} ({size})" for kind, size in sizes.items()]
    return _crossed(rows, passed, "kind", list(sizes), heads)


def outcomes_table(rows: Rows) -> str:
    """Return how many tasks came to which end, for each model and way."""
    outcomes = [name for (name,), _ in _by(rows, "outcome")]
    return _crossed(rows, rows, "outcome", outcomes, outcomes)


def _crossed(
    rows: Rows, counted: Rows, name: str, values: Sequence[str], heads: Sequence[str]
) -> str:
    """Return how many of the counted rows of each model and way have each value."""
    lines = [f"| model, way | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    found = Counter((row["model"], row["way"], row[name]) for row in counted)
    for (model, way), _ in _by(rows, "model", "way"):
        said = " | ".join(str(found[model, way, value]) for value in values)
        lines.append(f"| {model}, {way} | {said} |")
    return "\n".join(lines)
