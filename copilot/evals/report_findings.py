"""What a person should not overlook in a report, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from copilot.evals.heat import placed_at, short
from copilot.evals.report_model import Series
from copilot.evals.rows import INCOMPLETE, REFUSED, UNREACHABLE, WINDOW, Row
from copilot.evals.statistics import ENOUGH, by_length, f1_of, fisher
from copilot.evals.truncated import counted_otherwise

_ERRORS = {
    WINDOW: "longer than the model's window",
    UNREACHABLE: "the server could not be reached",
    REFUSED: "the server refused",
    INCOMPLETE: "the answer broke off",
}
# Below that, the interval of a rate says that it may be an accident.
_NOTICED = 0.05
# The middle is judged by quarters; needles nearest to the first and last line stand at an end.
_BANDS = 4
_ACCIDENT = 0.05
# Of a score by RULER's measure, which a list of everything passes.
_LISTED = 0.2


def findings_of(series: Series, rows: Sequence[Row]) -> Iterator[str]:
    """Yield what stands out in a series of rows, the worst first."""
    answered = by_length([row for row in rows if row.score is not None])
    told = (
        ("truncated silently", "the server read less than was sent", _truncated(series)),
        ("answers from the stale copy", "a value that does not count any longer", _stale(series)),
        ("forgets the middle", "of its worst depth, and of the ends", _forgotten(answered)),
        ("lists too much", "by what is found, and by sets (F1)", _listed(answered)),
    )
    for what, about, found in told:
        if places := list(found):
            yield f"{what} ({about}): {'; '.join(places)}"
    if places := list(_otherwise([row for row in rows if row.score is not None])):
        yield (
            "counted shorter than by the server's ratio, by another tokenizer or for a cut, "
            f"which cannot be told: {'; '.join(places)}"
        )
    if series.cut_off:
        yield f"{_times(series.cut_off, 'answer')} ran into the limit of tokens for it"
    for kind, count in series.errors.items():
        yield f"{_times(count, 'sample')} without an answer: {_ERRORS.get(kind, kind)}"
    if any(not row.calibration.measured for row in rows):
        yield "the server tells no usable usage: lengths are by our own count, cuts go unseen"
    yield from _few(series)


def _truncated(series: Series) -> Iterator[str]:
    for one in series.lengths:
        if one.cut:
            read = f"{one.cut_read:,} of {one.cut_sent:,} tokens"
            median = f", the median {one.cut_share:.0%}" if one.cut > 1 else ""
            yield f"{read} at {short(one.tokens)} ({_times(one.cut, 'prompt')}){median}"


def _otherwise(rows: Sequence[Row]) -> Iterator[str]:
    """Yield where counts are short and may be those of another tokenizer."""
    for tokens, some in by_length(counted_otherwise(rows)).items():
        shares = [row.read_share or 0.0 for row in some]
        yield f"{_times(len(some), 'prompt')} at {short(tokens)}, {min(shares):.0%} at the least"


def _stale(series: Series) -> Iterator[str]:
    for one in series.lengths:
        if one.stale and one.stale.low > _NOTICED:
            yield f"{one.stale.value:.0%} of {one.stale.count} at {short(one.tokens)}"


def _forgotten(lengths: Mapping[int, Sequence[Row]]) -> Iterator[str]:
    """Yield where the worst of the middle is found less than at either end, and by no accident."""
    for tokens, rows in lengths.items():
        bands: dict[float, list[bool]] = {}
        for row, depth in placed_at(rows):
            band = round(depth * _BANDS) / _BANDS
            bands.setdefault(band, []).append(row.score is not None and row.score.value == 1.0)
        ends = [bands.pop(end) for end in (0.0, 1.0) if end in bands]
        if len(ends) < 2 or not bands:
            continue
        worse = min(ends, key=_share)
        depth, inside = min(bands.items(), key=lambda band: _share(band[1]))
        # As many comparisons are made as there are bands, of which the worst one is taken.
        if len(bands) * fisher(inside, worse) < _ACCIDENT:
            both = _share([*ends[0], *ends[1]])
            place = f"{short(tokens)}, {depth:.0%} deep"
            yield f"{_share(inside):.0%} and {both:.0%} at {place}"


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found)


def _listed(lengths: Mapping[int, Sequence[Row]]) -> Iterator[str]:
    """Yield where answers hold the references only because they hold much else."""
    for tokens, rows in lengths.items():
        sets = [row for row in rows if row.score and row.score.f1 is not None]
        f1 = f1_of(sets)
        found = fmean([row.score.value for row in sets if row.score]) if sets else 0.0
        if f1 is not None and found > f1 + _LISTED:
            yield f"{found:.0%} and {f1:.0%} at {short(tokens)}"


def _few(series: Series) -> Iterator[str]:
    counts = [mean.count for length in series.lengths for mean in length.tasks.values()]
    if counts and min(counts) < 2 * ENOUGH:
        yield (
            f"only {_times(min(counts), 'answer')} for a task and length: 20 cannot separate "
            "90% from 100%"
        )


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
