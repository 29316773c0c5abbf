"""Best of several: a judge compares the answers, and a model decides only where they are level."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

from copilot.backends.ensembles.members import MemberAnswer, MemberUsage, Report
from copilot.backends.ensembles.mixture import Ensemble, Synthesis, given
from copilot.backends.ensembles.panel import Panel
from copilot.backends.ensembles.words import behind
from copilot.backends.protocol import Delta, Event, Finished, Reading, Request, Waiting
from copilot.errors import BudgetExceeded, ModelError

# A reasoning model thinks before it says its number.
_CHOICE_TOKENS = 4096


@dataclass(frozen=True)
class Judgement:
    """What a judge says of answers: the numbers of the best (from 0), the first of them first.

    Where several are best, `shown` stands for each of these when a model has to choose.
    """

    best: tuple[int, ...]
    shown: tuple[str, ...] = ()


Judge = Callable[[Sequence[MemberAnswer]], Judgement]


class BestOf(Ensemble):
    """Members asked at once, of whose answers one is given as it is.

    `judge` compares them; without one, as for a question, the aggregator sums them up, and without
    an aggregator either, the first answer is given. `choosing` are the words around level answers.
    """

    _kind = "best-of"

    def __init__(
        self, panel: Panel, synthesis: Synthesis, choosing: str, judge: Judge | None = None
    ) -> None:
        super().__init__(panel, synthesis)
        self._choosing = choosing
        self.judge = judge

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Give the best answer, in one piece; usage is an EnsembleUsage. Raises as a panel does."""
        answers = yield from self.panel.ask(request)
        calls = [MemberUsage(answer.name, answer.usage) for answer in answers]
        if self.judge is None:
            yield from self._summed_up(request, answers, calls)
            return
        judgement = self.judge(answers)
        place = 0
        if len(judgement.best) > 1:
            place = yield from self._picked(request, judgement, calls)
        chosen = answers[judgement.best[place]]
        self.panel.tell(Report(chosen.name, "chosen"))
        yield from given(chosen, calls)

    def _picked(
        self, request: Request, judgement: Judgement, calls: list[MemberUsage]
    ) -> Generator[Event, None, int]:
        """Let the aggregator choose among level answers; the first if it makes no choice."""
        if self.aggregator is None:
            return 0
        name = f"{self.aggregator.member.name} (choice)"
        asked = choice_request(request, judgement.shown, self._choosing)
        pieces: list[str] = []
        try:
            for event in self.aggregator.ask(asked):
                if isinstance(event, Delta):
                    pieces.append(event.text)
                elif isinstance(event, Finished):
                    calls.append(MemberUsage(name, event.usage))
                elif isinstance(event, Reading | Waiting):
                    yield event
        except (ModelError, BudgetExceeded) as error:
            self.panel.tell(Report(name, "dropped", f"{error.message}; the first is taken"))
            return 0
        chosen = choice_in("".join(pieces), len(judgement.best))
        if chosen is None:
            self.panel.tell(Report(name, "dropped", "it named no choice; the first is taken"))
            return 0
        self.panel.tell(Report(name, "answered", f"chose {chosen} of {len(judgement.best)}"))
        return chosen - 1


def choice_request(request: Request, shown: Sequence[str], words: str) -> Request:
    """Return the request for the number of one of these, on the prompt that is read already."""
    numbers = " | ".join(f'"{number}"' for number in range(1, len(shown) + 1))
    asked = replace(
        request,
        max_reply_tokens=min(_CHOICE_TOKENS, request.max_reply_tokens),
        grammar=f"root ::= {numbers}",
    )
    return behind(asked, shown, words)


def choice_in(reply: str, count: int) -> int | None:
    """Return the one number from 1 to `count` that a reply names; None for none or several."""
    bare = re.sub(r"<think>.*?</think>", "", reply, flags=re.DOTALL)
    numbers = {int(digits[:9]) for digits in re.findall(r"\d+", bare)}
    chosen = numbers.pop() if len(numbers) == 1 else 0
    return chosen if 1 <= chosen <= count else None
