"""A session's turns, each on disk as it happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from copilot.assist.session import record
from copilot.assist.session.protocol import Kind, Turn, Wish
from copilot.cli.talk import say
from copilot.errors import CopilotError, UsageError
from copilot.runs.sessions import (
    SessionFile,
    create_session,
    find_session,
    fork_session,
    list_sessions,
    open_session,
    read_session,
)
from copilot.text import one_line

LAST = "last"


class Kept:
    """The turns of one session, and its file. The file is made with the first turn.

    A disk that refuses costs the person nothing but the copy: `refused` tells why.
    """

    def __init__(self, folder: Path, roots: Iterable[str], model: str) -> None:
        self._folder = folder
        self._about = {"roots": list(roots), "model": model}
        self._file: SessionFile | None = None
        self._events: list[dict[str, Any]] = []
        self.turns: tuple[Turn, ...] = ()
        self.wishes: dict[str, Wish] = {}
        self.model = model
        self.written: tuple[str, ...] = ()
        self.undone: tuple[str, ...] = ()
        self.refused = ""

    @property
    def id(self) -> str:
        return self._file.id if self._file else ""

    @classmethod
    def opened(cls, folder: Path, wanted: str, roots: Iterable[str]) -> Kept:
        """Open a kept session: by a part of its id, or the last one of these roots.

        Raises UsageError, for a session of other roots too.
        """
        held = tuple(roots)
        name = _last(folder, held) if wanted == LAST else find_session(folder, wanted)
        about = roots_of(folder, name)
        if about != held:
            places = " ".join(f"-R {one_line(root)}" for root in about)
            raise UsageError(
                f"the session {name} is about other folders: {', '.join(map(one_line, about))}",
                f"copilot {places} --resume {name}",
            )
        file, events = open_session(folder, name)
        kept = cls(folder, held, "")
        kept._file = file
        kept._take(events)
        return kept

    def fork(self, at: int | None) -> Kept:
        """Return a new session that begins with these turns. Raises UsageError."""
        if not self._file:
            raise UsageError("there is nothing to fork yet", "ask something first")
        file = fork_session(
            self._folder, self.id, self._about, lambda events: record.up_to(events, at)
        )
        file.close()
        return Kept.opened(self._folder, file.id, self._about["roots"])

    def begin(self, kind: Kind, asked: str, model: str) -> Turn:
        """Begin a turn; it is one of the turns when it ends."""
        number = self.turns[-1].number + 1 if self.turns else 1
        started = datetime.now(UTC).isoformat(timespec="seconds")
        turn = Turn(number, kind, asked, started=started, model=model)
        self.store(record.began(turn))
        return turn

    def end(self, turn: Turn) -> Turn:
        """End a turn; it is safe on disk then."""
        self.store(record.ended(turn), safe=True)
        self.turns = (*self.turns, turn)
        return turn

    def land(self, turn: Turn, transaction: str | None) -> Turn:
        """Take what became of an edit's review in the place of its turn."""
        self.store(record.landed(turn), safe=True)
        if transaction:
            self.reverse("wrote", transaction)
        self.turns = tuple(turn if one.number == turn.number else one for one in self.turns)
        return turn

    def reopen(self, turn: Turn) -> None:
        """Begin another answer of a turn that had ended."""
        self.store(record.reopened(turn))

    def end_again(self, turn: Turn) -> None:
        """End a turn that was opened again, and take it in the place of what it was."""
        self.store(record.ended(turn, with_texts=True), safe=True)
        self.turns = tuple(turn if one.number == turn.number else one for one in self.turns)

    def reverse(self, what: str, transaction: str) -> None:
        """Remember that a transaction was written, undone by this one, or made again by it."""
        event = {"type": what, "id": transaction}
        self.store(event, safe=True)
        self.written, self.undone = record.reversed_by(event, self.written, self.undone)

    def wish(self, names: Iterable[str], wish: Wish | None) -> None:
        event = record.wished(names, wish)
        self.store(event)
        for name in event["names"]:
            self.wishes.pop(name, None)
            if wish:
                self.wishes[name] = wish

    def choose_model(self, name: str) -> None:
        self.model = name
        self._about["model"] = name
        if self._file:
            self.store(record.model_chosen(name))

    def store(self, event: Mapping[str, Any], *, safe: bool = False) -> None:
        """Write an event; wishes alone make no session yet."""
        if self.refused:
            return
        try:
            if self._file is None and event.get("type") == "wish":
                self._events.append(dict(event))
                return
            if self._file is None:
                self._file = create_session(self._folder, self._about)
                for earlier in self._events:
                    self._file.append(earlier)
            self._file.append(event, safe=safe)
        except CopilotError as error:
            self.refused = error.message
            say(f"warning: {error.message}; the session goes on, and is kept no longer")

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _take(self, events: Iterable[dict[str, Any]]) -> None:
        told = record.record_of(events)
        self.turns, self.wishes = told.turns, dict(told.wishes)
        self.model = told.model
        self._about["model"] = told.model
        self.written, self.undone = told.written, told.undone
        if self.turns and self.turns[-1].is_partial and not self.turns[-1].seconds:
            # Its process was killed; what was shown of it stays.
            self.store(record.ended(replace(self.turns[-1], is_partial=True)))


def roots_of(folder: Path, wanted: str) -> tuple[str, ...]:
    """Return the roots of a kept session, by a part of its id. Raises UsageError."""
    return record.record_of(read_session(folder, find_session(folder, wanted)).events).roots


def _last(folder: Path, roots: tuple[str, ...]) -> str:
    """Return the session of these roots used last that nobody has open. Raises UsageError."""
    found = list_sessions(folder, without=record.PIECE_BEGINS)
    for stored in sorted(found, key=lambda one: one.changed, reverse=True):
        told = record.record_of(stored.events)
        if told.roots == roots and any(map(record.is_question, told.turns)) and not stored.is_open:
            return stored.id
    raise UsageError("there is no session of this folder to go on with", "copilot begins one")
