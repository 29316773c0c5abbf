"""One question to all members of a panel, each in a thread of its own."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue

from copilot.backends.ensembles.members import MemberAnswer, Report, Tell
from copilot.backends.ensembles.seat import Seat
from copilot.backends.protocol import (
    BROKEN_OFF,
    CUT_OFF,
    TOOL_CALLED,
    Delta,
    Event,
    Finished,
    Reading,
    Request,
    Thinking,
    Waiting,
)
from copilot.errors import BudgetExceeded, CopilotError, ModelError, ModelUnreachable

# Rings once after these seconds, unless the function it returns is called before.
Alarm = Callable[[float, Callable[[], None]], Callable[[], None]]

_DROPPED = (ModelError, BudgetExceeded)
_NOBODY = -1
THREAD_NAME = "copilot-ensemble"


def timer(seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
    """Ring after so many seconds of real time; the alarm that is used unless another is given."""
    alarm = threading.Timer(seconds, ring)
    alarm.name, alarm.daemon = f"{THREAD_NAME}-deadline", True
    alarm.start()
    return alarm.cancel


@dataclass(frozen=True)
class Patience:
    """How long a panel is waited for.

    Once `deadline_seconds` have passed (None: never) and `quorum` members have answered, or cannot
    any more, the others are dropped; with fewer answers in the end there is none at all.
    """

    quorum: int = 1
    deadline_seconds: float | None = None
    alarm: Alarm = timer


@dataclass
class _Call:
    """A member that is being asked, and what came of it."""

    stop: threading.Event = field(default_factory=threading.Event)
    pieces: list[str] = field(default_factory=list)
    reading: Reading | None = None
    has_begun: bool = False
    finished: Finished | None = None


@dataclass(frozen=True)
class _End:
    error: CopilotError | None


_News = Event | _End | None


class Asking:
    """One question to all members of a panel."""

    def __init__(
        self, seats: Sequence[Seat], request: Request, layer: int, patience: Patience, tell: Tell
    ) -> None:
        self._seats, self._request, self._layer = seats, request, layer
        self._patience, self._tell = patience, tell
        self._news: SimpleQueue[tuple[int, _News]] = SimpleQueue()
        self._waiting: dict[str, deque[int]] = {}
        self._calls: dict[int, _Call] = {}
        self._answers: dict[int, MemberAnswer] = {}
        self._failed: dict[int, CopilotError] = {}
        self._is_late = False

    def run(self) -> Generator[Event, None, tuple[MemberAnswer, ...]]:
        cancel = self._set_alarm()
        try:
            self._begin()
            while self._calls and not (self._is_late and (self._has_quorum or self._is_lost)):
                number, news = self._news.get()
                yield from self._heard(number, news)
            self._drop_stragglers()
        finally:
            cancel()
            self._cut()
        if not self._has_quorum:
            raise too_few(self._seats, self._failed, len(self._answers), self._patience.quorum)
        return tuple(answer for _, answer in sorted(self._answers.items()))

    @property
    def _has_quorum(self) -> bool:
        return len(self._answers) >= max(1, self._patience.quorum)

    @property
    def _is_lost(self) -> bool:
        """Whether those that are still at it, or wait for their turn, cannot fill the quorum."""
        waiting = sum(map(len, self._waiting.values()))
        return len(self._answers) + len(self._calls) + waiting < self._patience.quorum

    def _set_alarm(self) -> Callable[[], None]:
        seconds = self._patience.deadline_seconds
        if seconds is None:
            return lambda: None
        return self._patience.alarm(seconds, lambda: self._news.put((_NOBODY, None)))

    def _begin(self) -> None:
        """Start all members but those that wait for another to warm their cache."""
        for number, seat in enumerate(self._seats):
            cache = seat.member.cache
            if not cache or self._layer > 1 or cache not in self._waiting:
                self._waiting.setdefault(cache, deque())
                self._start(number)
            else:
                self._waiting[cache].append(number)

    def _start(self, number: int) -> None:
        call = self._calls[number] = _Call()
        seat = self._seats[number]
        thread = threading.Thread(
            target=_listen,
            args=(seat, self._request, call.stop, lambda news: self._news.put((number, news))),
            name=f"{THREAD_NAME}-{seat.member.name}",
            daemon=True,
        )
        thread.start()

    def _start_next(self, cache: str, most: int | None = None) -> None:
        """Start members that wait for this cache, all of them or so many."""
        waiting = self._waiting.get(cache, deque())
        for _ in range(len(waiting) if most is None else min(most, len(waiting))):
            self._start(waiting.popleft())

    def _heard(self, number: int, news: _News) -> Generator[Event, None, None]:
        if news is None:
            self._is_late = True
            # A member that is late to warm a cache holds up no other.
            for cache in self._waiting:
                self._start_next(cache)
        elif isinstance(news, _End):
            self._ended(number, news.error)
        else:
            yield from self._listened(number, self._calls[number], news)

    def _listened(self, number: int, call: _Call, event: Event) -> Generator[Event, None, None]:
        if isinstance(event, Reading):
            call.reading = event
            yield self._reading()
        elif isinstance(event, Waiting):
            yield Waiting(event.seconds, f"{self._name(number)}: {event.why}")
        elif isinstance(event, Finished):
            call.finished = event
        else:
            if isinstance(event, Delta):
                call.pieces.append(event.text)
            if isinstance(event, Delta | Thinking) and event.text and not call.has_begun:
                call.has_begun = True
                self._start_next(self._seats[number].member.cache)

    def _reading(self) -> Reading:
        known = [call.reading for call in self._calls.values() if call.reading]
        return Reading(sum(one.done for one in known), sum(one.total for one in known))

    def _ended(self, number: int, error: CopilotError | None) -> None:
        call = self._calls.pop(number)
        text, end = "".join(call.pieces), call.finished
        if error is not None:
            check_droppable(error)
        elif end is None:
            error = ModelUnreachable("broke off without an end")
        elif why := _why_no_answer(end.reason, text):
            error = ModelUnreachable(why)
        if error is None and end is not None:
            self._answers[number] = MemberAnswer(self._name(number), text, end.reason, end.usage)
            cut = "cut off at its limit of tokens" if end.reason in CUT_OFF else ""
            self._tell(Report(self._name(number), "answered", cut, self._layer))
        elif error is not None:
            self._drop(number, error)
        if not call.has_begun:
            self._start_next(self._seats[number].member.cache, 1)

    def _drop_stragglers(self) -> None:
        waiting = [number for numbers in self._waiting.values() for number in numbers]
        late = f"no whole answer within {self._patience.deadline_seconds or 0:g} seconds"
        for number in sorted([*self._calls, *waiting]):
            self._drop(number, ModelUnreachable(late))

    def _drop(self, number: int, error: CopilotError) -> None:
        self._failed[number] = error
        self._tell(Report(self._name(number), "dropped", error.message, self._layer))

    def _name(self, number: int) -> str:
        return self._seats[number].member.name

    def _cut(self) -> None:
        """End the members that are still at it; their threads end by themselves."""
        for call in self._calls.values():
            call.stop.set()
        for number in self._calls:
            self._seats[number].close()


def _listen(
    seat: Seat, request: Request, stop: threading.Event, put: Callable[[_News], None]
) -> None:
    """Pass on what a member says, until it ends or is stopped; its end is passed on always."""
    error: CopilotError | None = None
    try:
        # What is closed under its reader fails in many ways.
        with _quiet_after(stop), closing(seat.ask(request)) as events:
            for event in events:
                if stop.is_set():
                    break
                put(event)
    except CopilotError as caught:
        error = caught
    finally:
        put(_End(error))


@contextmanager
def _quiet_after(stop: threading.Event) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError):
        if not stop.is_set():
            raise


def check_droppable(error: CopilotError) -> None:
    """Raise the error unless other members can stand in for the one that met it."""
    if not isinstance(error, _DROPPED):
        raise error


def _why_no_answer(reason: str, text: str) -> str:
    """Return why what a member said is no answer, "" if it is one."""
    if reason == "refused":
        return "refused"
    if reason in BROKEN_OFF:
        return f"broke off ({reason})"
    if reason in TOOL_CALLED:
        return "called a tool"
    return "" if text.strip() else "said nothing"


def too_few(
    seats: Sequence[Seat], failed: Mapping[int, CopilotError], answers: int, quorum: int
) -> CopilotError:
    """Return the error for a question that too few members answered, with each one's reason.

    A prompt too long for one of them comes first: a shorter one may be answered by all.
    """
    too_long = [error for error in failed.values() if isinstance(error, BudgetExceeded)]
    if too_long:
        return min(too_long, key=lambda error: error.limit or math.inf)
    lines = [
        f"  {Report(seats[number].member.name, 'dropped', error.message)}"
        for number, error in sorted(failed.items())
    ]
    needed = f", {quorum} are needed" if quorum > 1 else ""
    said = f"{answers or 'none'} of the {len(seats)} models of the ensemble answered{needed}"
    return ModelUnreachable("\n".join([said, *lines]), "see the reasons; copilot models list")
