"""Several models asked the same at once: those that answer in time, and what became of the others.

Each call runs in a thread of its own that keeps no process alive. Who reads the events of a panel
is told of each member as it ends; who stops reading ends them all.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence

from copilot.backends.ensembles.asking import (
    THREAD_NAME,
    Asking,
    Patience,
    check_droppable,
    too_few,
)
from copilot.backends.ensembles.members import Member, MemberAnswer, Report, Tell
from copilot.backends.ensembles.seat import Seat
from copilot.backends.protocol import Event, ModelFacts, Request
from copilot.errors import CopilotError


class Panel:
    """Members that are all asked the same."""

    def __init__(
        self,
        members: Sequence[Member],
        patience: Patience | None = None,
        tell: Tell = lambda _report: None,
    ) -> None:
        self.seats = tuple(Seat(member) for member in members)
        self.tell = tell
        self._patience = patience or Patience()

    def facts(self) -> tuple[ModelFacts, ...]:
        """Return the facts of those members whose servers answer; the others are told of.

        Raises ModelUnreachable if none does.
        """
        found: dict[int, ModelFacts] = {}
        failed: dict[int, CopilotError] = {}

        def look(number: int, seat: Seat) -> None:
            try:
                found[number] = seat.facts()
            except CopilotError as error:
                failed[number] = error

        threads = [
            threading.Thread(target=look, args=one, daemon=True, name=THREAD_NAME)
            for one in enumerate(self.seats)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, error in sorted(failed.items()):
            check_droppable(error)
            self.tell(Report(self.seats[number].member.name, "dropped", error.message))
        if not found:
            raise too_few(self.seats, failed, 0, 1)
        return tuple(facts for _, facts in sorted(found.items()))

    def ask(
        self, request: Request, layer: int = 1
    ) -> Generator[Event, None, tuple[MemberAnswer, ...]]:
        """Ask all members, and return the answers in the members' order.

        In the first layer, the first member of each shared cache warms it for the others, which
        start with its first token. Yields how far the servers have read, all together, and who is
        waiting; what they write is not shown. Raises the error of a member that no other can stand
        in for, and ModelError or BudgetExceeded if fewer than the quorum answer.
        """
        asking = Asking(self.seats, request, layer, self._patience, self.tell)
        return (yield from asking.run())

    def close(self) -> None:
        """End all members."""
        for seat in self.seats:
            seat.close()
