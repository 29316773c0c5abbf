"""The suite `needle`: one planted line, several, and those that the prompt itself takes back.

After Kamradt, "Needle In A Haystack: pressure testing LLMs" (2023), but with constants in code, and
scored without a judge.

- `single`: one constant, moved through the same haystack, depth by depth.
- `multiple`: four constants at drawn depths; the score is the share that is found.
- `conflict`: two files give a constant different values. It is asked for both where the files do
  not agree: half of the score is a silent choice.
- `stale`: the base holds an old value, the overlay the file anew with another one; only the new
  value is right, and `Score.stale` tells of the old one.
- `deleted`: the overlay says that the file with the constant is gone; NONE is right.

The last four share a haystack, unless it is too short for that.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from copilot.evals import words
from copilot.evals.model import Material, Measure, Plan, Recipe, Sample, Score
from copilot.evals.plants import Plant
from copilot.evals.questions import Asked, Question, asked_of, worded
from copilot.evals.ruler.niah import joined, slots
from copilot.evals.scoring import NONE, scored
from copilot.evals.tasks import check_tasks, fitting, recipes_of

NAME = "needle"
SINGLE, MULTIPLE, CONFLICT = "single", "multiple", "conflict"
STALE, DELETED = "stale", "deleted"
SHARED = (MULTIPLE, CONFLICT, STALE, DELETED)
SEVERAL = 4
REPLY_TOKENS = 64
_PROMPTS = {
    SINGLE: "eval-constant",
    MULTIPLE: "eval-constants",
    CONFLICT: "eval-conflict",
    STALE: "eval-current",
    DELETED: "eval-current",
}
# In less room than this, the lines of four tasks would be too much of what the haystack holds.
LEAST_SHARED = 2500
# A file that the overlay shows or takes away stands well before the end.
_SHALLOW = (0.1, 0.9)
_FAMILIES = {
    SINGLE: "HARBOUR_GATE_CODE",
    MULTIPLE: "DOCK_CRANE_LIMIT",
    CONFLICT: "FERRY_SEAT_COUNT",
    STALE: "BUOY_LIGHT_PERIOD",
    DELETED: "PILOT_BOAT_NUMBER",
}


@dataclass(frozen=True)
class Needles:
    """Needles in the user's own code; a task is left out where a length is too short for it."""

    name: str = NAME
    tasks: Sequence[str] = (SINGLE, *SHARED)
    reply_tokens: int = REPLY_TOKENS

    def batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        """Yield the recipes of each haystack; a single needle's deepest place comes first.

        Raises UsageError.
        """
        yield from fitting(self, self._batches(plan, material), material)

    def _batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        wanted = check_tasks(self, plan)
        for recipe in recipes_of(self.name, plan, material):
            if SINGLE in wanted:
                depths = sorted(set(plan.depths), reverse=True)
                yield tuple(replace(recipe, task=SINGLE, depth=depth) for depth in depths)
            others = [replace(recipe, task=task) for task in wanted if task != SINGLE]
            if others and _is_shared(recipe):
                yield tuple(others)
            else:
                yield from ((other,) for other in others)

    def make(self, recipes: Iterable[Recipe], material: Material) -> Iterator[Sample]:
        """Build samples; a haystack that questions share is made once. Raises UsageError."""
        last: tuple[Recipe, Asked] | None = None
        for recipe in recipes:
            is_shared = recipe.task != SINGLE and _is_shared(recipe)
            key = replace(recipe, task="") if is_shared else recipe
            if last is None or last[0] != key:
                tasks = SHARED if is_shared else (recipe.task,)
                last = key, _asked(tasks, recipe, material)
            sample = last[1].sample(recipe)
            yield replace(sample, haystack=_moved(recipe)) if recipe.task == SINGLE else sample

    def score(self, sample: Sample, answer: str) -> Score:
        """Score an answer; of a conflict, `steps` tell a silent choice from both values."""
        score = scored(sample, answer)
        if sample.recipe.task != CONFLICT:
            return score
        return replace(score, steps={"found": score.value > 0, "told": score.value == 1})


NEEDLE = Needles()


def _is_shared(recipe: Recipe) -> bool:
    return not recipe.apart and recipe.room >= LEAST_SHARED


def _moved(recipe: Recipe) -> str:
    """Return a name for a haystack in which one needle is moved."""
    about = f"{recipe.source} {recipe.tokens} {recipe.room} {recipe.index} {recipe.seed}"
    return sha256(about.encode()).hexdigest()[:16]


def _asked(tasks: Sequence[str], recipe: Recipe, material: Material) -> Asked:
    return asked_of(
        material, recipe, lambda draw: [_question(task, recipe, material, draw) for task in tasks]
    )


def _question(task: str, recipe: Recipe, material: Material, draw: int) -> Question:
    source = recipe.random(task, "needles", draw)
    number = SEVERAL if task == MULTIPLE else 1
    keys = words.first(words.keys(source), number)
    names = [f"{_FAMILIES[task]}_{key.upper()}" for key in keys]
    values = words.numbers(source, max(number, 2))
    plants, references = _planted(task, recipe, names, values, source)
    measure = {STALE: Measure.CURRENT, DELETED: Measure.ABSENT}.get(task, Measure.ALL)
    return Question(
        task,
        worded(material, _PROMPTS[task], name=names[0], names=joined(names)),
        references,
        measure,
        REPLY_TOKENS,
        plants,
        len(plants),
        forbidden=(values[0],) if task in (STALE, DELETED) else (),
    )


def _planted(
    task: str,
    recipe: Recipe,
    names: Sequence[str],
    values: Sequence[str],
    source: random.Random,
) -> tuple[tuple[Plant, ...], tuple[str, ...]]:
    """Return the lines of a task and the right answers."""
    name, (value, other, *_) = names[0], values
    if task == SINGLE:
        return (Plant(name, value, recipe.depth or 0.0),), (value,)
    if task == STALE:
        return (Plant(name, value, source.uniform(*_SHALLOW), later=other),), (other,)
    if task == DELETED:
        return (Plant(name, value, source.uniform(*_SHALLOW), gone=True),), (NONE,)
    if task == CONFLICT:
        pairs = [(name, value), (name, other)]
    else:
        pairs = list(zip(names, values, strict=True))
    depths = slots(source, len(pairs))
    plants = (Plant(n, v, depth) for (n, v), depth in zip(pairs, depths, strict=True))
    return tuple(plants), tuple(v for _, v in pairs)
