"""A member's backend: opened when it is needed, closed from outside, and opened again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from copilot.backends.ensembles.members import Member
from copilot.backends.protocol import Backend, Event, ModelFacts, Request
from copilot.errors import ModelUnreachable


class Seat:
    """One member and its backend. `close` may come from any thread, also while it is asked."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self._lock = threading.Lock()
        self._backend: Backend | None = None
        self._known: tuple[Backend, ModelFacts] | None = None

    def facts(self) -> ModelFacts:
        """Return what the member's server says of its model, asked once. Raises ModelError."""
        backend = self._opened()
        known = self._known
        if known is None or known[0] is not backend:
            self._known = known = (backend, backend.facts())
        return known[1]

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Ask as the protocol says, with the member's own sampling, and nothing it cannot take."""
        member, facts = self.member, self.facts()
        most = facts.max_reply_tokens or request.max_reply_tokens
        fit = replace(
            request,
            max_reply_tokens=min(most, request.max_reply_tokens),
            temperature=request.temperature if member.temperature is None else member.temperature,
            grammar=request.grammar if facts.follows_grammar else None,
            seed=request.seed if member.seed is None else member.seed,
        )
        yield from self._opened().ask(fit)

    def close(self) -> None:
        """End what the member is doing; it is opened again when it is asked again."""
        with self._lock:
            backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def _opened(self) -> Backend:
        with self._lock:
            if self._backend is None:
                self._backend = self.member.open()
            return self._backend


class Shared:
    """One backend that answers one question at a time, lent to several members.

    For a model that is too large to be loaded once for each of them. It is opened for the first of
    them and closed when the last has given it back.
    """

    def __init__(self, open_backend: Callable[[], Backend]) -> None:
        self._open = open_backend
        self._lock = threading.Lock()
        self._lent: tuple[Backend, threading.Lock] | None = None
        self._loans = 0

    def lend(self) -> Backend:
        """Return a backend whose closing disturbs no other member."""
        with self._lock:
            if self._lent is None:
                self._lent = (self._open(), threading.Lock())
            self._loans += 1
            return _Loan(*self._lent, self._give_back)

    def _give_back(self) -> None:
        with self._lock:
            self._loans -= 1
            lent = None if self._loans else self._lent
            if lent is not None:
                self._lent = None
        if lent is not None:
            lent[0].close()


class _Loan:
    def __init__(
        self, backend: Backend, turn: threading.Lock, give_back: Callable[[], None]
    ) -> None:
        self._backend, self._turn, self._give_back = backend, turn, give_back
        self._is_over = False

    def facts(self) -> ModelFacts:
        return self._backend.facts()

    def ask(self, request: Request) -> Iterator[Event]:
        with self._turn:
            if self._is_over:
                raise ModelUnreachable("the question was withdrawn before its turn")
            yield from self._backend.ask(request)

    def close(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._give_back()
