"""What rows add up to: means with intervals, effective lengths, averages over lengths, speed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from copilot.evals.rows import Row

# The score of Llama-2-7B-chat at 4k, by which RULER (arXiv 2404.06654) calls a length effective.
RULER_THRESHOLD = 85.6
# Of the score at the shortest length: NoLiMa (arXiv 2502.05167).
RELATIVE_THRESHOLD = 0.85
# A model that scores less than that at the shortest length holds no length, however level.
RELATIVE_FLOOR = 0.7
# With fewer answers, the interval of a share is wider than most differences of interest.
ENOUGH = 20
_Z95 = 1.959963984540054
# What is read anew of fewer tokens tells no speed.
_LEAST_TIMED = 256


@dataclass(frozen=True)
class Mean:
    """A mean score from 0 to 1 of `count` answers, with its 95 % interval."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Speed:
    """Of the answers at one length: seconds and rates are medians, None where nothing tells.

    `prompt_rate` is in prompt tokens per second, of those that came from no cache; `reply_rate` in
    tokens written per second after the first. `cached` is the share of all prompt tokens that came
    from the provider's cache.
    """

    seconds: float | None
    first_token_seconds: float | None
    prompt_rate: float | None
    reply_rate: float | None
    cached: float | None


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return the 95 % score interval of a share of `count` trials (Wilson 1927)."""
    if count <= 0:
        return 0.0, 1.0
    z2 = _Z95**2 / count
    centre = (share + z2 / 2) / (1 + z2)
    half = _Z95 / (1 + z2) * math.sqrt(max(0.0, share * (1 - share) / count + z2 / (4 * count)))
    # Rounding must not leave the share outside.
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def mean_of(rows: Sequence[Row]) -> Mean:
    """Return the mean score of answers.

    An answer with several references is worth a share, so that it tells more than one that is right
    or wrong: the interval is Wilson's for the number of trials at which the variance of such a mean
    would be the one that was seen, between the number of answers and that of references.
    """
    values = [row.score.value for row in rows if row.score is not None]
    if not values:
        return Mean(0.0, 0.0, 1.0, 0)
    share = fmean(values)
    asked = sum(max(1, len(row.references)) for row in rows if row.score is not None)
    low, high = wilson(share, effective_count(values, asked))
    return Mean(share, low, high, len(values))


def effective_count(values: Sequence[float], most: int) -> float:
    """Return how many answers that are right or wrong would tell as much as these shares."""
    count, share = len(values), fmean(values)
    single = share * (1 - share)
    # Of few answers, those that were seen vary less than those that might have been.
    seen = sum((value - share) ** 2 for value in values) / max(1, count - 1)
    if single <= 0 or seen >= single:
        return count
    return min(count * single / seen, most) if seen > 0 else float(max(most, count))


def average(means: Sequence[Mean]) -> Mean:
    """Return the mean of means, each of the same weight.

    Its interval is made of theirs (MOVER: Zou and Donner, Statistics in Medicine 2008).
    """
    size = len(means)
    value = fmean(mean.value for mean in means)
    below = math.sqrt(sum((mean.value - mean.low) ** 2 for mean in means)) / size
    above = math.sqrt(sum((mean.high - mean.value) ** 2 for mean in means)) / size
    low, high = max(0.0, value - below), min(1.0, value + above)
    return Mean(value, low, high, sum(mean.count for mean in means))


def by_length(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Return the rows of each length, the shortest first."""
    lengths: dict[int, list[Row]] = {}
    for row in rows:
        lengths.setdefault(row.recipe.tokens, []).append(row)
    return dict(sorted(lengths.items()))


def effective_length(scores: Mapping[int, float], passes: Callable[[float], bool]) -> int | None:
    """Return the longest length that passes, None if none does."""
    return max((tokens for tokens, score in scores.items() if passes(score)), default=None)


def passes_ruler(score: float) -> bool:
    """Tell whether an average from 0 to 1 is above RULER's threshold."""
    return score * 100 > RULER_THRESHOLD


def passes_relative(score: float, base: float) -> bool:
    """Tell whether a score is at least 85 % of the one at the shortest length.

    None is where that one is below the floor.
    """
    # 0.85 * 0.6 is a little more than 0.51.
    return base >= RELATIVE_FLOOR and score / base >= RELATIVE_THRESHOLD - 1e-9


def ruler_length(scores: Mapping[int, float]) -> int | None:
    """Return the longest length with an average above RULER's threshold; scores are 0 to 1."""
    return effective_length(scores, passes_ruler)


def relative_length(scores: Mapping[int, float]) -> int | None:
    """Return the longest length with 85 % of the score at the shortest.

    None if that is below the floor.
    """
    if not scores:
        return None
    base = scores[min(scores)]
    return effective_length(scores, lambda score: passes_relative(score, base))


def held_length(scores: Mapping[int, float], passes: Callable[[float], bool]) -> int | None:
    """Return the longest length up to which every one passes, None if the shortest does not."""
    held = None
    for tokens in sorted(scores):
        if not passes(scores[tokens]):
            break
        held = tokens
    return held


def weighted(scores: Mapping[int, float]) -> tuple[float, float]:
    """Return RULER's averages with weights that rise, and that fall, by one from length to length.

    The first favours long use.
    """
    values = [scores[tokens] for tokens in sorted(scores)]
    rising = range(1, len(values) + 1)
    total = sum(rising)
    rise = sum(weight * value for weight, value in zip(rising, values, strict=True))
    fall = sum(weight * value for weight, value in zip(reversed(rising), values, strict=True))
    return rise / total, fall / total


def depth_of(row: Row) -> float | None:
    """Return how deep the only needle of a sample stands, from 0 to 1; None where there are more.

    By the recipe, or else by the needle's first token.
    """
    if row.recipe.depth is not None:
        return row.recipe.depth
    if len(row.positions) != 1 or not row.own_tokens:
        return None
    return min(1.0, row.positions[0] / row.own_tokens)


def stale_rate(rows: Sequence[Row]) -> Mean | None:
    """Return the share of answers that gave a value which does not count any longer.

    Of those that could; None where none could.
    """
    could = [row for row in rows if row.forbidden and row.score is not None]
    return share_of([row.score is not None and row.score.stale for row in could])


def student(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t, to a thousandth from 9 degrees of freedom on.

    By the expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5).
    """
    z = _Z95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    powers = (freedom, freedom * freedom, freedom * freedom * freedom)
    return z + sum(term / power for power, term in zip(powers, terms, strict=True))


def fisher(some: Sequence[bool], others: Sequence[bool]) -> float:
    """Return how likely it is that `some` has as few true ones by accident (Fisher's exact test).

    One-sided: the share of all ways to deal the true ones out that give it no more.
    """
    count, true = len(some) + len(others), sum(some) + sum(others)
    fewest = max(0, true - len(others))
    ways = sum(
        math.comb(len(some), hits) * math.comb(len(others), true - hits)
        for hits in range(fewest, sum(some) + 1)
    )
    return ways / math.comb(count, true)


def share_of(found: Sequence[bool]) -> Mean | None:
    """Return the share of what is true, None of nothing."""
    if not found:
        return None
    share = sum(found) / len(found)
    return Mean(share, *wilson(share, len(found)), len(found))


def f1_of(rows: Sequence[Row]) -> float | None:
    """Return the mean F1 of the sets that were given, None where no values were asked for."""
    return _mean([row.score.f1 for row in rows if row.score and row.score.f1 is not None])


def exact_of(rows: Sequence[Row]) -> float | None:
    """Return the share of answers that give the references and nothing else, None as above."""
    return _mean([float(r.score.exact) for r in rows if r.score and r.score.exact is not None])


def steps_of(rows: Sequence[Row]) -> dict[str, Mean]:
    """Return for each stage the share of answers that passed it, in the stages' order."""
    passed: dict[str, list[bool]] = {}
    for row in rows:
        for name, has_passed in (row.score.steps if row.score else {}).items():
            passed.setdefault(name, []).append(has_passed)
    shares = {name: share_of(found) for name, found in passed.items()}
    return {name: share for name, share in shares.items() if share is not None}


def speed_of(rows: Sequence[Row]) -> Speed:
    """Return how fast answers came, of rows with no error."""
    answered = [row for row in rows if not row.error]
    firsts = [r.first_token_seconds for r in answered if r.first_token_seconds is not None]
    told = [(r.usage.cached, r.usage.prompt) for r in answered if r.usage]
    known = [(cached, prompt) for cached, prompt in told if cached is not None]
    read = sum(prompt for _, prompt in known)
    return Speed(
        _median([row.seconds for row in answered]),
        _median(firsts),
        _median([rate for rate in map(prompt_rate, answered) if rate is not None]),
        _median([rate for rate in map(_reply_rate, answered) if rate is not None]),
        sum(cached for cached, _ in known) / read if read else None,
    )


def prompt_rate(row: Row) -> float | None:
    """Return the prompt tokens that were read anew in a second; None where too few were."""
    if row.usage is None:
        return None
    return reading_rate(row.usage.prompt, row.usage.cached or 0, row.first_token_seconds)


def reading_rate(prompt: int, cached: int, first_token_seconds: float | None) -> float | None:
    """Return the tokens read anew in a second; None where that were too few to tell."""
    new = prompt - cached
    is_timed = bool(first_token_seconds) and new >= _LEAST_TIMED and 2 * new >= prompt
    return new / first_token_seconds if is_timed and first_token_seconds else None


def _reply_rate(row: Row) -> float | None:
    if row.usage is None or row.first_token_seconds is None or row.usage.reply < 2:
        return None
    seconds = row.seconds - row.first_token_seconds
    return (row.usage.reply - 1) / seconds if seconds > 0 else None


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
