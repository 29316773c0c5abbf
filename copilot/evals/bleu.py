"""How near one text is to another, by the runs of words they share.

BLEU: Papineni et al., "BLEU: a method for automatic evaluation of machine translation" (ACL 2002),
with one reference and runs of up to four words. Smoothing technique 4: Chen and Cherry, "A
systematic comparison of smoothing techniques for sentence-level BLEU" (WMT 2014), with K = 5.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

_LONGEST_RUN = 4
_K = 5


def sentence_bleu(reference: Sequence[str], candidate: Sequence[str]) -> float:
    """Return from 0 (no word in common) to 1 (the same words) how near a candidate is."""
    matches, totals = zip(
        *(_matched(reference, candidate, n + 1) for n in range(_LONGEST_RUN)), strict=True
    )
    if not matches[0]:
        return 0.0
    counts = _smoothed(matches, len(candidate))
    logs = (math.log(count / total) for count, total in zip(counts, totals, strict=True))
    mean = math.exp(math.fsum(logs) / _LONGEST_RUN)
    return min(1.0, mean * _brevity(len(reference), len(candidate)))


def _matched(reference: Sequence[str], candidate: Sequence[str], size: int) -> tuple[int, int]:
    """Return how many runs of a size the candidate shares, none more often, and how many it has."""
    known, runs = _runs(reference, size), _runs(candidate, size)
    return (known & runs).total(), max(1, runs.total())


def _runs(words: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[start:] for start in range(size)), strict=False))


def _smoothed(matches: Sequence[int], length: int) -> list[float]:
    """Give the sizes without a match a count that is smaller for short candidates."""
    counts, inverse = [], 1.0
    for count in matches:
        if not count:
            # A single word has no logarithm to divide by.
            inverse *= _K / math.log(max(2, length))
        counts.append(count or 1 / inverse)
    return counts


def _brevity(reference: int, candidate: int) -> float:
    return 1.0 if candidate > reference else math.exp(1 - reference / candidate)
