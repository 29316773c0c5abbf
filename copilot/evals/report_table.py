"""A report as text: tables for the terminal and in Markdown, of the same cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from copilot.evals.heat import heat_text, short
from copilot.evals.report_model import Length, Report, Series
from copilot.evals.rows import Identity
from copilot.evals.statistics import RELATIVE_FLOOR, Mean
from copilot.text import one_line

_WIDTH = 80


@dataclass(frozen=True)
class Line:
    """A line of a table; `cells` has one for each length."""

    label: str
    cells: tuple[str, ...]


def report_text(report: Report) -> str:
    """Return the report for a terminal, at most 80 columns wide where names are not longer."""
    lines: list[str] = []
    for series in report.series:
        lines += [*wrapped(f"{_whom(series)} · {one_line(series.title)}"), ""]
        lines += _tables(series)
        lines += ["", *(line for words in said(series) for line in wrapped(words))]
        lines += [line for finding in series.findings for line in wrapped(f"note: {finding}")]
        if series.heat:
            lines += ["", "per cent found, by depth and length:", *heat_text(series.heat)]
        lines.append("")
    lines += [line for words in about(report) for line in wrapped(words)]
    return "".join(f"{line}\n" for line in lines)


def report_markdown(report: Report) -> str:
    """Return the report as Markdown, for a wiki."""
    lines: list[str] = []
    for series in report.series:
        lines += [f"### {escaped(_whom(series))}: {escaped(one_line(series.title))}", ""]
        head = [short(length.tokens) for length in series.lengths]
        lines += [piped(["", *head]), piped(["---", *["---:"] * len(head)])]
        lines += [piped([escaped(line.label), *line.cells]) for line in table(series)]
        lines += ["", *(f"- {escaped(words)}" for words in (*said(series), *series.findings)), ""]
        if series.heat:
            head = [short(tokens) for tokens in series.heat.lengths]
            lines += ["Per cent found, by depth and length:", ""]
            lines += [piped(["depth", *head]), piped(["---:", *["---:"] * len(head)])]
            for depth, cells in zip(series.heat.depths, series.heat.cells, strict=True):
                found = [f"{cell.value * 100:.0f}" if cell else "–" for cell in cells]
                lines.append(piped([f"{depth:.0%}", *found]))
            lines.append("")
    lines += [escaped(line) for line in about(report)]
    return "".join(f"{line}\n" for line in lines)


def table(series: Series) -> Iterator[Line]:
    """Yield the lines of a series: tasks, then what is told of each length."""
    lengths = series.lengths
    for task in series.tasks:
        yield _line(task, lengths, lambda one, task=task: mean_text(one.tasks.get(task)))  # type: ignore[misc]
    if len(series.tasks) > 1:
        yield _line(f"average of {len(series.tasks)}", lengths, _average(series))
    yield from _told("F1 of the sets", lengths, lambda one: _share(one.f1))
    yield from _told("exact sets", lengths, lambda one: _share(one.exact))
    yield from _told("stale answers", lengths, lambda one: mean_text(one.stale))
    for step in dict.fromkeys(step for one in lengths for step in one.steps):
        yield _line(f"  {step}", lengths, lambda one, step=step: mean_text(one.steps.get(step)))  # type: ignore[misc]
    yield _line("answers for a task", lengths, _counts)
    yield from _told("read short", lengths, lambda one: f"{one.cut}" if one.cut else "")
    yield from _told("seconds", lengths, lambda one: _figure(one.speed.seconds))
    yield from _told("first token, s", lengths, lambda one: _figure(one.speed.first_token_seconds))
    yield from _told("tokens read/s", lengths, lambda one: _figure(one.speed.prompt_rate))
    yield from _told("tokens written/s", lengths, lambda one: _figure(one.speed.reply_rate))
    yield from _told("cached", lengths, lambda one: _share(one.speed.cached, "%"))


def said(series: Series) -> Iterator[str]:
    """Yield effective lengths and weighted averages, in words."""
    lengths = series.complete
    if not lengths:
        yield "no length has answers to all tasks" if series.lengths else "no answers"
        return
    if series.is_whole_ruler:
        found = _scored(series, series.ruler) or f"below {short(lengths[0].tokens)}"
        yield f"effective length: {found} (RULER: 13-task average above 85.6)"
    if len(lengths) > 1 and series.weighted:
        base = lengths[0].average.value
        at = f"{base * 100:.0f} at {short(lengths[0].tokens)}"
        if base < RELATIVE_FLOOR:
            floor = f"{RELATIVE_FLOOR * 100:.0f}"
            yield f"effective length: none (the shortest scores below {floor}: {at})"
        else:
            found = _scored(series, series.relative)
            yield f"effective length: {found} (relative: at least 85% of the {at})"
        inc, dec = (value * 100 for value in series.weighted)
        yield f"average over lengths: wAvg(inc) {inc:.1f}, wAvg(dec) {dec:.1f}"


def _scored(series: Series, tokens: int | None) -> str:
    """Return a length with its score, "" for none."""
    return f"{short(tokens)}, scoring {series.scores[tokens] * 100:.0f}" if tokens else ""


def about(report: Report) -> Iterator[str]:
    """Yield what went into a report, and how its intervals were made."""
    if not report.rows:
        yield "no rows"
        return
    repositories = ", ".join(map(one_line, report.repositories))
    states = f" in {len(report.sources)} states" if len(report.sources) > 1 else ""
    plural = "" if report.rows == 1 else "s"
    yield f"{report.rows:,} sample{plural} of {repositories or 'no repository'}{states}"
    yield "Scores are per cent, with Wilson 95% intervals; of answers that are worth a"
    yield "share, for as many right-or-wrong answers as have the variance that was seen."


def _whom(series: Series) -> str:
    model = series.model
    where = one_line(model.base_url or model.provider)
    name = called(model)
    more = "" if name == one_line(model.id) else f" ({one_line(model.id)})"
    return f"{name}{more} at {where}"


def called(model: Identity) -> str:
    """Return the user's word for a model, or the server's own where that is the address."""
    is_address = "://" in model.name
    return one_line(model.id if is_address and model.id else model.name)


def _tables(series: Series) -> Iterator[str]:
    """Yield the lines of as many tables as the lengths need."""
    if series.lengths:
        head = ["", *(short(length.tokens) for length in series.lengths)]
        yield from columned([head, *([line.label, *line.cells] for line in table(series))])


def columned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows of a label and cells each as lines of 80 columns, in as many tables as needed."""
    first = max(len(label) for label, *_ in rows)
    width = 2 + max(len(cell) for _, *cells in rows for cell in cells)
    columns = max(1, (_WIDTH - first) // width)
    for start in range(1, len(rows[0]), columns):
        if start > 1:
            yield ""
        for row in rows:
            shown = "".join(cell.rjust(width) for cell in row[start : start + columns])
            yield f"{row[0].ljust(first)}{shown}".rstrip()


def _line(label: str, lengths: Sequence[Length], cell: Callable[[Length], str]) -> Line:
    return Line(one_line(label), tuple(cell(length) or "-" for length in lengths))


def _told(label: str, lengths: Sequence[Length], cell: Callable[[Length], str]) -> Iterator[Line]:
    """Yield a line if any length tells something for it."""
    if any(map(cell, lengths)):
        yield _line(label, lengths, cell)


def _average(series: Series) -> Callable[[Length], str]:
    """Return the cell of an average; of fewer tasks than elsewhere there is none."""
    whole = len(series.tasks)
    return lambda one: mean_text(one.average) if len(one.tasks) == whole else ""


def _counts(length: Length) -> str:
    counts = {mean.count for mean in length.tasks.values()}
    return str(min(counts)) if len(counts) == 1 else f"{min(counts)}–{max(counts)}"


def mean_text(mean: Mean | None) -> str:
    """Return a mean in per cent with its interval, "" where there is none."""
    if mean is None or not mean.count:
        return ""
    return f"{mean.value * 100:.0f} ({mean.low * 100:.0f}–{mean.high * 100:.0f})"


def _share(share: float | None, unit: str = "") -> str:
    return "" if share is None else f"{share * 100:.0f}{unit}"


def _figure(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def wrapped(text: str) -> list[str]:
    """Return a text as lines of 80 columns; longer words are left whole."""
    return wrap(
        text, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def piped(cells: Sequence[str]) -> str:
    """Return a line of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Return a text that is no Markdown: names come from files and servers."""
    return "".join(f"\\{letter}" if letter in "\\`*[]<>|#" else letter for letter in text)
