"""A report: what the rows of each model and suite add up to, and what is to be said about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median

from copilot.backends.protocol import CUT_OFF
from copilot.evals.heat import heat_of
from copilot.evals.report_findings import findings_of
from copilot.evals.report_model import RULER_TASKS, Length, Report, Series, SeriesKey
from copilot.evals.rows import Row, settled
from copilot.evals.statistics import (
    average,
    by_length,
    exact_of,
    f1_of,
    held_length,
    mean_of,
    passes_relative,
    passes_ruler,
    relative_length,
    ruler_length,
    speed_of,
    stale_rate,
    steps_of,
    weighted,
)
from copilot.evals.truncated import cut_rows


def report_of(rows: Iterable[Row]) -> Report:
    """Return the report on rows; of several for one sample, one counts."""
    kept = settled(rows)
    groups: dict[SeriesKey, list[Row]] = {}
    for row in kept:
        groups.setdefault(key_of(row), []).append(row)
    order = list(dict.fromkeys(row.model.digest for row in kept))
    sources = _sources(kept)
    # Otherwise in the order of their first rows.
    keys = sorted(groups, key=lambda key: (order.index(key[0]), *key[1:4]))
    return Report(
        tuple(_series(groups[key], sources[key[-1]]) for key in keys),
        len(kept),
        tuple(dict.fromkeys(name for row in kept for name in row.repositories)),
        tuple(dict.fromkeys(row.recipe.seed for row in kept)),
        tuple(dict.fromkeys(row.recipe.source for row in kept)),
    )


def key_of(row: Row) -> SeriesKey:
    """Return which series a row is of."""
    recipe = row.recipe
    about = (row.model.digest, recipe.suite, recipe.examples, recipe.reply_tokens)
    return (*about, recipe.apart, recipe.seed, recipe.source)


def _sources(rows: Sequence[Row]) -> dict[str, str]:
    """Return what the states of the files are called, in order: nothing where there is but one."""
    named: dict[str, str] = {}
    for row in rows:
        names = " ".join(map(_brief, row.repositories))
        named.setdefault(row.recipe.source, names or "no repository")
    if len(named) == 1:
        return dict.fromkeys(named, "")
    counts = Counter(named.values())
    return {
        source: name if counts[name] == 1 else f"{name} ({source[:6]})"
        for source, name in named.items()
    }


def _brief(repository: str) -> str:
    """Return `alias@revision` with the first digits of the revision."""
    alias, _, revision = repository.rpartition("@")
    return f"{alias}@{revision[:8]}{'+' if revision.endswith('+') else ''}"


def _series(rows: Sequence[Row], repository: str) -> Series:
    answered = [row for row in rows if row.score is not None]
    cut = by_length(cut_rows(answered))
    lengths = tuple(
        _length(tokens, some, cut.get(tokens, ())) for tokens, some in by_length(answered).items()
    )
    first = rows[0]
    series = Series(
        model=first.model,
        suite=first.recipe.suite,
        examples=first.recipe.examples,
        lengths=lengths,
        errors=dict(sorted(Counter(row.error for row in rows if row.error).items())),
        cut_off=sum(row.finish in CUT_OFF for row in answered),
        heat=heat_of(answered),
        reply_tokens=first.recipe.reply_tokens,
        apart=first.recipe.apart,
        seed=first.recipe.seed,
        source=first.recipe.source,
        repository=repository,
    )
    scores = series.scores
    return replace(
        series,
        relative=relative_length(scores),
        weighted=weighted(scores) if scores else None,
        ruler=ruler_length(scores) if series.is_whole_ruler else None,
        findings=tuple(findings_of(series, rows)),
    )


def _length(tokens: int, rows: Sequence[Row], cut: Sequence[Row]) -> Length:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.recipe.task, []).append(row)
    known = [task for task in RULER_TASKS if task in groups]
    order = [*known, *(task for task in groups if task not in known)]
    tasks = {task: mean_of(groups[task]) for task in order}
    shares = [row.read_share or 0.0 for row in cut]
    worst = min(cut, key=lambda row: row.read_share or 0.0, default=None)
    return Length(
        tokens,
        max(row.recipe.room for row in rows),
        tasks,
        average(list(tasks.values())),
        speed_of(rows),
        f1_of(rows),
        exact_of(rows),
        stale_rate(rows),
        steps_of(rows),
        len(cut),
        worst.usage.prompt if worst and worst.usage else 0,
        round(worst.calibration.served(worst.own_tokens)) if worst else 0,
        median(shares) if shares else None,
    )


def relied_on(series: Series) -> tuple[Length, int | None] | None:
    """Return the longest length that can be relied on, and the next one if that cannot.

    By RULER's rule where it gives one, else by the relative one; every shorter length must pass
    too. None where too few answers tell, or no length passes.
    """
    scores = series.scores
    if not series.is_enough:
        return None
    base = scores[min(scores)]
    held = held_length(scores, passes_ruler) if series.is_whole_ruler else None
    if held is None:
        held = held_length(scores, lambda score: passes_relative(score, base))
    if held is None:
        return None
    longer = (tokens for tokens in sorted(scores) if tokens > held)
    return next(one for one in series.lengths if one.tokens == held), next(longer, None)
