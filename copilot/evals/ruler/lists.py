"""Lists to count in: the functions called most often (cwe), the modules imported most often (fwe).

Frequencies must be exact, so nothing is cut: as many lines are made as the length holds, and what
is left is filled with comments.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice

from copilot.context.compose import Wording
from copilot.errors import UsageError
from copilot.evals import words
from copilot.evals.counted import counted_of
from copilot.evals.haystack import room_for
from copilot.evals.model import Material, Recipe
from copilot.evals.questions import Question, worded
from copilot.evals.ruler import definitions
from copilot.evals.ruler.definitions import DEFINITIONS
from copilot.evals.tail import TAIL, size_of
from copilot.workspace.model import SourceFile

_LINES_A_MODULE = 1000
_COMMENTS = b"# ...\n" * 200
# What is this near to the room, as a share of it, is near enough: comments fill the rest.
_NEAR = 0.008
_FIRST_STEP = 16
_TOO_SMALL = "the length is too small for lists with these frequencies"
_HINT = "ask for longer ones"


def calls(recipe: Recipe, material: Material) -> tuple[Question, list[SourceFile]]:
    """Return the question for the common functions, and modules that call all of them."""
    source = recipe.random("cwe", "words")
    is_short = recipe.tokens < definitions.SHORT
    often, seldom = definitions.SHORT_TIMES if is_short else definitions.TIMES
    is_numbered = recipe.tokens >= definitions.NUMBERED
    names = words.functions(source) if is_numbered else iter(words.short(source))
    example, answer = _example(names, source, is_short=is_short, is_numbered=is_numbered)
    common = words.first(names, definitions.COMMON)
    wording = worded(
        material,
        "eval-calls",
        count=str(definitions.COMMON),
        example=example,
        example_answer=", ".join(answer),
    )
    others: list[str] = []

    def modules(number: int) -> list[SourceFile]:
        others.extend(islice(names, max(0, number - len(others))))
        entries = [*common * often, *others[:number] * seldom]
        recipe.random("cwe", "order").shuffle(entries)
        return _modules(material, "calls/part", _called(entries, is_numbered=is_numbered))

    made = _largest(modules, material, room_for(material, recipe, wording))
    return _question("cwe", wording, common), made


def imports(recipe: Recipe, material: Material) -> tuple[Question, list[SourceFile]]:
    """Return the question for the frequent modules, and files that import all of them."""
    size = recipe.tokens // definitions.TOKENS_PER_WORD
    vocabulary = words.coded(recipe.random("fwe", "words"), size, definitions.CODED_LETTERS)
    wording = worded(material, "eval-imports")

    def modules(number: int) -> list[SourceFile]:
        lines = ["pass\n"] * times_of(1, number)
        for rank, word in enumerate(vocabulary[1:], 2):
            lines += [f"import {word}\n"] * times_of(rank, number)
        recipe.random("fwe", "order").shuffle(lines)
        return _modules(material, "imports/part", lines)

    made = _largest(modules, material, room_for(material, recipe, wording))
    last = definitions.RANKS[-1]
    asked, other = (_times(vocabulary[rank - 1], made) for rank in (last, last + 1))
    if asked == other:
        raise UsageError(_TOO_SMALL, _HINT)
    return _question("fwe", wording, [vocabulary[rank - 1] for rank in definitions.RANKS]), made


def _times(word: str, files: Sequence[SourceFile]) -> int:
    return sum((file.data or b"").count(word.encode()) for file in files)


def times_of(rank: int, number: int) -> int:
    """Return how often the word of a rank stands among so many: zeta-distributed, rounded down."""
    zeta = math.pi**2 / 6  # Riemann's zeta function of ALPHA, which is 2.
    return int(number * rank**-definitions.ALPHA / zeta)


def _example(
    names: Iterator[str], source: random.Random, *, is_short: bool, is_numbered: bool
) -> tuple[str, list[str]]:
    """Return the lines of a worked example, and its answer."""
    number = definitions.SHORT_EXAMPLE_WORDS if is_short else definitions.EXAMPLE_WORDS
    often, seldom = definitions.SHORT_EXAMPLE_TIMES if is_short else definitions.EXAMPLE_TIMES
    common = words.first(names, definitions.COMMON)
    entries = [*common * often, *words.first(names, number - definitions.COMMON) * seldom]
    source.shuffle(entries)
    return "".join(_called(entries, is_numbered=is_numbered)).strip(), common


def _called(entries: Sequence[str], *, is_numbered: bool) -> list[str]:
    """Return calls, each with its number as an argument."""
    return [f"{name}({n if is_numbered else ''})\n" for n, name in enumerate(entries, 1)]


def _modules(material: Material, stem: str, lines: Sequence[str]) -> list[SourceFile]:
    starts = range(0, len(lines), _LINES_A_MODULE)
    texts = ["".join(lines[start : start + _LINES_A_MODULE]) for start in starts]
    alias = material.snapshot.files[0].repository
    return [
        SourceFile(alias, f"{stem}_{number:04}.py", None, "generated", text.encode())
        for number, text in enumerate(texts, 1)
    ]


def _largest(
    make: Callable[[int], list[SourceFile]], material: Material, room: int
) -> list[SourceFile]:
    """Return what is made of the largest number that fits, or nearly that. Raises UsageError."""
    counted, target = counted_of(material), room - TAIL

    def size(files: Sequence[SourceFile]) -> int:
        return sum(size_of(counted, file) for file in files)

    number, best = 0, make(0)
    last = size(best)
    if last > target:
        raise UsageError(_TOO_SMALL, _HINT)
    step = max(_FIRST_STEP, target // 100)
    while step > 0 and target - last > _NEAR * room:
        made = make(number + step)
        tokens = size(made)
        each = max(tokens - last, 1) / step
        if tokens <= target:
            number, best, last = number + step, made, tokens
        # Lines take more tokens the more there are: a little less than the room is aimed at.
        aim = int((target - _NEAR * room / 2 - last) / each)
        step = min(aim, step - 1) if tokens > target else aim
    return best


def _question(task: str, wording: Wording, answer: Sequence[str]) -> Question:
    definition = DEFINITIONS[task]
    return Question(task, wording, tuple(answer), definition.measure, definition.reply_tokens)


def with_comments(files: Sequence[SourceFile]) -> Iterator[SourceFile]:
    """Yield files, and behind them some of comments alone without end."""
    yield from files
    alias = files[0].repository
    for number in count(1):
        yield SourceFile(alias, f"notes/notes_{number:04}.py", None, "generated", _COMMENTS)
