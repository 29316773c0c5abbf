"""Questions that the repository itself answers: one hop (qa_1) and two hops (qa_2).

RULER gives the instruction before the documents as well; here it stands behind them alone, so that
all questions of a haystack begin alike.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from copilot.context.compose import Wording
from copilot.context.tokens import count_tokens
from copilot.evals.counted import counted_of
from copilot.evals.model import Material, Recipe
from copilot.evals.questions import Question, worded
from copilot.evals.ruler.definitions import DEFINITIONS
from copilot.evals.ruler.facts import Called, Documented, Place, facts_of
from copilot.evals.tail import size_of
from copilot.workspace.model import SourceFile

Fact = TypeVar("Fact", Documented, Called)
# Rules, question and the last file take about this much; of the rest the files that a question
# needs may take a part, which is larger where no other question shares the haystack.
_BESIDES = 450
_PART, _PART_ALONE = 0.35, 0.85
_LONGEST_PATH = 22
_TOO_MANY = 10**9
_CLEAR: dict[tuple[str, str, Documented | Called], bool] = {}


def question(
    task: str, recipe: Recipe, material: Material, draw: int, *, is_shared: bool
) -> Question | None:
    """Return the question of a task, None where the repository holds none for this length.

    Where no whole files are short enough, the haystack has the definitions alone.
    """
    room = int((recipe.room - _BESIDES) * (_PART if is_shared else _PART_ALONE))
    source = recipe.random(task, "facts", draw)
    for sizes in (_sizes, _excerpt_sizes):
        excerpts = sizes is _excerpt_sizes
        if task == "qa_1":
            one = _drawn(facts_of(material).documented, sizes, room, material, source)
            if one is not None:
                return _one_hop(one, material, excerpts=excerpts)
        else:
            two = _drawn(facts_of(material).called, sizes, room, material, source)
            if two is not None:
                return _two_hops(two, material, excerpts=excerpts)
    return None


def _drawn(
    facts: Iterable[Fact],
    sizes: Callable[[Material, Sequence[Place]], list[int]],
    room: int,
    material: Material,
    source: random.Random,
) -> Fact | None:
    """Return one of the facts whose places fit, None if there is none."""
    fitting = list(facts)
    source.shuffle(fitting)
    for fact in fitting:
        if sum(sizes(material, fact.places)) <= room and _is_clear(fact, material):
            return fact
    return None


def _sizes(material: Material, places: Sequence[Place]) -> list[int]:
    """Return the tokens of whole files."""
    return [counted_of(material).sizes_by_name[place.file] for place in places]


def _excerpt_sizes(material: Material, places: Sequence[Place]) -> list[int]:
    """Return the tokens of definitions alone, or too many for one that cannot stand alone."""
    counted = counted_of(material)
    files = [SourceFile("", place.file, None, "", place.excerpt) for place in places]
    return [size_of(counted, file) if file.data else _TOO_MANY for file in files]


def _is_clear(fact: Documented | Called, material: Material) -> bool:
    """Tell whether a fact has one answer in the whole repository; what was found out is kept."""
    key = (material.sha256, material.tokenizer, fact)
    if key not in _CLEAR:
        if isinstance(fact, Documented):
            _CLEAR[key] = _is_one(fact, material)
        else:
            _CLEAR[key] = _is_sure(fact, material)
    return _CLEAR[key]


def _is_one(fact: Documented, material: Material) -> bool:
    """Tell whether nothing else in the repository has the name as a part of its own, or the words.

    The name may be used elsewhere.
    """
    name, words = fact.name.encode(), fact.words.encode()
    longer = re.compile(rb"\w" + re.escape(name) + rb"|" + re.escape(name) + rb"\w")
    texts = [file.data or b"" for file in material.snapshot.files]
    named = (text for text in texts if name in text)
    return sum(text.count(words) for text in texts) == 1 and not any(map(longer.search, named))


def _is_sure(fact: Called, material: Material) -> bool:
    """Tell whether one file alone can be meant, and its path is short and a part of no other."""
    home = re.compile(rb"\b(?:def|class|func|fn|function|void|int)\s+" + fact.called.encode())
    path = fact.home.path
    homes = [file for file in material.snapshot.files if home.search(file.data or b"")]
    alike = [file for file in material.snapshot.files if path in file.path]
    is_short = count_tokens([path], material.tokenizer)[0] <= _LONGEST_PATH
    is_plain = path.isascii() and path.isprintable()
    return len(homes) <= 1 and len(alike) == 1 and is_short and is_plain


def _one_hop(fact: Documented, material: Material, *, excerpts: bool) -> Question:
    wording = worded(material, "eval-documented", kind=fact.kind, words=fact.words)
    return _question("qa_1", wording, fact.name, fact.places, excerpts=excerpts)


def _two_hops(fact: Called, material: Material, *, excerpts: bool) -> Question:
    wording = worded(material, "eval-called", name=fact.name, path=fact.place.file)
    return _question("qa_2", wording, fact.home.path, fact.places, excerpts=excerpts)


def _question(
    task: str, wording: Wording, answer: str, places: Sequence[Place], *, excerpts: bool
) -> Question:
    definition = DEFINITIONS[task]
    return Question(
        task,
        wording,
        (answer,),
        definition.measure,
        definition.reply_tokens,
        needed={place.file: place.excerpt if excerpts else b"" for place in places},
    )
