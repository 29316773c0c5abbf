"""Duplicates become one; what differs in place or claim stays, and checks of ours always."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.reviewing.finding import Finding, Origin, Severity
from copilot.assist.reviewing.merge import merged

ONE = Finding("a.py", 3, 4, Severity.WARNING, "tests", "It fails.", "x = 1\ny = 2")


def test_the_same_claim_at_the_same_place() -> None:
    other = replace(ONE, line=4, severity=Severity.ERROR, claim=" it  FAILS.", suggestion="s")
    assert merged([ONE, other]) == (replace(ONE, severity=Severity.ERROR, suggestion="s"),)


def test_the_same_quote_under_the_same_category() -> None:
    other = replace(ONE, claim="It may fail.")
    assert merged([ONE, other]) == (ONE,)
    assert len(merged([ONE, replace(other, category="security")])) == 2


def test_other_places_and_files_stay() -> None:
    far, elsewhere = replace(ONE, line=5, end_line=6), replace(ONE, path="b.py")
    assert merged([far, elsewhere, ONE]) == (ONE, far, elsewhere)


def test_what_a_check_found_is_never_merged_away() -> None:
    check = replace(ONE, origin=Origin.CHECK)
    assert merged([ONE, check, ONE]) == (ONE, check)
    assert merged([check, ONE]) == (check, ONE)


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from("ab"), st.sampled_from(Severity))))
def test_nothing_new_nothing_twice(some: list[tuple[int, str, Severity]]) -> None:
    findings = [
        replace(ONE, line=line, end_line=line, claim=claim, evidence=claim, severity=severity)
        for line, claim, severity in some
    ]
    found = merged(findings)
    places = [(one.line, one.claim) for one in found]
    assert sorted(set(places)) == sorted(places)
    assert set(places) == {(one.line, one.claim) for one in findings}
    assert merged(found) == found
