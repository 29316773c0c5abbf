from __future__ import annotations

import random
from uuid import UUID

import pytest

from copilot.evals import words


@pytest.fixture
def source() -> random.Random:
    return random.Random(42)  # noqa: S311 - what is drawn is no secret


def test_no_word_of_a_list_lets_a_name_be_a_part_of_another() -> None:
    for one, two in ((a, b) for a in words.NOUNS for b in words.NOUNS if a != b):
        assert not two.startswith(one)
    for one, two in ((a, b) for a in words.VERBS for b in words.VERBS if a != b):
        assert not two.endswith(one)
    assert not set(words.ADJECTIVES) & set(words.NOUNS)
    assert not any(a in n for a in words.ADJECTIVES for n in words.NOUNS if n.startswith(a))


def test_names_are_apart_beyond_the_pairs_that_there_are(source: random.Random) -> None:
    pairs = len(words.VERBS) * len(words.NOUNS)
    names = words.first(words.functions(source), pairs + 400)
    assert len(set(names)) == len(names)
    chosen = source.sample(names[:pairs], 200) + names[pairs:]
    assert words.are_apart(chosen)


def test_a_word_in_another_is_seen_in_any_case() -> None:
    assert not words.are_apart(["get_user", "GET_USER_BY_ID"])
    assert not words.are_apart(["abc", "abc"])
    assert words.are_apart(["abc", "abd"])


def test_values_have_the_published_forms(source: random.Random) -> None:
    numbers = words.numbers(source, 500)
    assert len(set(numbers)) == 500
    assert {len(number) for number in numbers} == {7}
    assert UUID(words.first(words.identifiers(source), 1)[0]).version == 4
    assert {len(word) for word in words.variables(source, 50)} == {5}
    assert all(word.isupper() for word in words.variables(source, 50))
    coded = words.coded(source, 50)
    assert {len(word) for word in coded} == {6}
    assert all(word.islower() for word in coded)


def test_short_words_are_of_one_length_so_that_none_is_in_another(source: random.Random) -> None:
    short = words.short(source)
    assert {len(word) for word in short} == {4}
    assert len(set(short)) == len(short) == 70 * 70
