"""What a run of several models may take of time and money, and what is left of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from copilot.evals.running import Bounds


@dataclass
class Purse:
    """What the models of one run may take together: time, and money in each currency."""

    bounds: Bounds
    spent: dict[str, float] = field(default_factory=dict)
    begun: float | None = None

    def left(self, currency: str) -> Bounds:
        """Return the bounds for the next model; the time begins with the first."""
        moment = time.monotonic()
        self.begun = moment if self.begun is None else self.begun
        cost, seconds = self.bounds.max_cost, self.bounds.max_seconds
        return replace(
            self.bounds,
            max_cost=None if cost is None else cost - self.spent.get(currency, 0.0),
            max_seconds=None if seconds is None else seconds - (moment - self.begun),
        )

    def pay(self, currency: str, cost: float) -> None:
        self.spent[currency] = self.spent.get(currency, 0.0) + cost
