from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from copilot.context.words import COUNT, mark_words

_SOURCES = st.lists(st.text(max_size=5), max_size=5)


@given(sources=_SOURCES)
def test_the_words_are_short_and_different(sources: list[str]) -> None:
    words = mark_words(sources)
    assert len(set(words)) == COUNT == 3
    assert all(len(word) == 6 and word.isascii() and word.islower() for word in words)
    assert mark_words(iter(sources)) == words


@given(sources=_SOURCES, more=st.text(max_size=3))
def test_other_contents_have_other_words(sources: list[str], more: str) -> None:
    assert mark_words([*sources, more]) != mark_words(sources)


def test_where_one_source_ends_matters() -> None:
    split = [["ab", "c"], ["a", "bc"], ["abc"], ["c", "ab"], ["abc", ""]]
    words = [mark_words(sources) for sources in split]
    assert all(one != other for one, other in itertools.combinations(words, 2))


def test_a_name_that_is_no_utf_8_is_a_source_too() -> None:
    assert mark_words(["app/\udcff"]) != mark_words(["app/\udcfe"])
