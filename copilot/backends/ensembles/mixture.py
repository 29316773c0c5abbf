"""Mixture-of-Agents: proposers answer, see each other's answers, and one model sums them up.

After Wang et al. 2024, "Mixture-of-Agents Enhances Large Language Model Capabilities"
(arXiv 2406.04692), and for one model sampled several times Li et al. 2025, "Rethinking
Mixture-of-Agents" (arXiv 2502.00674). Other than there, the answers stand behind the prompt and not
in the system message: the repository before them stays in the provider's cache.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from copilot.backends.ensembles.asking import Patience
from copilot.backends.ensembles.members import (
    Member,
    MemberAnswer,
    MemberUsage,
    Report,
    Tell,
    summed,
)
from copilot.backends.ensembles.panel import Panel
from copilot.backends.ensembles.seat import Seat
from copilot.backends.ensembles.words import behind
from copilot.backends.protocol import Delta, Event, Finished, ModelFacts, Request
from copilot.errors import BudgetExceeded, ModelError, UsageError

# What an answer's frame and the words around all of them take, in tokens, with room to spare.
_FRAME_TOKENS = 40
_WORDS_TOKENS = 600
# With one layer there would be nobody to sum up.
LEAST_LAYERS = 2


@dataclass(frozen=True)
class Synthesis:
    """How answers become one: the words around them (a template for `behind`), and by whom.

    `reply_tokens` is what each answer may take of the window of whoever reads it.
    """

    words: str
    aggregator: Member | None
    reply_tokens: int = 8192


class Ensemble:
    """What all ensembles are: a panel, and a model that may sum up what it says."""

    _kind = "ensemble"
    # Whether the panel's members are shown answers too.
    _shows_answers = False

    def __init__(self, panel: Panel, synthesis: Synthesis) -> None:
        self.panel = panel
        self.synthesis = synthesis
        member = synthesis.aggregator
        self.aggregator = Seat(member) if member else None

    def facts(self) -> ModelFacts:
        """Return what all members that answer can do, with room for the answers they are shown.

        Raises ModelUnreachable if no member answers, ModelError if the aggregator does not.
        """
        proposers = self.panel.facts()
        last = (self.aggregator.facts(),) if self.aggregator else ()
        room = _WORDS_TOKENS + len(self.panel.seats) * (_FRAME_TOKENS + self.synthesis.reply_tokens)
        windows = [_less(one.window, room if self._shows_answers else 0) for one in proposers]
        windows += [_less(one.window, room) for one in last]
        facts = (*proposers, *last)
        return ModelFacts(
            self._name(),
            min((window for window in windows if window is not None), default=None),
            facts[0].grammar if all(one.follows_grammar for one in facts) else "",
            min((one.max_reply_tokens for one in facts if one.max_reply_tokens), default=None),
        )

    def close(self) -> None:
        """End all members."""
        self.panel.close()
        if self.aggregator:
            self.aggregator.close()

    def _name(self) -> str:
        """Return the name that past runs are found by."""
        names = [seat.member.name for seat in self.panel.seats]
        by = f" by {self.aggregator.member.name}" if self.aggregator else ""
        return f"{self._kind}({', '.join(names)}){by}"

    def _summed_up(
        self, request: Request, answers: Sequence[MemberAnswer], calls: list[MemberUsage]
    ) -> Generator[Event, None, None]:
        """Stream the aggregator's answer; if it has none, the first of the answers."""
        if self.aggregator is None:
            yield from given(answers[0], calls)
            return
        name, has_begun = f"{self.aggregator.member.name} (aggregator)", False
        shown = behind(request, [answer.text for answer in answers], self.synthesis.words)
        try:
            with closing(self.aggregator.ask(shown)) as events:
                for event in events:
                    has_begun = has_begun or isinstance(event, Delta)
                    if isinstance(event, Finished):
                        calls.append(MemberUsage(name, event.usage))
                        event = Finished(event.reason, summed(calls))
                    yield event
        except (ModelError, BudgetExceeded) as error:
            if has_begun:
                raise
            self.panel.tell(Report(name, "dropped", error.message))
            self.panel.tell(Report(answers[0].name, "chosen", "nobody summed the answers up"))
            yield from given(answers[0], calls)


class Mixture(Ensemble):
    """Proposers in parallel, `layers` less one times over, then one aggregator, which streams."""

    _kind = "mixture"

    def __init__(self, panel: Panel, synthesis: Synthesis, layers: int = LEAST_LAYERS) -> None:
        if synthesis.aggregator is None or layers < LEAST_LAYERS:
            raise UsageError(
                "a mixture needs an aggregator and at least 2 layers", "the last one sums up"
            )
        super().__init__(panel, synthesis)
        self._layers = layers
        self._shows_answers = layers > LEAST_LAYERS

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Stream the aggregator's answer, as the protocol says; usage is an EnsembleUsage.

        Members without an answer are told of and left out. Raises ModelError or BudgetExceeded if
        too few answer in the first layer; if they do in a later one, the answers before it count.
        """
        calls: list[MemberUsage] = []
        answers: tuple[MemberAnswer, ...] = ()
        for layer in range(1, self._layers):
            texts = [answer.text for answer in answers]
            asked = behind(request, texts, self.synthesis.words) if texts else request
            try:
                answers = yield from self.panel.ask(asked, layer)
            except (ModelError, BudgetExceeded):
                if not answers:
                    raise
                break
            calls += [MemberUsage(answer.name, answer.usage) for answer in answers]
        yield from self._summed_up(request, answers, calls)


class SelfMixture(Mixture):
    """One model sampled several times, and its own aggregator."""

    _kind = "self"

    def __init__(
        self,
        member: Member,
        samples: int,
        synthesis: Synthesis,
        *,
        temperature: float = 0.7,
        patience: Patience | None = None,
        tell: Tell = lambda _report: None,
    ) -> None:
        panel = Panel(samples_of(member, samples, temperature), patience, tell)
        super().__init__(panel, synthesis)

    def _name(self) -> str:
        seats = self.panel.seats
        return f"self({len(seats)} x {seats[0].member.name.rpartition(' #')[0]})"


def samples_of(member: Member, samples: int, temperature: float) -> tuple[Member, ...]:
    """Return the member several times over, each with a number and a seed of its own."""
    if samples < 1:
        raise UsageError("an ensemble needs at least one sample", "set samples")
    return tuple(
        Member(f"{member.name} #{number}", member.open, member.cache, temperature, number)
        for number in range(1, samples + 1)
    )


def given(answer: MemberAnswer, calls: Sequence[MemberUsage]) -> Iterator[Event]:
    """Stream one member's answer, whole, with the usage of all calls."""
    yield Delta(answer.text)
    yield Finished(answer.reason, summed(calls))


def _less(window: int | None, room: int) -> int | None:
    return None if window is None else max(1, window - room)
