"""Decisions on the changed lines of one file, in as few bytes as will do."""

from __future__ import annotations

from enum import Enum


class Decision(Enum):
    """What a person said of a change."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


# One decision for all units of a file, or a byte for each unit. A unit is what is decided as one:
# a changed line, a move, a new mode, or a whole file that cannot be taken line by line.
Marks = Decision | bytes

_DECISIONS = tuple(Decision)
_CODES = {decision: code for code, decision in enumerate(_DECISIONS)}
_UNDECIDED = b"\0"
_TAKEN = bytes(code == _CODES[Decision.ACCEPTED] for code in range(256))


def code_of(decision: Decision) -> int:
    return _CODES[decision]


def decision_of(marks: Marks, unit: int) -> Decision:
    return marks if isinstance(marks, Decision) else _DECISIONS[marks[unit]]


def shared_decision(marks: Marks, units: range) -> Decision | None:
    """Return the decision that all these units share, or None where they differ."""
    if isinstance(marks, Decision):
        return marks
    part = marks[units.start : units.stop]
    return _DECISIONS[part[0]] if part and part.count(part[0]) == len(part) else None


def holds(marks: Marks, decision: Decision, units: range | None = None) -> bool:
    """Tell whether one unit at least, of all or of `units`, is decided so."""
    if isinstance(marks, Decision):
        return marks is decision
    part = marks if units is None else marks[units.start : units.stop]
    return _CODES[decision] in part


def spread(marks: Marks, count: int) -> bytes:
    """Return one byte per unit, for a file of `count` units."""
    return bytes([_CODES[marks]]) * count if isinstance(marks, Decision) else marks


def packed(spread_marks: bytes) -> Marks:
    """Return one decision for all units where they share one, else the bytes as they are."""
    if not spread_marks:
        return Decision.UNDECIDED
    first = spread_marks[0]
    is_shared = spread_marks.count(first) == len(spread_marks)
    return _DECISIONS[first] if is_shared else spread_marks


def marked(marks: Marks, count: int, units: range, decision: Decision) -> Marks:
    """Return the marks of a file of `count` units with `units` decided so."""
    every = spread(marks, count)
    middle = spread(decision, len(units))
    return packed(every[: units.start] + middle + every[units.stop :])


def filled(marks: Marks, decision: Decision) -> Marks:
    """Return the marks with every undecided unit decided so."""
    if isinstance(marks, Decision):
        return decision if marks is Decision.UNDECIDED else marks
    return packed(marks.replace(_UNDECIDED, bytes([_CODES[decision]])))


def filled_from(marks: Marks, count: int, unit: int, decision: Decision) -> Marks:
    """Return the marks of a file of `count` units with the undecided ones from `unit` on filled."""
    every = spread(marks, count)
    rest = every[unit:].replace(_UNDECIDED, bytes([_CODES[decision]]))
    return packed(every[:unit] + rest)


def taken_units(marks: Marks, count: int) -> bytes:
    """Return one byte per unit: 1 where it is accepted, else 0."""
    return spread(marks, count).translate(_TAKEN)
