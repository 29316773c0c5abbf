"""Models made of others, from their settings: which members, how often, and by what words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from copilot.backends.ensembles.asking import Alarm, Patience, timer
from copilot.backends.ensembles.best_of import BestOf, Judge
from copilot.backends.ensembles.members import Member, Tell
from copilot.backends.ensembles.mixture import Mixture, SelfMixture, Synthesis, samples_of
from copilot.backends.ensembles.panel import Panel
from copilot.backends.ensembles.seat import Shared
from copilot.backends.protocol import Backend
from copilot.errors import UsageError
from copilot.settings.config import ModelSettings
from copilot.settings.prompts import load_prompt
from copilot.text import one_line

MIXTURE, SELF, BEST_OF = "mixture", "self", "best-of"
KINDS = frozenset({MIXTURE, SELF, BEST_OF})

_SAMPLES = 3
# As in the evaluations of both papers on mixtures of models.
_TEMPERATURE = 0.7


@dataclass(frozen=True)
class Shape:
    """What the settings of an ensemble say.

    `kind` is `mixture`, `self` or `best-of`; `members` are names of models, one for `self`. Each is
    asked `samples` times, by default 3 times where it is the only one, else once. `layers` counts
    those of a mixture with its aggregator. `aggregator` is by default the first member; a best-of
    has none by default. `temperature` is that of a model asked several times. Once
    `deadline_seconds` have passed and `quorum` calls are answered, the others are dropped.
    `reply_tokens` is what an answer may take.
    """

    kind: str
    members: tuple[str, ...]
    aggregator: str = ""
    samples: int | None = None
    layers: int = 2
    temperature: float | None = None
    quorum: int = 1
    deadline_seconds: float | None = None
    reply_tokens: int = 8192

    @property
    def times(self) -> int:
        """How often each member is asked, per layer."""
        return self.samples or (_SAMPLES if len(self.members) == 1 else 1)

    @property
    def last(self) -> str:
        """The name of the model that sums up or chooses; empty for none."""
        return self.aggregator or ("" if self.kind == BEST_OF else self.members[0])

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all models it needs, each once."""
        return tuple(dict.fromkeys([*self.members, *filter(None, [self.last])]))


@dataclass(frozen=True)
class MemberModel:
    """A model that an ensemble may ask: its name and settings, and what opens a new backend."""

    name: str
    settings: ModelSettings
    open: Callable[[], Backend]


def check_shape(name: str, shape: Shape, ensembles: Iterable[str] = ()) -> None:
    """Raise UsageError if there can be no such ensemble; `ensembles` are the names of all others.

    An ensemble of ensembles is none: nobody could tell what it costs.
    """
    for wrong, what, hint in _faults(shape, set(ensembles)):
        if wrong:
            raise UsageError(f"models.{one_line(name)}: {what}", hint)


def _faults(shape: Shape, ensembles: set[str]) -> Iterator[tuple[bool, str, str]]:
    calls = len(shape.members) * shape.times
    yield shape.kind not in KINDS, "no such ensemble", f"use one of {', '.join(sorted(KINDS))}"
    yield not shape.members, "an ensemble needs members", 'members = ["one", "another"]'
    yield len(set(shape.members)) < len(shape.members), "a member twice", "use samples instead"
    only_one = shape.kind == SELF and len(shape.members) != 1
    yield only_one, "self asks one model several times", "name one member, or use mixture"
    yield shape.layers < 2, "an ensemble has at least 2 layers", "the last one sums up"
    deep = shape.layers != 2 and shape.kind != MIXTURE
    yield deep, "only a mixture has several layers", "leave out layers"
    yield shape.quorum > calls, f"a quorum above its {calls} calls", "lower quorum"
    nested = ensembles.intersection(shape.models)
    yield bool(nested), "a member is an ensemble itself", "name models that answer themselves"


def open_ensemble(
    shape: Shape,
    models: Mapping[str, MemberModel],
    prompts: Path,
    tell: Tell,
    alarm: Alarm = timer,
) -> Mixture | BestOf:
    """Return the backend of an ensemble; nothing is connected to yet.

    `models` holds each of `shape.models` by name, `prompts` is the folder of the user's own words,
    `tell` learns what becomes of each call, `alarm` rings at the deadline. Raises UsageError.
    """
    opened = {name: _member(models[name]) for name in shape.models}
    temperature = _TEMPERATURE if shape.temperature is None else shape.temperature
    patience = Patience(shape.quorum, shape.deadline_seconds, alarm)
    words = load_prompt("ensemble-answers", prompts)
    synthesis = Synthesis(words, opened[shape.last] if shape.last else None, shape.reply_tokens)
    members = [opened[name] for name in shape.members]
    if shape.kind == SELF:
        (only,) = members
        return SelfMixture(
            only,
            shape.times,
            synthesis,
            temperature=temperature,
            patience=patience,
            tell=tell,
        )
    if shape.times > 1:
        members = [
            sample for one in members for sample in samples_of(one, shape.times, temperature)
        ]
    panel = Panel(members, patience, tell)
    if shape.kind == MIXTURE:
        return Mixture(panel, synthesis, shape.layers)
    return BestOf(panel, synthesis, load_prompt("ensemble-choose", prompts))


def set_judge(backend: Backend, judge: Judge) -> None:
    """Let a judge compare the answers of a best-of; other backends have no use for one."""
    if isinstance(backend, BestOf):
        backend.judge = judge


def cache_of(settings: ModelSettings) -> str:
    """Return what is equal for models that read one prompt cache."""
    return f"{settings.provider} {settings.base_url.rstrip('/')} {settings.model}"


def _member(model: MemberModel) -> Member:
    settings = model.settings
    opener = model.open
    if settings.provider == "embedded":
        # Its weights are loaded once, however often it is asked.
        opener = Shared(model.open).lend
    return Member(model.name, opener, cache_of(settings), settings.temperature)
