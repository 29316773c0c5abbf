"""From signals to an order of files, and to the files that go in in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path

import msgspec

from copilot.context.relevance.model import Ranked, Signal

WEIGHTS_VERSION = 1
_DIGITS = 6
_WHY_SIGNALS = 3
# A signal that brings less than this share of the score is not worth a word.
_WHY_SHARE = 0.15
# What a file costs at least: its frame in the prompt.
_LEAST_TOKENS = 32


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each signal counts; one without a weight counts nothing.

    `words*recency` is the weight of the product of two signals: what one says where the other
    says something too.

    `size_exponent` says how dear a token is where files compete for room: 0 takes the best file
    whatever its size, 1 takes the most score for each token.
    """

    version: int
    signals: dict[str, float]
    size_exponent: float


def load_weights(file: Path | None = None) -> Weights:
    """Read the weights that ship with the program, or another file of them.

    Raises ValueError for one of another version, msgspec.DecodeError for one of another shape.
    """
    data = (file or Path(__file__).with_name("weights.json")).read_bytes()
    weights = msgspec.json.decode(data, type=Weights)
    if weights.version != WEIGHTS_VERSION:
        raise ValueError(f"weights of version {weights.version}, not {WEIGHTS_VERSION}")
    return weights


def combine(signals: Iterable[Signal], weights: Weights) -> dict[str, float]:
    """Return the weighted sum of signals by name: seeds for signals that spread scores."""
    by_name = {signal.name: signal.scores for signal in signals}
    sums: dict[str, float] = {}
    for key, weight in sorted(weights.signals.items()):
        for name, score in _product([by_name.get(part, {}) for part in key.split("*")]).items():
            sums[name] = sums.get(name, 0.0) + weight * score
    return {name: rounded for name, score in sums.items() if (rounded := round(score, _DIGITS))}


def _product(factors: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    """Return the product of scores, of names that are in all."""
    product = factors[0]
    for factor in factors[1:]:
        product = {name: score * factor[name] for name, score in product.items() if name in factor}
    return product


def rank(names: Sequence[str], signals: Sequence[Signal], weights: Weights) -> list[Ranked]:
    """Return the documents of these names, the most needed first; equal scores go by name."""
    scores = combine(signals, weights)
    # Sorting keeps the order of equals, backwards too.
    listed = sorted(set(names))
    scored = [(name, scores.get(name, 0.0)) for name in listed]
    return list(map(Ranked._make, sorted(scored, key=itemgetter(1), reverse=True)))


def reasons(names: Iterable[str], signals: Sequence[Signal], weights: Weights) -> dict[str, str]:
    """Say what brought each of these documents, of those that something brought."""
    weighted = [(weights.signals.get(one.name, 0.0), one) for one in signals]
    weighted = sorted((w for w in weighted if w[0] > 0), key=lambda w: (-w[0], w[1].name))
    told = ((name, _why(name, weighted)) for name in names)
    return {name: why for name, why in told if why}


def chosen_full(
    ranked: Sequence[Ranked], tokens: Mapping[str, int], budget: int, weights: Weights
) -> list[str]:
    """Return the files that go in in full, best first; their tokens never exceed the budget.

    Greedy by score for size; what does not fit is skipped. A file without a number of tokens has
    no text that could go in.
    """
    exponent = weights.size_exponent
    worth = [
        (-one.score / max(_LEAST_TOKENS, tokens[one.name]) ** exponent, place, one.name)
        for place, one in enumerate(ranked)
        if one.name in tokens
    ]
    chosen, left = [], budget
    for _, _, name in sorted(worth):
        if tokens[name] <= left:
            chosen.append(name)
            left -= tokens[name]
    return chosen


def _why(name: str, signals: Sequence[tuple[float, Signal]]) -> str:
    """Say what brought most, in words: one to three signals; nothing for a file without any."""
    gains = [
        (weight * score, signal)
        for weight, signal in signals
        if (score := signal.scores.get(name, 0.0))
    ]
    gains.sort(key=lambda gain: -gain[0])
    least = _WHY_SHARE * sum(gain for gain, _ in gains)
    told = [signal for gain, signal in gains[:_WHY_SIGNALS] if gain >= least]
    return "; ".join(signal.why.get(name) or _words(signal.name) for signal in told)


def _words(signal: str) -> str:
    return signal.replace("_", " ")
