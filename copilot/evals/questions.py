"""Questions about one haystack: what they ask, what they plant, and the samples they become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from copilot.context.compose import Wording
from copilot.context.model import SectionKind
from copilot.errors import UsageError
from copilot.evals.haystack import Fitted, fitted
from copilot.evals.model import Material, Measure, Recipe, Sample
from copilot.evals.plants import Plant
from copilot.evals.tasks import reply_limit
from copilot.evals.words import are_apart
from copilot.settings.prompts import fill_prompt
from copilot.workspace.model import SourceFile

_MOST_DRAWS = 50


@dataclass(frozen=True)
class Question:
    """A question of a task; `plants` are its lines, the first `asked` of them those it asks for.

    `needed` are files that must be in the haystack, by name with alias: whole where their text is
    empty here, else with this text alone.
    """

    task: str
    wording: Wording
    references: tuple[str, ...]
    measure: Measure
    reply_tokens: int
    plants: tuple[Plant, ...] = ()
    asked: int = 0
    needed: Mapping[str, bytes] = field(default_factory=dict)
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """Questions with the haystack that they share."""

    questions: tuple[Question, ...]
    haystack: Fitted

    def sample(self, recipe: Recipe) -> Sample:
        """Return the sample of the recipe's task, which must be one of the questions'."""
        number = [question.task for question in self.questions].index(recipe.task)
        question = self.questions[number]
        first = sum(len(other.plants) for other in self.questions[:number])
        hay = self.haystack
        return Sample(
            recipe,
            hay.prompt(question.wording),
            hay.haystack,
            question.references,
            question.measure,
            reply_limit(recipe, question.reply_tokens),
            question.forbidden,
            hay.positions[first : first + question.asked],
            {"copies": str(hay.copies)},
        )


def worded(material: Material, prompt: str, **blanks: str) -> Wording:
    """Return a question in the words of a prompt. Raises UsageError for a wrong blank."""
    # What is asked may hold braces of its own: it is the value of a blank.
    asked = fill_prompt(material.prompts[prompt], **blanks)
    return Wording(material.prompts["rules"], "{{task}}", asked)


def asked_of(
    material: Material,
    recipe: Recipe,
    draw: Callable[[int], Sequence[Question]],
    files: Callable[[int], Iterable[SourceFile]] | None = None,
) -> Asked:
    """Return the first of some draws whose words stand nowhere but where they were planted.

    `draw` and `files` are called with the number of the draw; with `files`, the haystack is made
    of these.
    """
    for number in range(_MOST_DRAWS):
        questions = tuple(draw(number))
        plants = [plant for question in questions for plant in question.plants]
        hay = fitted(
            material,
            recipe,
            [question.wording for question in questions],
            plants,
            _needed(questions),
            files(number) if files else None,
        )
        if _are_clear(plants) and _is_clear(hay, questions, plants):
            return Asked(questions, hay)
    raise UsageError("every word drawn for a needle stands in the repository already")


def _needed(questions: Iterable[Question]) -> dict[str, bytes]:
    """Return what all questions need: of a file that several need, each one's part or all."""
    needed: dict[str, bytes] = {}
    for question in questions:
        for name, text in question.needed.items():
            earlier = needed.get(name, text)
            both = text if earlier == text else earlier + b"\n\n" + text
            needed[name] = both if earlier and text else b""
    return needed


def _are_clear(plants: Sequence[Plant]) -> bool:
    """Tell whether no word of a plant is a part of another one."""
    return are_apart(_words(plants))


def _is_clear(hay: Fitted, questions: Sequence[Question], plants: Sequence[Plant]) -> bool:
    """Tell whether words stand in a haystack as often as they were planted."""
    # The shortest question has the longest haystack.
    shortest = min(questions, key=lambda question: len(question.wording.asked))
    prompt = hay.prompt(shortest.wording)
    base = next(one for one in prompt.sections if one.kind is SectionKind.BASE)
    data = base.data.lower()
    words = _words(plants)
    return all(data.count(word.encode().lower()) == times for word, times in words.items())


def _words(plants: Iterable[Plant]) -> Counter[str]:
    """Return names and values with how often each is planted."""
    found: Counter[str] = Counter()
    for plant in plants:
        found.update((plant.name, plant.value))
        if plant.later is not None:
            found[plant.later] += 0
    return found
