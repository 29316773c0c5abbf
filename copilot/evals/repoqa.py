"""Searching Needle Function: a model is told what a function does, and must write its code down.

After RepoQA (Liu et al. 2024, arXiv 2406.06025): functions with a name that no other has, of at
most 2,000 bytes, at most one in each of 64 equal parts of the repository's bytes, ten of them. The
answer's first function is compared with all of the ten. What differs: the ten stand in one haystack
together, descriptions are made by code, and the instruction stands behind the files alone, where
the product has it, so that all ten share what comes before.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from copilot.context.compose import Wording
from copilot.context.tokens import count_tokens
from copilot.errors import UsageError
from copilot.evals.allowance import Allowance
from copilot.evals.bleu import sentence_bleu
from copilot.evals.calibrating import reserve_of
from copilot.evals.described import described, words_of
from copilot.evals.functions import CALLABLES, Candidate, candidates_of
from copilot.evals.haystack import Fitted, fitted
from copilot.evals.model import Material, Measure, Plan, Recipe, Sample, Score
from copilot.evals.places import position_of
from copilot.evals.scoring import final
from copilot.evals.tasks import reply_limit
from copilot.structure.definitions import definitions

NEEDLES = 10
REPLY_TOKENS = 1024
LEAST_BLEU = 0.8
# Below this an answer is near to no function: it has words in common with all of them.
LEAST_FOUND = 0.2
FOUND, COPIED = "found", "copied"
_TASK = "function"
# What begins the keys of all functions that are asked about: a number and the path follow.
_FUNCTION = "function "
_MOST_KEPT = 64
# Of the room for files.
_SMALL = 0.2
# What the fence around a function takes of the answer's limit.
_FENCE = 16
_BLOCK = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n(?P<code>.*?)(?:^[ \t]*(?P=fence)|\Z)",
    re.MULTILINE | re.DOTALL,
)
_DECORATED = re.compile(r"\A.*?^(?=[ \t]*(?:async[ \t]+)?def\b)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class RepoQA:
    """The suite `repoqa`; lengths that no function's file fits are left out."""

    name: str = "repoqa"
    tasks: Sequence[str] = (_TASK,)
    reply_tokens: int = REPLY_TOKENS

    def batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        """Yield the questions about one haystack together. Raises UsageError."""
        if unknown := sorted(set(plan.tasks) - set(self.tasks)):
            raise UsageError(f"no such task: {unknown[0]}", f"known: {_TASK}")
        found = False
        for tokens, room in plan.rooms:
            for index in range(plan.samples):
                about = (self.name, _TASK, tokens, room, index, plan.seed)
                first = Recipe(
                    *about,
                    material.tokenizer,
                    material.sha256,
                    apart=plan.apart,
                    reply_tokens=plan.reply_tokens,
                )
                count = len(_needles(material, first))
                recipes = [replace(first, question=question) for question in range(count)]
                found = found or bool(recipes)
                if plan.apart:
                    yield from ((recipe,) for recipe in recipes)
                elif recipes:
                    yield tuple(recipes)
        if not found:
            raise UsageError(
                "no file with a documented function fits these lengths",
                "name longer --lengths, or another repository",
            )

    def make(self, recipes: Iterable[Recipe], material: Material) -> Iterator[Sample]:
        """Build the samples of a batch."""
        made: dict[tuple[int, int, int], Fitted] = {}
        for recipe in recipes:
            needles = _needles(material, recipe)
            wordings = [_wording(material, needle) for needle in needles]
            own, wording = needles[recipe.question], wordings[recipe.question]
            key = (recipe.tokens, recipe.index, recipe.question if recipe.apart else 0)
            if key not in made:
                shown = [own] if recipe.apart else needles
                asked = [wording] if recipe.apart else wordings
                needed = {needle.file.name for needle in shown}
                made[key] = fitted(material, recipe, asked, needed=needed)
            yield _sample(recipe, needles, own, made[key], wording)

    def score(self, sample: Sample, answer: str) -> Score:
        """Score an answer by which function it is nearest to, and how near the right one."""
        path = sample.about["path"]
        told = first_function(path, block_of(final(answer))).split()
        right = sentence_bleu(first_function(path, sample.references[0]).split(), told)
        others = (
            sentence_bleu(first_function(key.split(" ", 2)[-1], text).split(), told)
            for key, text in sample.about.items()
            if key.startswith(_FUNCTION) and text != sample.references[0]
        )
        is_found = right >= LEAST_FOUND and right > max(others, default=0.0)
        steps = {FOUND: is_found, COPIED: right >= LEAST_BLEU}
        return Score(float(all(steps.values())), steps=steps)


REPOQA = RepoQA()
_kept: dict[tuple[object, ...], tuple[Candidate, ...]] = {}


def block_of(answer: str) -> str:
    """Return what stands in the first block of an answer, all of it if there is none."""
    block = _BLOCK.search(answer)
    return block["code"] if block else answer


def first_function(path: str, code: str) -> str:
    """Return the first function of a piece of code, all of it where none can be seen.

    Python's decorators do not count.
    """
    code = textwrap.dedent(code)
    found = definitions(path, code.encode("utf-8", "replace"))
    first = next((one for one in found if one.kind in CALLABLES), None)
    if first:
        code = "\n".join(code.split("\n")[first.start_line - 1 : first.end_line])
    return _DECORATED.sub("", code) if path.endswith(".py") else code


def _needles(material: Material, recipe: Recipe) -> tuple[Candidate, ...]:
    """Return the functions that a haystack is asked about, in the order of their places."""
    about = (material.tokenizer, recipe.tokens, recipe.room, recipe.index, recipe.seed)
    key = (material.sha256, *about)
    if key not in _kept:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = tuple(sorted(_drawn(material, recipe), key=lambda one: one.bin))
    return _kept[key]


def _drawn(material: Material, recipe: Recipe) -> Iterator[Candidate]:
    """Draw functions, each in a bin of its own, as many as fit together with their files."""
    prompts = material.prompts
    texts = [prompts[name] for name in ("rules", "eval-repoqa", "eval-repoqa-description")]
    allowance = Allowance(material, recipe, texts)
    most = reserve_of(recipe.tokens, REPLY_TOKENS) - _FENCE
    candidates = [one for one in candidates_of(material) if _tokens(one, material) <= most]
    recipe.random("needles").shuffle(candidates)
    bins: set[int] = set()
    # Small files first, where one large file would take the room of many.
    for share, one in product((_SMALL, 1.0), candidates):
        if len(bins) == NEEDLES:
            break
        if one.bin not in bins and allowance.fits(one.file.name, share) and one.told:
            allowance.take(one.file.name)
            bins.add(one.bin)
            yield one


def _tokens(one: Candidate, material: Material) -> int:
    """Return the tokens of an answer that is right."""
    return count_tokens([one.text], material.tokenizer)[0]


def _wording(material: Material, needle: Candidate) -> Wording:
    prompts = material.prompts
    words = words_of(prompts["eval-repoqa-words"])
    told = needle.told
    asked = described(told, prompts["eval-repoqa-description"], words) if told else ""
    return Wording(prompts["rules"], prompts["eval-repoqa"], asked)


def _sample(
    recipe: Recipe, needles: Sequence[Candidate], own: Candidate, hay: Fitted, wording: Wording
) -> Sample:
    prompt = hay.prompt(wording)
    functions = {f"{_FUNCTION}{n} {one.file.path}": one.text for n, one in enumerate(needles)}
    return Sample(
        recipe,
        prompt,
        hay.haystack,
        (own.text,),
        Measure.FUNCTION,
        reply_limit(recipe, REPLY_TOKENS),
        positions=(position_of(prompt, own.file.name, own.start),),
        about={"path": own.file.path, "copies": str(hay.copies), **functions},
    )
