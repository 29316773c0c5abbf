"""Needles in a haystack: constants, entries of a registry and pairs of a map, asked for by name."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count, islice

from copilot.context.compose import Wording
from copilot.evals import words
from copilot.evals.model import Material, Recipe
from copilot.evals.plants import Form, Plant
from copilot.evals.questions import Question, worded
from copilot.evals.ruler.definitions import DEPTH_SLOTS, NUMBER_DIGITS, Definition, Hay
from copilot.workspace.model import SourceFile

# Each task has names of its own, as some share a haystack.
_FAMILIES = {
    "niah_single_1": "RETRY_BUDGET",
    "niah_single_2": "RETRY_BUDGET",
    "niah_single_3": "FEATURE_FLAG_ID",
    "niah_multikey_1": "CACHE_LIMIT",
    "niah_multikey_2": "RETRY_BUDGET",
    "niah_multiquery": "QUEUE_DEPTH",
}
_LINES_A_MODULE = 100
_ROOM_A_REPEAT = 50_000
# Five functions that say nothing, as RULER has five sentences.
_NOISE = (
    "def is_green(grass):\n    return grass.colour == GREEN\n",
    "def is_blue(sky):\n    return sky.colour == BLUE\n",
    "def is_yellow(sun):\n    return sun.colour == YELLOW\n",
    "def go_there(place):\n    return walk(place)\n",
    "def come_back(place):\n    return walk(place, back=True)\n",
)


def question(definition: Definition, recipe: Recipe, material: Material, draw: int) -> Question:
    """Return the question of a task with its needles at depths of their own."""
    source = recipe.random(definition.name, "needles", draw)
    names = _names(definition, source)
    values = _values(definition, source)
    groups = [values[n * definition.v : (n + 1) * definition.v] for n in range(len(names))]
    depths = slots(source, len(values))
    pairs = [(name, value) for name, some in zip(names, groups, strict=True) for value in some]
    form = _form(definition)
    plants = tuple(
        Plant(name, value, depth, form) for (name, value), depth in zip(pairs, depths, strict=True)
    )
    asked = definition.q * definition.v
    return Question(
        definition.name,
        _wording(definition, material, names[: definition.q]),
        tuple(value for _, value in pairs[:asked]),
        definition.measure,
        definition.reply_tokens,
        plants,
        asked,
    )


def slots(source: random.Random, number: int) -> list[float]:
    """Return different depths, drawn from 40 that are evenly spread from 0 to 1."""
    return [slot / (DEPTH_SLOTS - 1) for slot in source.sample(range(DEPTH_SLOTS), number)]


def files(definition: Definition, recipe: Recipe, alias: str, draw: int) -> Iterator[SourceFile]:
    """Yield generated modules without end: noise, or needles that nobody asks for."""
    if definition.hay is Hay.REPEAT:
        text = "\n\n".join(_NOISE * (1 + recipe.room // _ROOM_A_REPEAT))
        yield from (_module(alias, f"noise/module_{n:05}.py", text) for n in count(1))
    source = recipe.random(definition.name, "needles", draw)
    asked = {*_names(definition, source), *_values(definition, source)}
    others = _needles(definition, recipe.random(definition.name, "haystack", draw))
    lines = (f"{line}\n" for name, value, line in others if not {name, value} & asked)
    folder = "fixtures/ids" if definition.key_type == "uuids" else "config/limits"
    for number in count(1):
        text = "".join(islice(lines, _LINES_A_MODULE))
        yield _module(alias, f"{folder}_{number:05}.py", text)


def _needles(definition: Definition, source: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield names and values without end, each with its line."""
    if definition.key_type == "uuids":
        for key in (identifiers := words.identifiers(source)):
            value = next(identifiers)
            yield key, value, f'ID_OF["{key}"] = "{value}"'
    family = _FAMILIES[definition.name]
    low, high = 10 ** (NUMBER_DIGITS - 1), 10**NUMBER_DIGITS
    for key in words.keys(source):
        name, value = f"{family}_{key.upper()}", str(source.randrange(low, high))
        yield name, value, f"{name} = {value}"


def _module(alias: str, path: str, text: str) -> SourceFile:
    return SourceFile(alias, path, None, "generated", text.encode())


def _names(definition: Definition, source: random.Random) -> list[str]:
    number = max(definition.k, definition.q)
    if definition.key_type == "uuids":
        return words.first(words.identifiers(source), number)
    keys = words.first(words.keys(source), number)
    family = _FAMILIES.get(definition.name)
    return [f"{family}_{key.upper()}" for key in keys] if family else keys


def _values(definition: Definition, source: random.Random) -> list[str]:
    number = max(definition.k, definition.q) * definition.v
    if definition.value_type == "uuids":
        return words.first(words.identifiers(source), number)
    return words.numbers(source, number, NUMBER_DIGITS)


def _form(definition: Definition) -> Form:
    if definition.key_type == "uuids":
        return Form.PAIR
    if definition.name not in _FAMILIES:
        return Form.ENTRY
    return Form.TEXT if definition.value_type == "uuids" else Form.NUMBER


def _wording(definition: Definition, material: Material, names: Sequence[str]) -> Wording:
    form = _form(definition)
    if form is Form.PAIR:
        return worded(material, "eval-pair", name=names[0])
    if form is Form.ENTRY:
        return worded(material, "eval-entries", name=names[0])
    if len(names) > 1:
        return worded(material, "eval-constants", names=joined(names))
    return worded(material, "eval-constant", name=names[0])


def joined(names: Sequence[str]) -> str:
    """Return names in one phrase: `a`, `b`, and `c`."""
    quoted = [f"`{name}`" for name in names]
    return ", ".join([*quoted[:-1], f"and {quoted[-1]}"]) if len(quoted) > 1 else quoted[0]
