"""The members of an ensemble: how each is asked, what it said, and what that took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from copilot.backends.protocol import Backend, NewTokens, Usage
from copilot.text import one_line


@dataclass(frozen=True)
class Member:
    """A model that answers for an ensemble, by the name that people are told.

    `open` makes a backend for this member alone: closing it must disturb no other member. Members
    with the same `cache` (the name of a server and its model) read one prompt cache; empty: none
    is shared. `temperature` and `seed` take the place of the request's where they are set.
    """

    name: str
    open: Callable[[], Backend]
    cache: str = ""
    temperature: float | None = None
    seed: int | None = None


@dataclass(frozen=True)
class MemberAnswer:
    """A whole answer of a member; `reason` is why it stopped, as in Finished."""

    name: str
    text: str
    reason: str
    usage: Usage | None


@dataclass(frozen=True)
class Report:
    """What became of a member's answer, or of its call in layer `layer`, counted from 1.

    A judge finds it `best`, `level` with others, or `behind`.
    """

    name: str
    outcome: Literal["answered", "dropped", "best", "level", "behind", "chosen"]
    why: str = ""
    layer: int = 1

    def __str__(self) -> str:
        layer = f" (layer {self.layer})" if self.layer > 1 else ""
        why = f": {self.why}" if self.why else ""
        return one_line(f"{self.name}{layer}: {self.outcome}{why}")


Tell = Callable[[Report], object]


@dataclass(frozen=True)
class MemberUsage:
    """What one call took; `usage` is None where the server told none."""

    name: str
    usage: Usage | None


@dataclass(frozen=True)
class EnsembleUsage(Usage):
    """The sum over all calls that told their usage, and each call's own.

    `cached` and `cache_written` are None unless each of them tells it.
    """

    calls: tuple[MemberUsage, ...] = ()


def summed(calls: Sequence[MemberUsage]) -> EnsembleUsage | None:
    """Return the usage of several calls; None if none of them told any."""
    told = [call.usage for call in calls if call.usage is not None]
    if not told:
        return None
    return EnsembleUsage(
        sum(usage.prompt for usage in told),
        sum(usage.reply for usage in told),
        _sum_of_known([usage.cached for usage in told]),
        _sum_of_known([usage.cache_written for usage in told]),
        tuple(calls),
    )


def of_one_call(usage: Usage | None) -> Usage | None:
    """Return what one request took, of several the one whose prompt was the shortest."""
    if not isinstance(usage, EnsembleUsage):
        return usage
    return min((c.usage for c in usage.calls if c.usage is not None), key=lambda one: one.prompt)


def least_read(usage: Usage | None) -> int | None:
    """Return the prompt tokens that a server counted, of several calls the fewest.

    None where nothing was counted, or perhaps only what no cache held.
    """
    one = of_one_call(usage)
    return None if one is None or isinstance(one, NewTokens) else one.prompt


def _sum_of_known(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
