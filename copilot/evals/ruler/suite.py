"""The suite `ruler`: thirteen tasks, eight of which share a haystack of the repository's files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from copilot.errors import UsageError
from copilot.evals.model import Material, Plan, Recipe, Sample, Score
from copilot.evals.questions import Asked, Question, asked_of
from copilot.evals.ruler import chains, documents, lists, niah
from copilot.evals.ruler.definitions import DEFINITIONS, Hay
from copilot.evals.scoring import scored
from copilot.evals.tasks import check_tasks, fitting, recipes_of

NAME = "ruler"
SHARED = tuple(name for name, one in DEFINITIONS.items() if one.is_shared)
# In less room than this, the lines of eight tasks would be most of what the haystack holds.
LEAST_SHARED = 3000


@dataclass(frozen=True)
class Ruler:
    """RULER in code.

    A task is left out where the repository holds no question for it, or a length is too short.
    """

    name: str = NAME
    tasks: Sequence[str] = tuple(DEFINITIONS)
    reply_tokens: int = max(one.reply_tokens for one in DEFINITIONS.values())

    def batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        """Yield the recipes of each haystack. Raises UsageError."""
        yield from fitting(self, self._batches(plan, material), material)

    def _batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        wanted = check_tasks(self, plan)
        known = {room: _known(wanted, room, plan, material) for room in plan.rooms}
        if not any(known.values()):
            raise UsageError("the repository holds no question for these tasks and lengths")
        for recipe in recipes_of(self.name, plan, material):
            tasks = known[recipe.tokens, recipe.room]
            shared = [task for task in tasks if task in SHARED and _is_shared(recipe)]
            groups = [shared] * bool(shared) + [[task] for task in tasks if task not in shared]
            for group in groups:
                yield tuple(replace(recipe, task=task) for task in group)

    def make(self, recipes: Iterable[Recipe], material: Material) -> Iterator[Sample]:
        """Build samples; each haystack is made once. Raises UsageError."""
        last: tuple[Recipe, Asked] | None = None
        for recipe in recipes:
            is_own = not (recipe.task in SHARED and _is_shared(recipe))
            key = recipe if is_own else replace(recipe, task="")
            if last is None or last[0] != key:
                last = key, _own(recipe, material) if is_own else _shared(recipe, material)
            yield last[1].sample(recipe)

    def score(self, sample: Sample, answer: str) -> Score:
        return scored(sample, answer)


RULER = Ruler()


def _is_shared(recipe: Recipe) -> bool:
    return not recipe.apart and recipe.room >= LEAST_SHARED


def _known(
    tasks: Sequence[str], room: tuple[int, int], plan: Plan, material: Material
) -> list[str]:
    """Return those tasks that the repository holds a question for at a length."""
    recipe = next(recipes_of(NAME, replace(plan, rooms=[room], samples=1), material))
    return [
        task
        for task in tasks
        if DEFINITIONS[task].hay is not Hay.DOCUMENTS
        or _question(task, replace(recipe, task=task), material, 0) is not None
    ]


def _shared(recipe: Recipe, material: Material) -> Asked:
    return asked_of(material, recipe, lambda draw: _questions(SHARED, recipe, material, draw))


def _own(recipe: Recipe, material: Material) -> Asked:
    definition = DEFINITIONS[recipe.task]
    if definition.hay in (Hay.WORDS, Hay.CODED):
        make = lists.calls if definition.hay is Hay.WORDS else lists.imports
        asked, made = make(recipe, material)
        return asked_of(material, recipe, lambda _: [asked], lambda _: lists.with_comments(made))
    if definition.is_shared:
        questions = _questions([recipe.task], recipe, material, 0)
        if not questions:
            raise UsageError(f"the repository holds no question for {recipe.task}")
        return asked_of(
            material, recipe, lambda draw: _questions([recipe.task], recipe, material, draw)
        )
    alias = material.snapshot.files[0].repository
    return asked_of(
        material,
        recipe,
        lambda draw: [niah.question(definition, recipe, material, draw)],
        lambda draw: niah.files(definition, recipe, alias, draw),
    )


def _questions(
    tasks: Sequence[str], recipe: Recipe, material: Material, draw: int
) -> tuple[Question, ...]:
    """Return the questions of tasks over real files; without those that there is none for."""
    made = (_question(task, recipe, material, draw) for task in tasks)
    return tuple(question for question in made if question is not None)


def _question(task: str, recipe: Recipe, material: Material, draw: int) -> Question | None:
    if task == "vt":
        return chains.question(recipe, material, draw)
    if DEFINITIONS[task].hay is Hay.DOCUMENTS:
        is_shared = _is_shared(recipe)
        return documents.question(task, recipe, material, draw, is_shared=is_shared)
    return niah.question(DEFINITIONS[task], recipe, material, draw)
