"""Models side by side: their averages at each length, and their difference on the same samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from copilot.evals.heat import short
from copilot.evals.model import Recipe
from copilot.evals.report import report_of
from copilot.evals.report_model import Series
from copilot.evals.report_table import escaped, mean_text, piped
from copilot.evals.rows import Row, settled
from copilot.text import one_line

_Z95 = 1.959963984540054
_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Difference:
    """How much better a model is than the first, from -1 to 1, on `count` samples of both.

    With the 95 % interval of a paired difference; None for fewer than two samples.
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
    before, after = (_scores(rows, series) for series in (first, other))
    gains = [after[same] - before[same] for same in before if same in after]
    if len(gains) < 2:
        return None
    mean = fmean(gains)
    spread = math.sqrt(sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1))
    half = _Z95 * spread / math.sqrt(len(gains))
    return Difference(mean, max(-1.0, mean - half), min(1.0, mean + half), len(gains))


def _scores(rows: Sequence[Row], series: Series) -> dict[tuple[Recipe, tuple[str, ...]], float]:
    """Return the scores of a series by what a sample is, whoever counts its tokens."""
    found: dict[tuple[Recipe, tuple[str, ...]], float] = {}
    for row in rows:
        recipe, score = row.recipe, row.score
        about = (recipe.suite, recipe.examples, recipe.reply_tokens)
        is_one = about == (series.suite, series.examples, series.reply_tokens)
        if is_one and row.model.digest == series.model.digest and score is not None:
            # Another count of tokens may number questions otherwise: their answers tell them.
            same = replace(recipe, room=0, tokenizer="", question=0)
            found[same, row.references] = score.value
    return found


def comparison_lines(comparison: Comparison) -> list[list[str]]:
    """Return a table of cells: the head, then a line for each length, then one for each figure."""
    series = comparison.series
    lengths = sorted({tokens for one in series for tokens in one.scores})
    table = [["", *(_NAMES[at % len(_NAMES)] for at in range(len(series)))]]
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
        table.append(["better than A by", *map(_gain, comparison.differences)])
    return table


def comparison_text(comparisons: Sequence[Comparison]) -> str:
    """Return comparisons for a terminal."""
    lines: list[str] = []
    for comparison in comparisons:
        lines += [comparison.title, *_models(comparison), ""]
        rows = comparison_lines(comparison)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for label, *cells in rows:
            shown = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
            lines.append("  ".join([label.ljust(widths[0]), *shown]).rstrip())
        lines.append("")
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
    "Averages of tasks in per cent, with 95% intervals. Differences are in points, paired\n"
    "on the same samples."
)


def _models(comparison: Comparison) -> list[str]:
    models = [one.model for one in comparison.series]
    return [
        f"{_NAMES[at % len(_NAMES)]}: {one_line(model.name)} at "
        f"{one_line(model.base_url or model.provider)}"
        for at, model in enumerate(models)
    ]


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
        return ""
    low, high = difference.low * 100, difference.high * 100
    return f"{difference.value * 100:+.0f} ({low:+.0f} to {high:+.0f}), n {difference.count}"
