"""Which unchanged lines are shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.tui.folds import Folds, Shown

FOLDS = st.builds(
    Folds,
    is_whole=st.booleans(),
    extra=st.dictionaries(st.just(1), st.tuples(st.integers(0, 9), st.integers(0, 9))),
)


def shown(folds: Folds, length: int, *, above: bool = True, below: bool = True) -> Shown:
    return folds.shown(1, length, has_hunk_above=above, has_hunk_below=below)


def test_three_lines_are_shown_next_to_each_hunk() -> None:
    assert shown(Folds(), 20) == (3, 3, 14)
    assert shown(Folds(), 20, above=False) == (0, 3, 17)
    assert shown(Folds(), 20, below=False) == (3, 0, 17)
    assert shown(Folds(), 5) == (3, 2, 0)
    assert shown(Folds(), 7) == (4, 3, 0)


def test_more_is_shown_on_both_sides_of_a_hunk() -> None:
    more = Folds().more(1)
    assert shown(more, 40) == (3, 13, 24)
    assert more.shown(2, 40, has_hunk_above=True, has_hunk_below=True) == (13, 3, 24)
    assert shown(more.more(1), 40) == (3, 23, 14)


def test_gap_and_file_are_opened_and_closed() -> None:
    assert shown(Folds().opened(1), 40) == (40, 0, 0)
    assert shown(Folds().opened(1), 40, above=False) == (0, 40, 0)
    assert shown(Folds().toggled_whole(), 40) == (40, 0, 0)
    assert Folds().more(0).toggled_whole().toggled_whole() == Folds()
    folded = Folds().more(0).with_folded(True)
    assert folded.is_folded
    assert folded.with_folded(False) == Folds().more(0)


@given(FOLDS, st.integers(0, 30), st.booleans(), st.booleans())
def test_every_line_of_a_gap_is_shown_or_hidden(
    folds: Folds, length: int, above: bool, below: bool
) -> None:
    found = shown(folds, length, above=above, below=below)
    assert sum(found) == length
    assert min(found) >= 0
    assert found.hidden != 1 or length == 1
