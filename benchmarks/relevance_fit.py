"""Finds the weights of signals that bring the most wanted files in, over tasks of several houses.

The measure is the mean share of wanted files over a range of budgets, each repository counting the
same, less a little for each signal that is used. It has no slope, so weights are found by
coordinate ascent: one after another is multiplied and divided by less and less, as long as that
helps. A signal of which hardly any task holds something, such as tracebacks, keeps its weight. To
see how far the found weights hold, each repository in turn is left out of the fit and measured with
what the others gave. The means of these fits are the weights: around the best ones little changes,
and each single fit drops signals that another one takes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.relevance_measure import BUDGETS, Numbers, Scene, shares

# Those that are reported, and some between them, which make the measure smoother.
FIT_BUDGETS = (8_000, 16_000, 32_000, 64_000, 128_000, 256_000)
EXPONENTS = tuple(round(0.1 * step, 1) for step in range(13))
_PRICE = 0.0002
_FACTORS = ((0.0, 0.4, 2.5), (0.6, 1.6), (0.8, 1.25))
_STEPS = (0.1, 0.05, 0.03)
# Its weight is what the others are measured by.
_FIRST = "words"
_WAKING = 0.1
_LEAST_GAIN = 1e-5
_MOST_SWEEPS = 2
# Of a hundred tasks, so many must hold something of a signal whose weight is to be found.
_LEAST_TOLD = 5


@dataclass(frozen=True)
class Model:
    """A way to rank: a weight for each signal that counts, and what size costs."""

    weights: Mapping[str, float]
    exponent: float

    def scores(self, scene: Scene) -> Numbers:
        """Return each file's score, by the rule of `rank.combine`."""
        plain = np.array([self.weights.get(name, 0.0) for name in scene.signals])
        scores = np.asarray(scene.values @ plain, dtype=np.float64)
        for key in [key for key, weight in self.weights.items() if weight and "*" in key]:
            places = [place for place, name in enumerate(scene.signals) if name in key.split("*")]
            if len(places) == key.count("*") + 1:
                scores += self.weights[key] * scene.values[:, places].prod(axis=1)
        return scores


def measured(model: Model, scenes: Sequence[Scene], budgets: Sequence[int]) -> dict[str, Numbers]:
    """Return the shares of each repository's tasks: a row for each task, a column for a budget."""
    rows: dict[str, list[list[float]]] = defaultdict(list)
    for scene in scenes:
        found = shares(scene, model.scores(scene), model.exponent, budgets)
        rows[scene.repository].append(found)
    return {name: np.array(found) for name, found in rows.items()}


def worth(model: Model, scenes: Sequence[Scene]) -> float:
    """Return what is to be made as large as can be."""
    by_repository = measured(model, scenes, FIT_BUDGETS).values()
    used = sum(1 for weight in model.weights.values() if weight)
    return float(np.mean([rows.mean() for rows in by_repository])) - _PRICE * used


def best_exponent(signal: str, scenes: Sequence[Scene]) -> Model:
    """Return the best that one signal does alone."""
    models = [Model({signal: 1.0}, exponent) for exponent in EXPONENTS]
    return max(models, key=lambda model: worth(model, scenes))


def fit(start: Model, scenes: Sequence[Scene]) -> Model:
    """Return the best model that can be reached from another."""
    told = told_signals(scenes)
    model, value = start, worth(start, scenes)
    for factors, step in zip(_FACTORS, _STEPS, strict=True):
        for _ in range(_MOST_SWEEPS):
            before = value
            for name in (*told, ""):
                model, value = _turned(model, value, name, factors, step, scenes)
            if value - before < _LEAST_GAIN:
                break
    return _rounded(model, told)


def _turned(
    model: Model,
    value: float,
    name: str,
    factors: Sequence[float],
    step: float,
    scenes: Sequence[Scene],
) -> tuple[Model, float]:
    """Return the best of a model and those beside it in one weight, or in the exponent for ""."""
    best, best_value = model, value
    for other in _beside(model, name, factors, step):
        found = worth(other, scenes)
        if found > best_value + _LEAST_GAIN:
            best, best_value = other, found
    return best, best_value


def told_signals(scenes: Sequence[Scene]) -> list[str]:
    """Return the signals of which enough tasks hold something."""
    least = _LEAST_TOLD * len(scenes) / 100
    counts = Counter(
        name
        for scene in scenes
        for name, is_told in zip(scene.signals, np.any(scene.values, axis=0).tolist(), strict=True)
        if is_told
    )
    return [name for name in scenes[0].signals if counts[name] >= least]


def _beside(model: Model, name: str, factors: Sequence[float], step: float) -> list[Model]:
    if not name:
        steps = (model.exponent - step, model.exponent + step)
        return [replace(model, exponent=round(max(0.0, e), 3)) for e in steps]
    weight = model.weights.get(name, 0.0)
    values = [weight * f for f in factors if f or name != _FIRST]
    if not weight:
        values = [_WAKING * model.weights.get(_FIRST, 1.0)]
    return [replace(model, weights={**model.weights, name: v}) for v in values]


def _rounded(model: Model, told: Sequence[str]) -> Model:
    """Return the same model with weights that people can read, that of the words 1."""
    unit = model.weights.get(_FIRST) or 1.0
    weights = {
        name: round(weight / unit if name in told else weight, 2)
        for name, weight in model.weights.items()
        if weight
    }
    return Model(weights, round(model.exponent, 2))


def held_out(start: Model, scenes: Sequence[Scene]) -> dict[str, tuple[Model, Numbers]]:
    """Return for each repository what the others' weights are, and the shares they give it."""
    found = {}
    names = sorted({scene.repository for scene in scenes})
    for name in names if len(names) > 1 else ():
        others = [scene for scene in scenes if scene.repository != name]
        own = [scene for scene in scenes if scene.repository == name]
        model = fit(start, others)
        found[name] = (model, measured(model, own, BUDGETS)[name])
    return found


def mean_of(models: Sequence[Model]) -> Model:
    """Return the model between several."""
    names = sorted({name for model in models for name in model.weights})
    weights = {
        name: round(sum(model.weights.get(name, 0.0) for model in models) / len(models), 2)
        for name in names
    }
    exponent = sum(model.exponent for model in models) / len(models)
    return Model({name: weight for name, weight in weights.items() if weight}, round(exponent, 2))
