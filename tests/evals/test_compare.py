"""Models side by side: their differences, in tables and as curves."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from copilot.evals.compare import compared, comparison_markdown, comparison_text
from copilot.evals.curves_svg import curves_svg
from copilot.evals.model import Recipe
from copilot.evals.report import report_of
from copilot.evals.report_table import report_text
from copilot.evals.rows import identity_of
from tests.evals.made_rows import MODEL_A, MODEL_B, made_row, made_rows, ruler_rows


def test_models_stand_side_by_side_with_their_difference() -> None:
    rows = (
        made_rows(10, 10)
        + made_rows(5, 10, model=MODEL_B)
        + made_rows(3, 10, tokens=8000, model=MODEL_B)
    )
    (comparison,) = compared(rows)
    assert [one.model for one in comparison.series] == [MODEL_A, MODEL_B]
    first, second = comparison.differences
    assert first is None
    assert second is not None
    assert (second.value, second.count) == (-0.5, 10)
    # Half of the gains are 0 and half -1: their standard deviation is 0.527.
    half = 2.262 * 0.527 / 10**0.5
    assert (second.low, second.high) == pytest.approx((-0.5 - half, -0.5 + half), abs=1e-3)
    text = comparison_text([comparison])
    assert "A: a at http://127.0.0.1:1/v1" in text
    assert "B: b at embedded" in text
    assert "-50 (-88 to -12)" in text
    page = comparison_markdown([comparison])
    assert MarkdownIt("commonmark").enable("table").render(page).count("<table>") == 1


def test_each_question_about_a_haystack_is_compared() -> None:
    recipe = Recipe("repoqa", "function", 4000, 3849, 0, 42, "o200k_base", "s")
    rows = [
        made_row(
            float(model is MODEL_B and n < 5),
            recipe=replace(recipe, question=n, room=3849 - 100 * (model is MODEL_B)),
            references=(f"def number_{n}(): ...",),
            model=model,
        )
        for model in (MODEL_A, MODEL_B)
        for n in range(10)
    ]
    difference = compared(rows)[0].differences[1]
    assert difference is not None
    assert (difference.value, difference.count) == (0.5, 10)


def test_questions_with_other_answers_are_other_questions() -> None:
    rows = made_rows(9, 9) + made_rows(9, 9, references=("another",), model=MODEL_B)
    assert compared(rows)[0].differences == (None, None)


def test_a_name_is_no_markdown_beside_others() -> None:
    name = "<b>a|b</b> [x](https://example.org)\x1b[1m"
    page = comparison_markdown(
        compared(made_rows(9, 9, model=identity_of(name, "a", "openai", "")))
    )
    shown = MarkdownIt("commonmark").enable("table").render(page)
    assert "<b>" not in shown
    assert "href" not in shown
    assert "\x1b" not in page


def test_nothing_is_compared_of_samples_that_only_one_answered() -> None:
    (comparison,) = compared(made_rows(9, 9) + made_rows(9, 9, tokens=8000, model=MODEL_B))
    assert comparison.differences == (None, None)
    assert comparison_text(compared([])).startswith("no rows")


@given(st.lists(st.booleans(), min_size=10, max_size=30))
def test_a_model_is_no_better_than_itself(hits: list[bool]) -> None:
    rows = [
        made_row(float(hit), index=n, model=m)
        for m in (MODEL_A, MODEL_B)
        for n, hit in enumerate(hits)
    ]
    (comparison,) = compared(rows)
    difference = comparison.differences[1]
    assert difference is not None
    assert difference.value == 0.0
    # That all gains are equal is no certainty.
    assert -difference.low == pytest.approx(difference.high)
    assert 2 / len(hits) < difference.high < 0.35


def test_a_difference_is_that_of_the_averages() -> None:
    hits = {"single": (25, 25, 20), "multiple": (5, 0, 5)}
    rows = [
        row
        for task, (count, first, other) in hits.items()
        for model, right in ((MODEL_A, first), (MODEL_B, other))
        for row in made_rows(right, count, task=task, model=model)
    ]
    (comparison,) = compared(rows)
    difference = comparison.differences[1]
    assert difference is not None
    averages = [series.lengths[0].average.value for series in comparison.series]
    assert difference.value == pytest.approx(averages[1] - averages[0])
    assert (round(difference.value, 3), difference.count) == (0.4, 30)
    assert difference.low < 0.4 < difference.high


def test_of_few_pairs_no_difference_is_told() -> None:
    comparisons = compared(made_rows(9, 9) + made_rows(0, 9, model=MODEL_B))
    assert comparisons[0].differences == (None, None)
    assert "too few" in comparison_text(comparisons)


_LONG = "http://127.0.0.1:8000/some/long/path/to/v1"


def _called(number: int) -> Any:
    address = f"{_LONG[:-1]}{number}"
    return identity_of(address, f"a-model-of-number-{number}", "openai", address)


def test_texts_have_eighty_columns_and_name_a_server_once() -> None:
    rows = [row for n in range(6) for row in ruler_rows({4000: 20, 8000: 18}, model=_called(n))]
    for text in (comparison_text(compared(rows)), report_text(report_of(rows))):
        assert all(len(line) <= 80 for line in text.splitlines()), text
        assert text.count(f"{_LONG[:-1]}3") == 1
        assert "a-model-of-number-3 at" in text
    picture = curves_svg(compared(rows)[0])
    assert all(f">a-model-of-number-{n}<" in picture for n in range(6))


def test_models_of_one_name_are_told_apart_by_letters() -> None:
    same = [identity_of("m", "m", "openai", f"http://127.0.0.1:{n}/v1") for n in (1, 2)]
    picture = curves_svg(compared([row for m in same for row in made_rows(9, 9, model=m)])[0])
    assert ">A: m<" in picture
    assert ">B: m<" in picture


def test_the_comparison_is_drawn_with_every_name_apart() -> None:
    third = identity_of("a-third-model-with-a-very-long-name-indeed", "c", "openai", "")
    curves = [{4000: 20, 8000: 18}, {4000: 20, 8000: 18}, {4000: 0, 8000: 0}]
    rows = [
        row
        for model, curve in zip((MODEL_A, MODEL_B, third), curves, strict=True)
        for row in ruler_rows(curve, model=model)
    ]
    (comparison,) = compared(rows)
    picture = curves_svg(comparison)
    assert picture == curves_svg(comparison)
    space = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(picture)  # noqa: S314 - our own
    texts = {text.text: text for text in root.iter(f"{space}text")}
    names = ("a", "b", "a-third-model-with-a-very…")
    places = sorted(float(texts[name].attrib["y"]) for name in names)
    assert all(above + 12 <= below for above, below in pairwise(places))
    assert all(0 < place < float(root.attrib["height"]) for place in places)
    assert {"4k", "8k", "0", "100"} <= set(texts)
    assert any("RULER's threshold of 85.6" in (text or "") for text in texts)
    # Each line has marks of a shape of its own: one for each length, and one at its name.
    assert len(list(root.iter(f"{space}circle"))) == 3
    shapes = [len(mark.attrib["points"].split()) for mark in root.iter(f"{space}polygon")]
    assert shapes == [4] * 6
    assert len(list(root.iter(f"{space}polyline"))) == 3
