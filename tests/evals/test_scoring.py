from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.context.model import Frame, Prompt
from copilot.evals.model import Measure, Recipe, Sample
from copilot.evals.scoring import (
    f1_of,
    final,
    listed,
    scored,
)

RECIPE = Recipe("ruler", "any", 4096, 3900, 0, 42, "qwen3", "")
SAMPLE = Sample(RECIPE, Prompt((), (), Frame(), "qwen3"), "", ("AB", "CD"), Measure.ALL, 30)


def test_all_is_the_share_of_references_found() -> None:
    answers = ["the values are ab and CD", "ab", ""]
    assert [scored(SAMPLE, answer).value for answer in answers] == [1.0, 0.5, 0.0]
    one = replace(SAMPLE, references=("a",))
    assert [scored(one, answer).value for answer in "abc"] == [1.0, 0.0, 0.0]


def test_part_asks_for_any_reference() -> None:
    part = replace(SAMPLE, measure=Measure.PART)
    assert [scored(part, answer).value for answer in ("say CD", "nothing")] == [1.0, 0.0]


def test_recall_alone_does_not_see_that_everything_was_listed() -> None:
    answer = "ANSWER: AB, CD, EF, GH"
    score = scored(SAMPLE, answer)
    assert score.value == 1.0
    assert score.f1 == pytest.approx(2 / 3)
    assert score.exact is False


@pytest.mark.parametrize(
    "answer",
    [
        "ANSWER: AB, CD",
        "answer: `ab`; `cd`.",
        "AB and CD",
        "The lines say more.\nANSWER:\n- AB\n- CD\n",
        "1. AB\n2. CD",
        "<think>ANSWER: XX?</think>ANSWER: [AB, CD]",
        'ANSWER: "AB" "CD"',
    ],
)
def test_a_list_is_read_however_it_is_written(answer: str) -> None:
    assert scored(SAMPLE, answer).exact is True


def test_what_is_only_thought_of_is_no_answer() -> None:
    assert final("<think>AB") == ""
    assert scored(SAMPLE, "<think>AB, CD</think>ANSWER: EF").value == 0.0


def test_one_of_several_right_answers_is_enough_for_part_and_all_of_them_are_too_many() -> None:
    sample = replace(SAMPLE, measure=Measure.PART)
    assert scored(sample, "ANSWER: CD").exact is True
    assert scored(sample, "ANSWER: AB, CD, EF").value == 1.0
    assert scored(sample, "ANSWER: AB, CD, EF").exact is False


def test_the_current_value_beside_the_stale_one_is_wrong() -> None:
    sample = replace(SAMPLE, references=("22",), forbidden=("11",), measure=Measure.CURRENT)
    assert scored(sample, "ANSWER: 22").value == 1.0
    both = scored(sample, "ANSWER: 22 (before: 11)")
    assert (both.value, both.stale) == (0.0, True)
    assert (scored(sample, "ANSWER: 11").value, scored(sample, "11").stale) == (0.0, True)
    assert scored(sample, "").stale is False


@pytest.mark.parametrize(
    "answer", ["ANSWER: NONE", "none", "It does not exist.", "The file was deleted."]
)
def test_what_is_gone_is_said_to_be_so(answer: str) -> None:
    sample = replace(SAMPLE, references=("NONE",), forbidden=("11",), measure=Measure.ABSENT)
    assert scored(sample, answer).value == 1.0


@pytest.mark.parametrize("answer", ["", "ANSWER: 11", "ANSWER: 33", "NONE, it was 11"])
def test_silence_and_any_value_are_wrong_where_none_is_left(answer: str) -> None:
    sample = replace(SAMPLE, references=("NONE",), forbidden=("11",), measure=Measure.ABSENT)
    assert scored(sample, answer).value == 0.0


def test_edits_are_not_scored_here() -> None:
    with pytest.raises(ValueError, match="edit"):
        scored(replace(SAMPLE, measure=Measure.EDIT), "AB")


@given(
    st.frozensets(st.sampled_from("abcdef")), st.frozensets(st.sampled_from("abcdef"), min_size=1)
)
def test_f1_is_one_for_equal_sets_alone_and_zero_for_disjoint_ones(
    found: frozenset[str], wanted: frozenset[str]
) -> None:
    f1 = f1_of(found, wanted)
    assert (f1 == 1.0) == (found == wanted)
    assert (f1 == 0.0) == (not found & wanted)


@given(st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), unique=True, min_size=1))
def test_what_was_joined_by_commas_is_listed(values: list[str]) -> None:
    wanted = frozenset(values) - {"and"}
    assert listed("ANSWER: " + ", ".join(sorted(wanted))) == wanted
