"""What an evaluation is made of: recipes, samples built from them, and what came of asking."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from copilot.context.model import Prompt
from copilot.workspace.model import Snapshot

# Rows made with another version cannot be rebuilt.
RECIPE_VERSION = 1


class Measure(StrEnum):
    """How an answer is scored.

    `all`: the share of the references that the answer holds, `part`: whether it holds any of them
    (RULER's two). `current`: it holds the reference and no forbidden value. `absent`: it says that
    there is none, and holds no forbidden value. `function`: RepoQA's. `edit`: the file that the
    answer's edits make is the reference.
    """

    ALL = "all"
    PART = "part"
    CURRENT = "current"
    ABSENT = "absent"
    FUNCTION = "function"
    EDIT = "edit"


@dataclass(frozen=True)
class Recipe:
    """What rebuilds one sample byte for byte, together with the repository it names.

    `tokens` is the length as asked for, prompt and reply together; `room` is what the prompt may
    take of it in counts of `tokenizer`. `index` numbers the haystacks of a length from 0. `depth`
    is from 0 (the first line) to 1, None where a task draws it. `apart` gives each question a
    haystack of its own. `examples` is how many of the history's commits stand before the task.
    `source` is `Material.sha256`. `question` numbers the questions of one task about a haystack.
    `reply_tokens` is the answer's limit where that is not the task's own, else 0.
    """

    suite: str
    task: str
    tokens: int
    room: int
    index: int
    seed: int
    tokenizer: str
    source: str
    depth: float | None = None
    apart: bool = False
    examples: int = 0
    version: int = RECIPE_VERSION
    question: int = 0
    reply_tokens: int = 0

    def random(self, *names: object) -> random.Random:
        """Return the numbers drawn for a purpose: they depend on seed, length, index and names."""
        words = (self.seed, self.suite, self.tokens, self.index, *names)
        digest = sha256("\0".join(map(str, words)).encode()).digest()
        return random.Random(int.from_bytes(digest))  # noqa: S311 - what is drawn is no secret


@dataclass(frozen=True)
class Material:
    """What haystacks are made of: the repository's files with their texts, and the prompt's words.

    `prompts` are the texts of `prompts/` by name. `sha256` names the files' paths and contents.
    """

    snapshot: Snapshot = field(repr=False)
    tokenizer: str
    prompts: Mapping[str, str] = field(repr=False)
    sha256: str


@dataclass(frozen=True)
class Sample:
    """One question and what is expected of the answer.

    `haystack` names the part of the prompt before the task: samples that share it are asked one
    after another. `references` are right answers, `forbidden` values that are wrong in one (a stale
    one, say). `positions` are the needles' first tokens, counted from the prompt's begin.
    `reply_tokens` is the published limit for the answer. `about` is what else scoring needs: the
    file that an edit is made to, the other functions that an answer is compared with.
    """

    recipe: Recipe
    prompt: Prompt = field(repr=False)
    haystack: str
    references: tuple[str, ...]
    measure: Measure
    reply_tokens: int
    forbidden: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Score:
    """What an answer is worth: `value` from 0 to 1.

    `exact` says whether a list of values is exactly the references, and `f1` how near it is: an
    answer that lists everything is caught by these; None where a task asks for no values. `steps`
    are the stages passed, by name (edits: parsed, placed, correct). `stale` says that a forbidden
    value was given.
    """

    value: float
    f1: float | None = None
    exact: bool | None = None
    stale: bool = False
    steps: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Which samples of a suite are wanted; `rooms` are lengths asked for, with `Recipe.room`.

    `tasks` are names of the suite's tasks, all of them if empty; `samples` is the number of
    haystacks of each length. `depths` are the needle suite's, from 0 to 1. `reply_tokens` is
    `Recipe.reply_tokens`.
    """

    rooms: Sequence[tuple[int, int]]
    samples: int
    seed: int = 42
    tasks: Sequence[str] = ()
    depths: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0)
    apart: bool = False
    examples: Sequence[int] = (0,)
    reply_tokens: int = 0


class Suite(Protocol):
    """A family of tasks. Recipes are cheap; samples are made in the order of their recipes.

    `reply_tokens` is the longest limit of its answers, which a length must leave room for.
    """

    @property
    def name(self) -> str: ...

    @property
    def tasks(self) -> Sequence[str]: ...

    @property
    def reply_tokens(self) -> int: ...

    def batches(self, plan: Plan, material: Material) -> Iterator[tuple[Recipe, ...]]:
        """Yield the recipes, those of one haystack together, in the order to ask them in.

        Raises UsageError for an unknown task, or where the repository holds too little.
        """

    def make(self, recipes: Iterable[Recipe], material: Material) -> Iterator[Sample]:
        """Build samples of one batch, or some of them: the bytes do not depend on which."""

    def score(self, sample: Sample, answer: str) -> Score:
        """Score an answer, whatever it is."""


def material_of(snapshot: Snapshot, tokenizer: str, prompts: Mapping[str, str]) -> Material:
    """Return what haystacks of these files are made of: texts only, in order of their names."""
    files = sorted((f for f in snapshot.files if f.data), key=lambda file: file.name)
    digest = sha256()
    for file in files:
        digest.update(f"{file.name}\0{len(file.data or b'')}\0".encode(errors="surrogateescape"))
        digest.update(file.data or b"")
    kept = Snapshot(snapshot.repositories, tuple(files))
    return Material(kept, tokenizer, prompts, digest.hexdigest())
