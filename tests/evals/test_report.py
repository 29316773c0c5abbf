"""What a report says of rows: figures, what stands out, and its forms for people."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from copilot.evals.compare import compared
from copilot.evals.model import Measure, Score
from copilot.evals.report import relied_on, report_of
from copilot.evals.report_model import RULER_TASKS
from copilot.evals.report_table import report_markdown, report_text
from copilot.evals.rows import Calibration, Counted, Row, identity_of
from tests.evals.made_rows import made_row, made_rows, ruler_rows, series_of


def test_all_thirteen_tasks_give_rulers_average_and_length() -> None:
    series = series_of(ruler_rows({4000: 20, 8000: 18, 16000: 17, 32000: 10}))
    assert series.is_whole_ruler
    assert [round(one.average.value * 100) for one in series.lengths] == [100, 90, 85, 50]
    # 85 is below 85.6, and exactly 85 % of the score at the shortest length.
    assert (series.ruler, series.relative) == (8000, 16000)
    assert series.tasks == RULER_TASKS
    assert series.weighted == pytest.approx(
        ((1 + 1.8 + 2.55 + 2.0) / 10, (4 + 2.7 + 1.7 + 0.5) / 10)
    )
    assert series.lengths[0].average.count == 260


def test_fewer_tasks_have_no_length_by_rulers_rule() -> None:
    rows = [row for row in ruler_rows({4000: 20, 8000: 1}) if row.recipe.task != "qa_2"]
    series = series_of(rows)
    assert (series.ruler, series.relative, series.is_whole_ruler) == (None, 4000, False)
    assert "RULER" not in report_text(report_of(rows))


def test_a_length_that_lacks_a_task_counts_for_no_average() -> None:
    rows = ruler_rows({4000: 20, 8000: 18}) + made_rows(
        0, 20, suite="ruler", task="vt", tokens=16000
    )
    series = series_of(rows)
    assert (series.ruler, series.relative) == (8000, 8000)
    assert series.scores == pytest.approx({4000: 1.0, 8000: 0.9})
    (line,) = [li for li in report_text(report_of(rows)).splitlines() if "average of 13" in li]
    assert line.split()[-1] == "-"


def test_one_answer_for_a_sample_counts() -> None:
    failed = made_row(score=None, error="refused")
    report = report_of([failed, made_row(1.0), made_row(0.0, index=1, score=None, error="window")])
    assert (report.rows, report.series[0].errors) == (2, {"window": 1})
    assert report.series[0].lengths[0].tasks["single"].count == 1


def test_rows_without_any_answer_are_reported_too() -> None:
    report = report_of([made_row(score=None, error="window")])
    assert "no answers" in report_text(report)
    assert "longer than the model's window" in report_text(report)
    assert "no answers" in report_markdown(report)
    assert report_text(report_of([])) == "no rows\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(
            [made_row(usage=Counted(2048, 5), index=n) for n in range(3)],
            "truncated silently .*2,048 of 3,872 tokens at 4k .3 prompts",
            id="truncates",
        ),
        pytest.param(
            [
                made_row(0.0, score=Score(0.0, stale=True), forbidden=("old",), index=n)
                for n in range(9)
            ],
            "answers from the stale copy .*100% of 9 at 4k",
            id="stale",
        ),
        pytest.param(
            [
                row
                for depth in (0.0, 0.25, 0.5, 0.75, 1.0)
                for row in made_rows(5 if depth in (0.0, 1.0) else 0, 5, depth=depth)
            ],
            "forgets the middle .*0% and 100% at 4k, 25% deep",
            id="forgets",
        ),
        pytest.param(
            [made_row(score=Score(1.0, f1=0.1, exact=False), index=n) for n in range(3)],
            "lists too much .*100% and 10% at 4k",
            id="lists",
        ),
        pytest.param(
            [made_row(finish="length")], "1 answer ran into the limit of tokens", id="cut off"
        ),
        pytest.param(
            [made_row(), made_row(score=None, error="unreachable", index=1)],
            "1 sample without an answer: the server could not be reached",
            id="unreachable",
        ),
        pytest.param(
            [made_row(calibration=Calibration(16, 1, measured=False), usage=None)],
            "the server tells no usable usage",
            id="no usage",
        ),
    ],
)
def test_what_stands_out_is_said(rows: list[Row], said: str) -> None:
    report = report_of(rows)
    (series,) = report.series
    assert any(re.search(said, finding) for finding in series.findings), series.findings
    text = report_text(report)
    assert all(len(line) <= 80 for line in text.splitlines()), text
    assert re.search(said, " ".join(text.split()))


def _deep(*hits: int, samples: int = 5) -> list[Row]:
    """Return the rows of five depths, with so many right ones of each."""
    depths = (0.0, 0.25, 0.5, 0.75, 1.0)
    return [
        row
        for depth, right in zip(depths, hits, strict=True)
        for row in made_rows(right, samples, depth=depth)
    ]


@pytest.mark.parametrize(
    ("rows", "is_said"),
    [
        pytest.param(_deep(5, 5, 0, 5, 5), True, id="the middle fifth alone"),
        pytest.param(_deep(20, 17, 10, 18, 19, samples=20), True, id="weak there"),
        pytest.param(_deep(2, 2, 0, 2, 2, samples=2), False, id="too few"),
        pytest.param(_deep(5, 5, 4, 5, 5), False, id="one miss"),
        pytest.param(_deep(0, 0, 0, 20, 20, samples=20), False, id="the first half"),
        pytest.param(_deep(1, 0, 20, 20, 20, samples=20), False, id="a bad begin"),
        pytest.param(
            [
                *_deep(5, 5, 5, 5, 5),
                *made_rows(0, 20, task="stale", measure=Measure.CURRENT, positions=(1900,)),
            ],
            False,
            id="stale answers",
        ),
    ],
)
def test_a_middle_is_forgotten_where_both_ends_are_found(rows: list[Row], is_said: bool) -> None:
    findings = series_of(rows).findings
    assert any("forgets the middle" in said for said in findings) is is_said, findings


def test_of_cut_prompts_the_worst_and_the_median_are_told() -> None:
    counts = [3808] * 8 + [2010] * 9 + [1990]
    some = Calibration(23, 1.02)
    rows = [
        made_row(usage=Counted(count, 5), index=n, calibration=some)
        for n, count in enumerate(counts)
    ]
    findings = series_of(rows).findings
    assert findings[0].endswith("1,990 of 3,949 tokens at 4k (10 prompts), the median 51%")
    assert "which cannot be told: 8 prompts at 4k, 96% at the least" in findings[1]


def test_of_a_good_model_nothing_is_said_but_how_little_was_asked() -> None:
    rows = [
        row
        for depth in (0.0, 0.5, 1.0)
        for row in made_rows(
            20, 20, depth=depth, forbidden=("old",), score=Score(1.0, f1=1, exact=True)
        )
    ]
    assert series_of(rows).findings == ()
    (finding,) = series_of(rows[:20]).findings
    assert finding == "only 20 answers for a task and length: 20 cannot separate 90% from 100%"


def test_examples_are_a_series_of_their_own() -> None:
    rows = made_rows(1, 4, suite="edits", task="rename") + made_rows(
        3, 4, suite="edits", task="rename", examples=16
    )
    assert [one.title for one in report_of(rows).series] == ["edits", "edits, 16 examples"]


def test_tables_are_narrow_and_hold_every_figure() -> None:
    rows = ruler_rows(dict.fromkeys((4000, 8000, 16000, 32000, 64000, 128000, 1000000), 19))
    text = report_text(report_of(rows))
    assert all(len(line) <= 80 for line in text.splitlines()), text
    assert text.count("niah_multivalue") == 2
    assert text.count("95 (76–99)") == 13 * 7
    for figure in ("tokens read/s", "seconds", "cached", "answers for a task", "1M", "128k"):
        assert figure in text


def test_names_of_files_and_servers_do_no_harm() -> None:
    odd = identity_of("a|b`c\n\x1b[31m", "<script>", "openai", "http://127.0.0.1:1/v1")
    report = report_of([made_row(model=odd, repositories=("x|y@1",))])
    assert "\x1b" not in report_text(report)
    rendered = MarkdownIt("commonmark").enable("table").render(report_markdown(report))
    assert "<script>" not in rendered
    assert "<table>" in rendered


def test_markdown_has_a_cell_for_each_length() -> None:
    rows = ruler_rows({4000: 20, 8000: 10})
    page = report_markdown(report_of(rows))
    rendered = MarkdownIt("commonmark").enable("table").render(page)
    assert rendered.count("<table>") == 1
    for line in (line for line in page.splitlines() if line.startswith("|")):
        assert line.count("|") == 4, line


@pytest.mark.parametrize(
    ("rows", "measured"),
    [
        pytest.param(ruler_rows({4000: 20, 8000: 18, 16000: 10}), (8000, 16000), id="RULER's rule"),
        pytest.param(ruler_rows({4000: 16, 8000: 15, 16000: 5}), (8000, 16000), id="a weak model"),
        pytest.param(ruler_rows({4000: 20, 8000: 10, 16000: 20}), (4000, 8000), id="a dip"),
        pytest.param(ruler_rows({4000: 20, 8000: 20}), (8000, None), id="nothing failed"),
        pytest.param(ruler_rows({4000: 0, 8000: 0}), None, id="nothing passed"),
        pytest.param(made_rows(9, 9) + made_rows(0, 9, tokens=8000), None, id="too few"),
        pytest.param(
            made_rows(30, 30) + made_rows(20, 30, tokens=8000), (4000, 8000), id="relative"
        ),
        pytest.param(ruler_rows({4000: 9, 8000: 9, 16000: 1}), None, id="fails everywhere"),
        pytest.param(
            [
                row
                for tokens, hits in ((4000, 4), (8000, 0))
                for task in ("single", "multiple", "conflict", "stale", "deleted")
                for row in made_rows(hits, 4, tokens=tokens, task=task)
            ],
            None,
            id="few for each task",
        ),
        pytest.param(made_rows(30, 30), None, id="one length"),
    ],
)
def test_a_length_is_relied_on_where_a_longer_one_failed(
    rows: list[Row], measured: tuple[int, int | None] | None
) -> None:
    found = relied_on(series_of(rows))
    assert (found and (found[0].tokens, found[1])) == measured
    if found:
        assert found[0].room == found[0].tokens - 151


@pytest.mark.parametrize(
    ("about", "title"),
    [
        pytest.param({"seed": 7}, "needle, seed 7", id="seed"),
        pytest.param({"apart": True}, "needle, apart", id="apart"),
        pytest.param({"source": "t"}, "needle, web@5678", id="files"),
    ],
)
def test_other_samples_are_a_series_of_their_own(about: dict[str, Any], title: str) -> None:
    rows = made_rows(4, 4)
    others = [
        replace(row, recipe=replace(row.recipe, **about), score=Score(0.0))
        for row in made_rows(0, 4)
    ]
    if "source" in about:
        others = [replace(row, repositories=("web@5678",)) for row in others]
    first, second = report_of([*rows, *others]).series
    assert first.title.startswith("needle")
    assert second.title == title
    assert [one.scores for one in (first, second)] == [{4000: 1.0}, {4000: 0.0}]
    assert len(compared([*rows, *others])) == 2


def test_states_of_the_same_name_are_told_apart() -> None:
    rows = [made_row(), made_row(recipe=replace(made_row().recipe, source="abcdefgh"))]
    titles = [series.title for series in report_of(rows).series]
    assert titles == ["needle, app@1234 (s)", "needle, app@1234 (abcdef)"]


def test_an_effective_length_is_told_with_its_score_and_rule() -> None:
    text = report_text(report_of(ruler_rows({4000: 15, 8000: 13, 16000: 1})))
    assert "effective length: below 4k (RULER: 13-task average above 85.6)" in text
    assert "effective length: 8k, scoring 65 (relative: at least 85% of the 75 at 4k)" in text
    text = report_text(report_of(ruler_rows({4000: 9, 8000: 9})))
    assert "effective length: none (the shortest scores below 70: 45 at 4k)" in text
