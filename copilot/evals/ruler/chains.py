"""Variable tracking: a chain of aliases through the repository, of which all names are asked."""

from __future__ import annotations

import random
from itertools import pairwise

from copilot.evals import words
from copilot.evals.model import Material, Recipe
from copilot.evals.plants import Form, Plant
from copilot.evals.questions import Question, worded
from copilot.evals.ruler import definitions
from copilot.evals.ruler.definitions import DEFINITIONS
from copilot.evals.ruler.niah import slots


def question(recipe: Recipe, material: Material, draw: int) -> Question:
    """Return a question for all names of one chain, which stand in their order."""
    definition = DEFINITIONS["vt"]
    source = recipe.random("vt", "needles", draw)
    names, example, (value, other) = _drawn(source)
    depths = sorted(slots(source, len(names)))
    later = [
        Plant(name, before, depth, Form.ALIAS, linked=True)
        for (before, name), depth in zip(pairwise(names), depths[1:], strict=True)
    ]
    wording = worded(
        material,
        "eval-chain",
        example="\n".join(_lines(example, other)),
        example_value=other,
        example_answer=", ".join(example),
        count=str(len(names)),
        value=value,
    )
    plants = (Plant(names[0], value, depths[0], linked=True), *later)
    return Question(
        "vt",
        wording,
        tuple(names),
        definition.measure,
        definition.reply_tokens,
        plants,
        len(plants),
    )


def _drawn(source: random.Random) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the chain and of the example's, and the number of each."""
    length = definitions.HOPS + 1
    while True:
        names = words.variables(source, length, definitions.NAME_LETTERS)
        example = words.variables(source, length, definitions.EXAMPLE_LETTERS)
        values = words.numbers(source, 2, definitions.VALUE_DIGITS)
        if words.are_apart([*names, *example]):
            return names, example, values


def _lines(names: list[str], value: str) -> list[str]:
    return [f"{names[0]} = {value}", *(f"{name} = {old}" for old, name in pairwise(names))]
