from __future__ import annotations

import difflib
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.diff import Range, changed_ranges

_LINES = st.lists(st.sampled_from([b"a", b"b", b"c", b""]), max_size=15)


def _check(before: list[bytes], after: list[bytes]) -> None:
    ranges = changed_ranges(before, after)
    position, new_position = 0, 0
    for run in [*ranges, Range(len(before), len(before), len(after), len(after))]:
        assert before[position : run.old_from] == after[new_position : run.new_from]
        position, new_position = run.old_to, run.new_to
    assert all(upper.old_to < lower.old_from for upper, lower in pairwise(ranges))
    assert all(run.old_from < run.old_to or run.new_from < run.new_to for run in ranges)


@settings(deadline=None)
@given(_LINES, _LINES)
def test_what_lies_between_the_ranges_is_equal(before: list[bytes], after: list[bytes]) -> None:
    _check(before, after)


@settings(deadline=None)
@given(_LINES, _LINES)
def test_small_texts_differ_where_difflib_says(before: list[bytes], after: list[bytes]) -> None:
    """Equal starts and ends are left out of the comparison, so neither text has any here."""
    old, new = [b"old start", *before, b"old end"], [b"new start", *after, b"new end"]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    opcodes = [Range(*where) for tag, *where in matcher.get_opcodes() if tag != "equal"]
    assert changed_ranges(old, new) == opcodes


def test_equal_texts_have_no_ranges() -> None:
    assert changed_ranges([b"a", b"b"], [b"a", b"b"]) == []


def test_few_edits_in_a_large_text_are_found_one_by_one() -> None:
    before = [b"%d" % number if number % 3 else b"" for number in range(9000)]
    after = [b"new", *before[:4000], b"x", *before[4002:8999]]
    assert changed_ranges(before, after) == [
        Range(0, 0, 0, 1),
        Range(4000, 4002, 4001, 4002),
        Range(8999, 9000, 8999, 8999),
    ]
    _check(before, after)


def test_moved_parts_of_a_large_text() -> None:
    before = [b"%d" % number for number in range(6000)]
    after = [*before[3000:], *before[:3000]]
    _check(before, after)
    assert len(changed_ranges(before, after)) == 2


def test_a_large_run_without_anchors_is_one_change() -> None:
    before, after = [b"a", b"b"] * 3000, [b"b", b"b", b"a"] * 3000
    assert changed_ranges(before, after) == [Range(0, 6000, 0, 9000)]
    _check(before, after)


def test_many_middling_runs_are_taken_apart_until_it_is_enough() -> None:
    before: list[bytes] = []
    after: list[bytes] = []
    for part in range(12):
        lines = [b"%d" % (number // 2) for number in range(1900)]
        before += [b"start %d" % part, *lines]
        after += [b"start %d" % part, b"new", *lines[:900], *lines[901:], b"new"]
    _check(before, after)
    assert len(changed_ranges(before, after)) == 5 * 3 + 7


def test_few_edits_are_found_among_lines_that_all_occur_twice_and_more() -> None:
    before = [b"%d" % (number * number % 1009) for number in range(6000)]
    after = [*before[:2000], b"0", *before[2001:4000], *before[4003:]]
    _check(before, after)
    assert sum(run.old_to - run.old_from for run in changed_ranges(before, after)) < 20
