from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.review.marks import (
    Decision,
    Marks,
    decision_of,
    filled,
    filled_from,
    holds,
    marked,
    packed,
    shared_decision,
    spread,
    taken_units,
)

_DECISIONS = st.lists(st.sampled_from(Decision), min_size=1, max_size=6)


def _marks(decisions: list[Decision]) -> Marks:
    marks: Marks = Decision.UNDECIDED
    for unit, decision in enumerate(decisions):
        marks = marked(marks, len(decisions), range(unit, unit + 1), decision)
    return marks


def _listed(marks: Marks, count: int) -> list[Decision]:
    return [decision_of(marks, unit) for unit in range(count)]


@given(_DECISIONS)
def test_marks_are_what_was_decided_in_as_little_as_will_do(decisions: list[Decision]) -> None:
    marks = _marks(decisions)
    assert _listed(marks, len(decisions)) == decisions
    assert isinstance(marks, Decision) == (len(set(decisions)) == 1)
    assert packed(spread(marks, len(decisions))) == marks
    taken = [decision is Decision.ACCEPTED for decision in decisions]
    assert [*taken_units(marks, len(decisions))] == taken


@given(_DECISIONS, st.integers(0, 6), st.integers(0, 6), st.sampled_from(Decision))
def test_questions_about_some_units(
    decisions: list[Decision], start: int, size: int, decision: Decision
) -> None:
    marks, units = _marks(decisions), range(len(decisions))[start : start + size]
    part = decisions[units.start : units.stop]
    if part:
        assert holds(marks, decision, units) == (decision in part)
        assert shared_decision(marks, units) is (part[0] if len(set(part)) == 1 else None)
    assert holds(marks, decision) == (decision in decisions)


@given(_DECISIONS, st.integers(0, 6), st.sampled_from(Decision))
def test_only_what_is_undecided_is_filled(
    decisions: list[Decision], start: int, decision: Decision
) -> None:
    marks, count = _marks(decisions), len(decisions)
    every = [decision if one is Decision.UNDECIDED else one for one in decisions]
    assert _listed(filled(marks, decision), count) == every
    rest = filled_from(marks, count, start, decision)
    assert _listed(rest, count) == decisions[:start] + every[start:]
