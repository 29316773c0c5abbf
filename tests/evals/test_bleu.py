"""BLEU against values that were published or worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.evals.bleu import sentence_bleu

_WORDS = st.lists(st.sampled_from("abcd"), max_size=12)
# The pair that Papineni's paper and the documentation of nltk use.
_GUIDE = "It is a guide to action which ensures that the military always obeys the commands of"
_ORDERS = "It is a guide to action that ensures that the military will forever heed Party commands"


def _bleu(reference: str, candidate: str) -> float:
    return sentence_bleu(reference.split(), candidate.split())


def test_the_published_value() -> None:
    # nltk's documentation gives 0.4118 for this pair, which needs no smoothing.
    assert _bleu(_ORDERS, f"{_GUIDE} the party") == pytest.approx(0.4118, abs=0.0001)


def test_repeated_words_count_as_often_as_the_reference_has_them() -> None:
    # By hand: "the" matches twice of seven (Papineni's example), no longer run matches; smoothing
    # gives 1/k, 1/k², 1/k³ of 6, 5 and 4 runs with k = 5/ln 7. The candidate is the longer one.
    k = 5 / math.log(7)
    wanted = (2 / 7 * 1 / (k * 6) * 1 / (k**2 * 5) * 1 / (k**3 * 4)) ** 0.25
    assert _bleu("the cat is on the mat", "the the the the the the the") == pytest.approx(wanted)


def test_only_the_runs_of_four_are_smoothed() -> None:
    # By hand: 5 of 6 words, 3 of 5 pairs, 1 of 4 threes, no run of four of 3; of equal length.
    k = 5 / math.log(6)
    wanted = (5 / 6 * 3 / 5 * 1 / 4 * 1 / (k * 3)) ** 0.25
    assert _bleu("a b c d e f", "a b c x e f") == pytest.approx(wanted)


def test_a_short_candidate_pays_for_its_brevity() -> None:
    # By hand: all runs match, and 5 words stand for 10.
    assert _bleu("a b c d e f g h i j", "a b c d e") == pytest.approx(math.exp(1 - 10 / 5))


@pytest.mark.parametrize(("reference", "candidate"), [("a b c d", ""), ("", "a"), ("a b", "c d")])
def test_nothing_in_common_is_nothing(reference: str, candidate: str) -> None:
    assert _bleu(reference, candidate) == 0.0


@given(_WORDS, _WORDS)
def test_a_share_from_nothing_to_one(reference: list[str], candidate: list[str]) -> None:
    assert 0 <= sentence_bleu(reference, candidate) <= 1


@given(st.lists(st.sampled_from("abcd"), min_size=4, max_size=12))
def test_the_same_words_are_one(words: list[str]) -> None:
    assert sentence_bleu(words, words) == pytest.approx(1.0)
