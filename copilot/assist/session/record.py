"""A session's events and the turns that they tell; both ways, and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from copilot.assist.estimate import money
from copilot.assist.session.protocol import Costs, Kind, SessionInfo, Turn, Wish
from copilot.backends.protocol import Usage
from copilot.runs.sessions import StoredSession
from copilot.text import one_line, visible

_TITLE = 60
_BACKTICKS = re.compile(r"`+")
_USAGE = ("prompt", "reply", "cached", "cache_written")
_REVERSING = frozenset({"wrote", "undid", "redid"})
_SPOKEN = frozenset({Kind.ASK, Kind.EDIT})
Event = Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """What the events of a session tell.

    `written` are the transactions that it wrote and that can be undone, `undone` those that can be
    made again, the last one last.
    """

    turns: tuple[Turn, ...] = ()
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    model: str = ""
    roots: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()


def began(turn: Turn) -> dict[str, Any]:
    """Return the event of a turn's begin."""
    return {
        "type": "turn",
        "number": turn.number,
        "kind": str(turn.kind),
        "asked": turn.asked,
        "started": turn.started,
        "model": turn.model,
    }


def said(line: str) -> dict[str, Any]:
    return {"type": "said", "text": line}


def piece(text: str) -> dict[str, str]:
    """Return the event of a piece of an answer: short, as there are many."""
    return {"+": text}


# How the lines of pieces begin; what a list tells needs none of them.
PIECE_BEGINS = b'{"+":'
AGAIN: dict[str, str] = {"type": "again"}


def reopened(turn: Turn) -> dict[str, Any]:
    """Return the event of another answer's begin, in a turn that had ended."""
    return {"type": "reopened", "number": turn.number}


def ended(turn: Turn, *, with_texts: bool = False) -> dict[str, Any]:
    """Return the event of a turn's end, with all that earlier events did not tell.

    `with_texts` where the answers are not those that came last.
    """
    texts: dict[str, Any] = {}
    if with_texts:
        texts = {"answer": turn.answer, "earlier": list(turn.earlier), "said": list(turn.said)}
    elif turn.kind not in _SPOKEN:
        texts = {"answer": turn.answer, "earlier": list(turn.earlier)}
    usage = {name: getattr(turn.usage, name) for name in _USAGE} if turn.usage else None
    return {
        "type": "end",
        "number": turn.number,
        "kind": str(turn.kind),
        **texts,
        "is_partial": turn.is_partial,
        "outcome": turn.outcome,
        "hint": turn.hint,
        "usage": usage,
        "seconds": turn.seconds,
        "first_token_seconds": turn.first_token_seconds,
        "cost": turn.cost,
        "currency": turn.currency,
    }


def landed(turn: Turn) -> dict[str, Any]:
    """Return the event of what became of an edit's review."""
    return {
        "type": "outcome",
        "number": turn.number,
        "outcome": turn.outcome,
        "said": list(turn.said),
        "hint": turn.hint,
    }


def wished(names: Iterable[str], wish: Wish | None) -> dict[str, Any]:
    return {"type": "wish", "names": list(names), "wish": str(wish) if wish else None}


def model_chosen(name: str) -> dict[str, Any]:
    return {"type": "model", "model": name}


def reversed_by(
    event: Event, written: tuple[str, ...], undone: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what can be undone, and made again, after a transaction of the journal."""
    transaction = str(event.get("id", ""))
    if event.get("type") == "wrote":
        return (*written, transaction), ()
    if event.get("type") == "undid":
        return written[:-1], (*undone, transaction)
    return (*written, transaction), undone[:-1]


def record_of(events: Iterable[Event]) -> Record:
    """Return what events tell; one that nobody knows tells nothing."""
    reading = _Reading()
    for event in events:
        # One of another shape tells nothing either.
        with suppress(TypeError, ValueError):
            reading.take(event)
    return reading.record()


def up_to(events: tuple[dict[str, Any], ...], number: int | None) -> tuple[dict[str, Any], ...]:
    """Return the events of the turns up to `number`, of all turns without one.

    What was written stays with the session that wrote it: nobody else undoes it.
    """
    told = tuple(event for event in events if event.get("type") not in _REVERSING)
    if number is None:
        return told
    last = next(
        (n for n, e in enumerate(told) if e.get("type") == "turn" and _number(e) > number),
        len(told),
    )
    later = (e for e in told[last:] if e.get("type") == "outcome" and _number(e) <= number)
    return (*told[:last], *later)


def info_of(stored: StoredSession) -> SessionInfo:
    """Return what a list shows of a session."""
    record = record_of(stored.events)
    costs = costs_of(record.turns)
    return SessionInfo(
        stored.id,
        title_of(record.turns),
        record.roots,
        stored.changed.isoformat(timespec="seconds"),
        sum(map(is_question, record.turns)),
        record.model,
        costs.cost,
        costs.currency,
        stored.is_open,
    )


def is_question(turn: Turn) -> bool:
    """Tell whether something was asked of a model: what a command said is none, nor its failure."""
    if turn.kind is Kind.ERROR:
        return bool(turn.model) or not turn.asked.startswith("/")
    return turn.kind is not Kind.NOTE


def title_of(turns: Iterable[Turn]) -> str:
    """Return the first question on one line, shortened."""
    asked = next((turn.asked for turn in turns if is_question(turn)), "")
    words = " ".join(asked.split())
    return words if len(words) <= _TITLE else f"{words[: _TITLE - 1].rstrip()}…"


def costs_of(turns: Iterable[Turn]) -> Costs:
    """Return what turns took together; no sum of money where one of them lacks it."""
    answered = [turn for turn in turns if turn.usage is not None]
    usages = [turn.usage for turn in answered if turn.usage]
    costs = [turn.cost for turn in answered]
    known = [cost for cost in costs if cost is not None]
    currencies = {turn.currency for turn in answered}
    cost = sum(known) if known and len(known) == len(costs) and len(currencies) == 1 else None
    total = Costs(
        len(answered),
        sum(usage.prompt for usage in usages),
        sum(usage.cached or 0 for usage in usages),
        sum(usage.reply for usage in usages),
        cost,
        min(currencies, default="USD"),
    )
    seconds = sum(turn.seconds for turn in answered)
    return replace(total, line=_costs_line(total, seconds))


def _costs_line(costs: Costs, seconds: float) -> str:
    plural = "" if costs.requests == 1 else "s"
    cached = f", {costs.cached_tokens:,} of them cached" if costs.cached_tokens else ""
    paid = "" if costs.cost is None else f"; {money(costs.cost, costs.currency)}"
    return (
        f"{costs.requests} answer{plural} in {seconds:.0f} s: {costs.prompt_tokens:,} tokens "
        f"read{cached}, {costs.reply_tokens:,} written{paid}"
    )


def as_markdown(title: str, roots: Iterable[str], turns: Iterable[Turn]) -> str:
    """Return a session as Markdown, its texts made harmless; edits and notes stand in fences."""
    parts = [f"# {one_line(title) or 'A session'}", "\n".join(f"- {one_line(r)}" for r in roots)]
    for turn in turns:
        parts += _markdown_of(turn)
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown_of(turn: Turn) -> Iterator[str]:
    about = [str(turn.kind), turn.model, turn.started]
    yield f"## {turn.number}. {one_line(' · '.join(word for word in about if word))}"
    if turn.asked:
        yield "\n".join(f"> {line}".rstrip() for line in visible(turn.asked).splitlines())
    for text in (*turn.earlier, turn.answer):
        if text:
            yield visible(text).rstrip() if turn.kind is Kind.ASK else _fenced(visible(text))
    notes = [f"{line}" for line in turn.said]
    notes += ["the answer is partial"] if turn.is_partial else []
    notes += [turn.outcome] if turn.outcome else []
    notes += [f"hint: {turn.hint}"] if turn.hint else []
    if notes:
        yield "\n".join(f"- {one_line(note)}" for note in notes)


def _fenced(text: str) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def _number(event: Event) -> int:
    number = event.get("number")
    return number if isinstance(number, int) else 0


def _begun(event: Event) -> Turn:
    return Turn(
        _number(event),
        _kind(event),
        str(event.get("asked", "")),
        started=str(event.get("started", "")),
        model=str(event.get("model", "")),
    )


def _kind(event: Event) -> Kind:
    try:
        return Kind(event.get("kind", ""))
    except ValueError:
        return Kind.NOTE


class _Reading:
    """Turns made from events, one after another."""

    def __init__(self) -> None:
        self._turns: dict[int, Turn] = {}
        self._open: Turn | None = None
        self._pieces: list[str] = []
        self._wishes: dict[str, Wish] = {}
        self._model = ""
        self._roots: tuple[str, ...] = ()
        self._written: tuple[str, ...] = ()
        self._undone: tuple[str, ...] = ()

    def take(self, event: Event) -> None:
        if "+" in event:
            self._pieces.append(str(event["+"]))
            return
        self._join_pieces()
        kind = event.get("type")
        if kind in {"session", "model"}:
            self._model = str(event.get("model", ""))
            self._roots = tuple(map(str, event.get("roots", self._roots)))
        elif kind == "wish":
            _take_wish(event, self._wishes)
        elif kind in _REVERSING:
            self._written, self._undone = reversed_by(event, self._written, self._undone)
        elif kind == "turn":
            self._cut_off()
            self._open = _begun(event)
        elif kind == "reopened" and _number(event) in self._turns:
            self._cut_off()
            turn = self._turns[_number(event)]
            self._open = replace(turn, earlier=(*turn.earlier, turn.answer), answer="")
        elif kind in {"said", "again", "end"} and self._open:
            self._open = _gone_on(self._open, event)
            if kind == "end":
                self._keep(self._open)
        elif kind == "outcome" and _number(event) in self._turns:
            self._turns[_number(event)] = _judged(self._turns[_number(event)], event)

    def record(self) -> Record:
        self._join_pieces()
        self._cut_off()
        turns = tuple(self._turns[number] for number in sorted(self._turns))
        return Record(turns, self._wishes, self._model, self._roots, self._written, self._undone)

    def _join_pieces(self) -> None:
        if self._open and self._pieces:
            self._open = replace(self._open, answer="".join([self._open.answer, *self._pieces]))
        self._pieces = []

    def _cut_off(self) -> None:
        """Keep a turn that has no end: the process ended before it."""
        if self._open:
            self._keep(replace(self._open, is_partial=self._open.kind in _SPOKEN))

    def _keep(self, turn: Turn) -> None:
        self._turns[turn.number] = turn
        self._open = None


def _gone_on(turn: Turn, event: Event) -> Turn:
    if event["type"] == "said":
        return replace(turn, said=(*turn.said, str(event.get("text", ""))))
    if event["type"] == "again":
        return replace(turn, earlier=(*turn.earlier, turn.answer), answer="")
    usage = event.get("usage")
    return replace(
        turn,
        kind=_kind(event),
        answer=str(event.get("answer", turn.answer)),
        earlier=tuple(map(str, event.get("earlier", turn.earlier))),
        said=tuple(map(str, event.get("said", turn.said))),
        is_partial=bool(event.get("is_partial")),
        outcome=str(event.get("outcome", "")),
        hint=str(event.get("hint", "")),
        usage=_usage(usage) if isinstance(usage, dict) else None,
        seconds=float(event.get("seconds") or 0),
        first_token_seconds=event.get("first_token_seconds"),
        cost=event.get("cost"),
        currency=str(event.get("currency", "USD")),
    )


def _usage(told: Event) -> Usage:
    prompt, reply, cached, written = (told.get(name) for name in _USAGE)
    return Usage(int(prompt or 0), int(reply or 0), cached, written)


def _judged(turn: Turn, event: Event) -> Turn:
    return replace(
        turn,
        outcome=str(event.get("outcome", "")),
        said=tuple(map(str, event.get("said", turn.said))),
        hint=str(event.get("hint", "")),
    )


def _take_wish(event: Event, wishes: dict[str, Wish]) -> None:
    for name in map(str, event.get("names", ())):
        wishes.pop(name, None)
        if wish := event.get("wish"):
            wishes[name] = Wish(wish)
