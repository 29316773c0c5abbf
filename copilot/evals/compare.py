"""Models side by side: their averages at each length, and their difference on the same samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from copilot.evals.heat import short
from copilot.evals.model import Recipe
from copilot.evals.report import key_of, report_of
from copilot.evals.report_model import Series
from copilot.evals.report_table import called, columned, escaped, mean_text, piped, wrapped
from copilot.evals.rows import Row, settled
from copilot.evals.statistics import student
from copilot.text import one_line

# With fewer pairs a difference tells nothing.
_FEWEST = 10
_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Difference:
    """How much better a model's average is than the first's, from -1 to 1, on samples of both.

    With the 95 % interval of a paired difference; `count` samples are ten at least.
    """

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Comparison:
    """One suite: a series for each model, in order, and each one's difference from the first."""

    title: str
    series: tuple[Series, ...]
    differences: tuple[Difference | None, ...]


def compared(rows: Iterable[Row]) -> tuple[Comparison, ...]:
    """Return a comparison for each suite, and for each number of examples."""
    kept = settled(rows)
    report = report_of(kept)
    groups: dict[str, list[Series]] = {}
    for series in report.series:
        groups.setdefault(series.title, []).append(series)
    return tuple(
        Comparison(
            title,
            tuple(some),
            tuple(None if one is some[0] else _difference(kept, some[0], one) for one in some),
        )
        for title, some in groups.items()
    )


def _difference(rows: Sequence[Row], first: Series, other: Series) -> Difference | None:
    """Return the mean over lengths and tasks of what the other gains on the samples of both.

    Each task of a length weighs the same, as in the averages; lengths are those that both have
    whole. The interval is Student's, with one variance for all tasks where there are pairs enough
    to tell it from their differences.
    """
    cells = _gains(rows, first, other)
    count = sum(map(len, cells))
    if count < _FEWEST:
        return None
    value = fmean(map(fmean, cells))
    weights = sum(1 / len(gains) for gains in cells) / len(cells) ** 2
    half = _half(cells, value) * math.sqrt(weights)
    return Difference(value, max(-1.0, value - half), min(1.0, value + half), count)


def _gains(rows: Sequence[Row], first: Series, other: Series) -> list[list[float]]:
    """Return what the other gains on each sample of both, by length and task."""
    before, after = (_scores(rows, series) for series in (first, other))
    whole = set(first.scores) & set(other.scores)
    cells: dict[tuple[int, str], list[float]] = {}
    for same, score in before.items():
        recipe = same[0]
        if same in after and recipe.tokens in whole:
            cells.setdefault((recipe.tokens, recipe.task), []).append(after[same] - score)
    return list(cells.values())


def _half(cells: Sequence[Sequence[float]], value: float) -> float:
    """Return half of the interval of a single gain."""
    every = [gain for gains in cells for gain in gains]
    freedom = len(every) - len(cells)
    spread = sum((gain - fmean(gains)) ** 2 for gains in cells for gain in gains)
    if freedom < _FEWEST - 1:
        freedom, spread = len(every) - 1, sum((gain - value) ** 2 for gain in every)
    # As if one more sample had been gained and one lost: equal gains are no certainty.
    return student(freedom) * math.sqrt(max(spread / freedom, 2 / (freedom + 2)))


def _scores(rows: Sequence[Row], series: Series) -> dict[tuple[Recipe, tuple[str, ...]], float]:
    """Return the scores of a series by what a sample is, whoever counts its tokens."""
    found: dict[tuple[Recipe, tuple[str, ...]], float] = {}
    for row in rows:
        recipe, score = row.recipe, row.score
        if key_of(row) == series.key and score is not None:
            # Another count of tokens may number questions otherwise: their answers tell them.
            same = replace(recipe, room=0, tokenizer="", question=0)
            found[same, row.references] = score.value
    return found


def comparison_lines(comparison: Comparison) -> list[list[str]]:
    """Return a table of cells: the head, then a line for each length, then one for each figure."""
    series = comparison.series
    lengths = sorted({tokens for one in series for tokens in one.scores})
    table = [["", *(letter_of(at) for at in range(len(series)))]]
    table += ([short(tokens), *(_score(one, tokens) for one in series)] for tokens in lengths)
    if any(one.is_whole_ruler for one in series):
        table.append(["effective (RULER)", *(_effective(one.ruler) for one in series)])
    table.append(["effective (85%)", *(_effective(one.relative) for one in series)])
    table.append(["wAvg(inc)", *(_weighted(one, 0) for one in series)])
    table.append(["wAvg(dec)", *(_weighted(one, 1) for one in series)])
    if any(_stale(one) for one in series):
        table.append(["stale answers", *(_stale(one) or "-" for one in series)])
    table.append(["tokens read/s", *(_rate(one) for one in series)])
    if len(series) > 1:
        table.append(["better than A by", "", *map(_gain, comparison.differences[1:])])
        table.append(["pairs", "", *map(_pairs, comparison.differences[1:])])
    return table


def comparison_text(comparisons: Sequence[Comparison]) -> str:
    """Return comparisons for a terminal."""
    lines: list[str] = []
    for comparison in comparisons:
        told = [comparison.title, *_models(comparison)]
        lines += [line for one in told for line in wrapped(one_line(one))]
        lines += ["", *columned(comparison_lines(comparison)), ""]
    lines += [_ABOUT, ""] if comparisons else ["no rows", ""]
    return "\n".join(lines)


def comparison_markdown(comparisons: Sequence[Comparison]) -> str:
    """Return comparisons as Markdown."""
    lines: list[str] = []
    for comparison in comparisons:
        models = (f"- {escaped(name)}" for name in _models(comparison))
        lines += [f"### {escaped(one_line(comparison.title))}", "", *models, ""]
        head, *rows = comparison_lines(comparison)
        lines += [piped(head), piped(["---", *["---:"] * (len(head) - 1)]), *map(piped, rows)]
        lines.append("")
    lines += [_ABOUT, ""] if comparisons else ["no rows", ""]
    return "\n".join(lines)


_ABOUT = (
    "Averages of tasks in per cent, with 95% intervals. Differences are in points,\n"
    "between the averages on the same samples; of less than ten pairs none is told."
)


def _models(comparison: Comparison) -> list[str]:
    models = [one.model for one in comparison.series]
    return [
        f"{letter_of(at)}: {called(model)} at {one_line(model.base_url or model.provider)}"
        for at, model in enumerate(models)
    ]


def letter_of(at: int) -> str:
    """Return what the model of a number from 0 is called in a table."""
    return _NAMES[at % len(_NAMES)]


def _score(series: Series, tokens: int) -> str:
    found = next((one.average for one in series.complete if one.tokens == tokens), None)
    return mean_text(found) or "-"


def _effective(tokens: int | None) -> str:
    return "none" if tokens is None else short(tokens)


def _weighted(series: Series, which: int) -> str:
    return f"{series.weighted[which] * 100:.1f}" if series.weighted else "-"


def _stale(series: Series) -> str:
    told = [one.stale for one in series.lengths if one.stale]
    count = sum(mean.count for mean in told)
    return f"{sum(m.value * m.count for m in told) / count:.0%}" if count else ""


def _rate(series: Series) -> str:
    rates = [one.speed.prompt_rate for one in series.lengths if one.speed.prompt_rate]
    return f"{rates[-1]:,.0f}" if rates else "-"


def _gain(difference: Difference | None) -> str:
    if difference is None:
        return "too few"
    low, high = difference.low * 100, difference.high * 100
    return f"{difference.value * 100:+.0f} ({low:+.0f} to {high:+.0f})"


def _pairs(difference: Difference | None) -> str:
    return f"{difference.count}" if difference else ""
