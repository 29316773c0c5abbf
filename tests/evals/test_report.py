"""What a report says of rows: figures, what stands out, and its forms for people and tools."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from copilot.errors import PolicyRefused, UsageError
from copilot.evals.compare import compared, comparison_markdown, comparison_text
from copilot.evals.curves_svg import curves_svg
from copilot.evals.export import export_mlflow, harness_samples, metrics_of, write_harness
from copilot.evals.model import Measure, Recipe, Score
from copilot.evals.report import relied_on, report_of
from copilot.evals.report_model import RULER_TASKS, Series
from copilot.evals.report_table import report_markdown, report_text
from copilot.evals.rows import Calibration, Counted, Row, identity_of

_A = identity_of("a", "a-1", "openai", "http://127.0.0.1:1/v1")
_B = identity_of("b", "b", "embedded", "")


def _row(
    value: float = 1.0,
    *,
    suite: str = "needle",
    task: str = "single",
    tokens: int = 4000,
    index: int = 0,
    depth: float | None = None,
    examples: int = 0,
    model: Any = _A,
    **about: Any,
) -> Row:
    room = tokens - 128 - 23
    recipe = Recipe(
        suite, task, tokens, room, index, 42, "o200k_base", "s", depth, examples=examples
    )
    usual: dict[str, Any] = {
        "recipe": recipe,
        "model": model,
        "prompt_sha256": f"{task}{tokens}{index}{depth}",
        "haystack": "h",
        "positions": (),
        "references": ("right",),
        "forbidden": (),
        "measure": Measure.ALL,
        "reply_tokens": 128,
        "own_tokens": room,
        "calibration": Calibration(23, 1.0),
        "started": "2026-01-01T00:00:00",
        "answer": "an answer",
        "finish": "stop",
        "score": Score(value),
        "usage": Counted(room + 23, 9, 0),
        "seconds": 12.0,
        "first_token_seconds": 10.0,
        "repositories": ("app@1234",),
    }
    return Row(**{**usual, **about})


def _many(hits: int, count: int, **about: Any) -> list[Row]:
    return [_row(float(n < hits), index=n, **about) for n in range(count)]


def _one(rows: Iterable[Row]) -> Series:
    (series,) = report_of(rows).series
    return series


def _ruler(curve: dict[int, int], **about: Any) -> list[Row]:
    """Return 20 rows for each task and length, of which so many are right."""
    return [
        row
        for tokens, hits in curve.items()
        for task in RULER_TASKS
        for row in _many(hits, 20, suite="ruler", task=task, tokens=tokens, **about)
    ]


def test_all_thirteen_tasks_give_rulers_average_and_length() -> None:
    series = _one(_ruler({4000: 20, 8000: 18, 16000: 17, 32000: 10}))
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
    rows = [row for row in _ruler({4000: 20, 8000: 1}) if row.recipe.task != "qa_2"]
    series = _one(rows)
    assert (series.ruler, series.relative, series.is_whole_ruler) == (None, 4000, False)
    assert "RULER" not in report_text(report_of(rows))


def test_a_length_that_lacks_a_task_counts_for_no_average() -> None:
    rows = _ruler({4000: 20, 8000: 18}) + _many(0, 20, suite="ruler", task="vt", tokens=16000)
    series = _one(rows)
    assert (series.ruler, series.relative) == (8000, 8000)
    assert series.scores == pytest.approx({4000: 1.0, 8000: 0.9})
    (line,) = [li for li in report_text(report_of(rows)).splitlines() if "average of 13" in li]
    assert line.split()[-1] == "-"


def test_one_answer_for_a_sample_counts() -> None:
    failed = _row(score=None, error="refused")
    report = report_of([failed, _row(1.0), _row(0.0, index=1, score=None, error="window")])
    assert (report.rows, report.series[0].errors) == (2, {"window": 1})
    assert report.series[0].lengths[0].tasks["single"].count == 1


def test_rows_without_any_answer_are_reported_too() -> None:
    report = report_of([_row(score=None, error="window")])
    assert "no answers" in report_text(report)
    assert "longer than the model's window" in report_text(report)
    assert "no answers" in report_markdown(report)
    assert report_text(report_of([])) == "no rows\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(
            [_row(usage=Counted(2048, 5), index=n) for n in range(3)],
            "truncated silently .*2,048 of 3,872 tokens at 4k .3 prompts",
            id="truncates",
        ),
        pytest.param(
            [
                _row(0.0, score=Score(0.0, stale=True), forbidden=("old",), index=n)
                for n in range(9)
            ],
            "answers from the stale copy .*100% of 9 at 4k",
            id="stale",
        ),
        pytest.param(
            [
                row
                for depth in (0.0, 0.25, 0.5, 0.75, 1.0)
                for row in _many(5 if depth in (0.0, 1.0) else 0, 5, depth=depth)
            ],
            "forgets the middle .*0% and 100% at 4k, 25% deep",
            id="forgets",
        ),
        pytest.param(
            [_row(score=Score(1.0, f1=0.1, exact=False), index=n) for n in range(3)],
            "lists too much .*100% and 10% at 4k",
            id="lists",
        ),
        pytest.param(
            [_row(finish="length")], "1 answer ran into the limit of tokens", id="cut off"
        ),
        pytest.param(
            [_row(), _row(score=None, error="unreachable", index=1)],
            "1 sample without an answer: the server could not be reached",
            id="unreachable",
        ),
        pytest.param(
            [_row(calibration=Calibration(16, 1, measured=False), usage=None)],
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
        for row in _many(right, samples, depth=depth)
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
                *_many(0, 20, task="stale", measure=Measure.CURRENT, positions=(1900,)),
            ],
            False,
            id="stale answers",
        ),
    ],
)
def test_a_middle_is_forgotten_where_both_ends_are_found(rows: list[Row], is_said: bool) -> None:
    findings = _one(rows).findings
    assert any("forgets the middle" in said for said in findings) is is_said, findings


def test_of_cut_prompts_the_worst_and_the_median_are_told() -> None:
    counts = [3808] * 8 + [2010] * 9 + [1990]
    some = Calibration(23, 1.02)
    rows = [
        _row(usage=Counted(count, 5), index=n, calibration=some) for n, count in enumerate(counts)
    ]
    findings = _one(rows).findings
    assert findings[0].endswith("1,990 of 3,949 tokens at 4k (10 prompts), the median 51%")
    assert "which cannot be told: 8 prompts at 4k, 96% at the least" in findings[1]


def test_of_a_good_model_nothing_is_said_but_how_little_was_asked() -> None:
    rows = [
        row
        for depth in (0.0, 0.5, 1.0)
        for row in _many(
            20, 20, depth=depth, forbidden=("old",), score=Score(1.0, f1=1, exact=True)
        )
    ]
    assert _one(rows).findings == ()
    (finding,) = _one(rows[:20]).findings
    assert finding == "only 20 answers for a task and length: 20 cannot separate 90% from 100%"


def test_examples_are_a_series_of_their_own() -> None:
    rows = _many(1, 4, suite="edits", task="rename") + _many(
        3, 4, suite="edits", task="rename", examples=16
    )
    assert [one.title for one in report_of(rows).series] == ["edits", "edits, 16 examples"]


def test_tables_are_narrow_and_hold_every_figure() -> None:
    rows = _ruler(dict.fromkeys((4000, 8000, 16000, 32000, 64000, 128000, 1000000), 19))
    text = report_text(report_of(rows))
    assert all(len(line) <= 80 for line in text.splitlines()), text
    assert text.count("niah_multivalue") == 2
    assert text.count("95 (76–99)") == 13 * 7
    for figure in ("tokens read/s", "seconds", "cached", "answers for a task", "1M", "128k"):
        assert figure in text


def test_names_of_files_and_servers_do_no_harm() -> None:
    odd = identity_of("a|b`c\n\x1b[31m", "<script>", "openai", "http://127.0.0.1:1/v1")
    report = report_of([_row(model=odd, repositories=("x|y@1",))])
    assert "\x1b" not in report_text(report)
    rendered = MarkdownIt("commonmark").enable("table").render(report_markdown(report))
    assert "<script>" not in rendered
    assert "<table>" in rendered


def test_markdown_has_a_cell_for_each_length() -> None:
    rows = _ruler({4000: 20, 8000: 10})
    page = report_markdown(report_of(rows))
    rendered = MarkdownIt("commonmark").enable("table").render(page)
    assert rendered.count("<table>") == 1
    for line in (line for line in page.splitlines() if line.startswith("|")):
        assert line.count("|") == 4, line


@pytest.mark.parametrize(
    ("rows", "measured"),
    [
        pytest.param(_ruler({4000: 20, 8000: 18, 16000: 10}), (8000, 16000), id="RULER's rule"),
        pytest.param(_ruler({4000: 16, 8000: 15, 16000: 5}), (8000, 16000), id="a weak model"),
        pytest.param(_ruler({4000: 20, 8000: 10, 16000: 20}), (4000, 8000), id="a dip"),
        pytest.param(_ruler({4000: 20, 8000: 20}), (8000, None), id="nothing failed"),
        pytest.param(_ruler({4000: 0, 8000: 0}), None, id="nothing passed"),
        pytest.param(_many(9, 9) + _many(0, 9, tokens=8000), None, id="too few"),
        pytest.param(_many(30, 30) + _many(20, 30, tokens=8000), (4000, 8000), id="relative"),
        pytest.param(_ruler({4000: 9, 8000: 9, 16000: 1}), None, id="fails everywhere"),
        pytest.param(
            [
                row
                for tokens, hits in ((4000, 4), (8000, 0))
                for task in ("single", "multiple", "conflict", "stale", "deleted")
                for row in _many(hits, 4, tokens=tokens, task=task)
            ],
            None,
            id="few for each task",
        ),
        pytest.param(_many(30, 30), None, id="one length"),
    ],
)
def test_a_length_is_relied_on_where_a_longer_one_failed(
    rows: list[Row], measured: tuple[int, int | None] | None
) -> None:
    found = relied_on(_one(rows))
    assert (found and (found[0].tokens, found[1])) == measured
    if found:
        assert found[0].room == found[0].tokens - 151


def test_models_stand_side_by_side_with_their_difference() -> None:
    rows = _many(10, 10) + _many(5, 10, model=_B) + _many(3, 10, tokens=8000, model=_B)
    (comparison,) = compared(rows)
    assert [one.model for one in comparison.series] == [_A, _B]
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
        _row(
            float(model is _B and n < 5),
            recipe=replace(recipe, question=n, room=3849 - 100 * (model is _B)),
            references=(f"def number_{n}(): ...",),
            model=model,
        )
        for model in (_A, _B)
        for n in range(10)
    ]
    difference = compared(rows)[0].differences[1]
    assert difference is not None
    assert (difference.value, difference.count) == (0.5, 10)


def test_questions_with_other_answers_are_other_questions() -> None:
    rows = _many(9, 9) + _many(9, 9, references=("another",), model=_B)
    assert compared(rows)[0].differences == (None, None)


def test_a_name_is_no_markdown_beside_others() -> None:
    name = "<b>a|b</b> [x](https://example.org)\x1b[1m"
    page = comparison_markdown(compared(_many(9, 9, model=identity_of(name, "a", "openai", ""))))
    shown = MarkdownIt("commonmark").enable("table").render(page)
    assert "<b>" not in shown
    assert "href" not in shown
    assert "\x1b" not in page


def test_nothing_is_compared_of_samples_that_only_one_answered() -> None:
    (comparison,) = compared(_many(9, 9) + _many(9, 9, tokens=8000, model=_B))
    assert comparison.differences == (None, None)
    assert comparison_text(compared([])).startswith("no rows")


@given(st.lists(st.booleans(), min_size=10, max_size=30))
def test_a_model_is_no_better_than_itself(hits: list[bool]) -> None:
    rows = [_row(float(hit), index=n, model=m) for m in (_A, _B) for n, hit in enumerate(hits)]
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
        for model, right in ((_A, first), (_B, other))
        for row in _many(right, count, task=task, model=model)
    ]
    (comparison,) = compared(rows)
    difference = comparison.differences[1]
    assert difference is not None
    averages = [series.lengths[0].average.value for series in comparison.series]
    assert difference.value == pytest.approx(averages[1] - averages[0])
    assert (round(difference.value, 3), difference.count) == (0.4, 30)
    assert difference.low < 0.4 < difference.high


def test_of_few_pairs_no_difference_is_told() -> None:
    comparisons = compared(_many(9, 9) + _many(0, 9, model=_B))
    assert comparisons[0].differences == (None, None)
    assert "too few" in comparison_text(comparisons)


_LONG = "http://127.0.0.1:8000/some/long/path/to/v1"


def _called(number: int) -> Any:
    address = f"{_LONG[:-1]}{number}"
    return identity_of(address, f"a-model-of-number-{number}", "openai", address)


def test_texts_have_eighty_columns_and_name_a_server_once() -> None:
    rows = [row for n in range(6) for row in _ruler({4000: 20, 8000: 18}, model=_called(n))]
    for text in (comparison_text(compared(rows)), report_text(report_of(rows))):
        assert all(len(line) <= 80 for line in text.splitlines()), text
        assert text.count(f"{_LONG[:-1]}3") == 1
        assert "a-model-of-number-3 at" in text
    picture = curves_svg(compared(rows)[0])
    assert all(f">a-model-of-number-{n}<" in picture for n in range(6))


def test_models_of_one_name_are_told_apart_by_letters() -> None:
    same = [identity_of("m", "m", "openai", f"http://127.0.0.1:{n}/v1") for n in (1, 2)]
    picture = curves_svg(compared([row for m in same for row in _many(9, 9, model=m)])[0])
    assert ">A: m<" in picture
    assert ">B: m<" in picture


@pytest.mark.parametrize(
    ("about", "title"),
    [
        pytest.param({"seed": 7}, "needle, seed 7", id="seed"),
        pytest.param({"apart": True}, "needle, apart", id="apart"),
        pytest.param({"source": "t"}, "needle, web@5678", id="files"),
    ],
)
def test_other_samples_are_a_series_of_their_own(about: dict[str, Any], title: str) -> None:
    rows = _many(4, 4)
    others = [
        replace(row, recipe=replace(row.recipe, **about), score=Score(0.0)) for row in _many(0, 4)
    ]
    if "source" in about:
        others = [replace(row, repositories=("web@5678",)) for row in others]
    first, second = report_of([*rows, *others]).series
    assert first.title.startswith("needle")
    assert second.title == title
    assert [one.scores for one in (first, second)] == [{4000: 1.0}, {4000: 0.0}]
    assert len(compared([*rows, *others])) == 2


def test_states_of_the_same_name_are_told_apart() -> None:
    rows = [_row(), _row(recipe=replace(_row().recipe, source="abcdefgh"))]
    titles = [series.title for series in report_of(rows).series]
    assert titles == ["needle, app@1234 (s)", "needle, app@1234 (abcdef)"]


def test_an_effective_length_is_told_with_its_score_and_rule() -> None:
    text = report_text(report_of(_ruler({4000: 15, 8000: 13, 16000: 1})))
    assert "effective length: below 4k (RULER: 13-task average above 85.6)" in text
    assert "effective length: 8k, scoring 65 (relative: at least 85% of the 75 at 4k)" in text
    text = report_text(report_of(_ruler({4000: 9, 8000: 9})))
    assert "effective length: none (the shortest scores below 70: 45 at 4k)" in text


def test_samples_are_as_lm_evaluation_harness_writes_them(tmp_path: Path) -> None:
    rows = [
        _row(0.5, score=Score(0.5, f1=0.4, exact=False), references=("a", "b")),
        _row(task="stale", forbidden=("old",), score=Score(0.0, stale=True)),
        _row(score=None, error="refused", index=7),
    ]
    assert set(harness_samples(rows)) == {"needle_single", "needle_stale"}
    paths = write_harness(rows, tmp_path / "out", "2026-01-01T00-00-00")
    assert [path.name for path in paths] == [
        "samples_needle_single_2026-01-01T00-00-00.jsonl",
        "samples_needle_stale_2026-01-01T00-00-00.jsonl",
    ]
    (sample,) = map(json.loads, paths[0].read_text().splitlines())
    assert {
        *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter"),
        *("metrics", "doc_hash", "prompt_hash", "target_hash"),
    } <= set(sample)
    assert (sample["resps"], sample["filtered_resps"]) == ([["an answer"]], ["an answer"])
    assert (sample["target"], sample["prompt_hash"]) == ("a\nb", rows[0].prompt_sha256)
    assert {name: sample[name] for name in sample["metrics"]} == {
        "score": 0.5,
        "f1": 0.4,
        "exact": 0.0,
    }
    assert sample["model"]["id"] == "a-1"
    (stale,) = map(json.loads, paths[1].read_text().splitlines())
    assert stale["stale"] == 1.0


def test_samples_of_several_models_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    rows = [_row(0.5), _row(0.5, model=_B)]
    paths = write_harness(rows, tmp_path, "2026")
    names = [f"a-1-{_A.digest[:6]}", f"b-{_B.digest[:6]}"]
    assert [path.parent.name for path in paths] == names
    samples = [json.loads(path.read_text()) for path in paths]
    assert samples[0]["doc_hash"] == samples[1]["doc_hash"]


_MLFLOW = """
import json
from contextlib import contextmanager
logged = []

def _note(name):
    return lambda *args, **named: logged.append([name, *args, named])

@contextmanager
def start_run(run_name):
    logged.append(["start_run", run_name])
    yield

set_experiment, log_params, log_metrics, log_text, log_artifact = map(
    _note, ("set_experiment", "log_params", "log_metrics", "log_text", "log_artifact")
)

def get_tracking_uri():
    return "file:///tracked"
"""


def _installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mlflow").mkdir()
    (folder / "mlflow" / "__init__.py").write_text(_MLFLOW)
    (folder / "mlflow" / "exceptions.py").write_text("class MlflowException(Exception): ...\n")
    monkeypatch.syspath_prepend(str(folder))
    for name in ("mlflow", "mlflow.exceptions"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def _refused(url: str) -> None:
    raise PolicyRefused(url)


def test_the_wall_is_asked_about_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(tmp_path, monkeypatch)
    mlflow: Any = importlib.import_module("mlflow")
    monkeypatch.setattr(mlflow, "get_tracking_uri", lambda: "https://mlflow.example.org")
    with pytest.raises(PolicyRefused, match=r"mlflow\.example\.org"):
        export_mlflow([], [], "", _refused)
    assert mlflow.logged == []


def test_a_run_is_logged_where_mlflow_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _installed(tmp_path, monkeypatch)
    report = report_of(_ruler({4000: 20, 8000: 10}) + _many(1, 2, model=_B))
    kept = export_mlflow(report.series, [tmp_path / "rows.jsonl"], "# page", print)
    assert kept == "file:///tracked"
    logged = importlib.import_module("mlflow").logged
    assert [entry[1] for entry in logged if entry[0] == "start_run"] == ["a ruler", "b needle"]
    steps = [entry[2]["step"] for entry in logged if entry[0] == "log_metrics" and entry[2]]
    assert steps == [4000, 8000, 4000]
    first = next(entry[1] for entry in logged if entry[0] == "log_metrics")
    assert first["score/vt"] == first["score/average"] == 1.0
    assert {"effective_ruler": 4000.0, "effective_relative": 4000.0} in [
        entry[1] for entry in logged if entry[0] == "log_metrics"
    ]


def test_what_mlflow_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(tmp_path, monkeypatch)
    mlflow: Any = importlib.import_module("mlflow")
    exceptions: Any = importlib.import_module("mlflow.exceptions")

    def refuse(_name: str) -> None:
        raise exceptions.MlflowException("no such store\nat all")

    monkeypatch.setattr(mlflow, "set_experiment", refuse)
    with pytest.raises(UsageError, match=r"mlflow refused: no such store\\nat all"):
        export_mlflow([], [], "", print)


def test_figures_for_mlflow_have_names_it_takes() -> None:
    row = _row(score=Score(1.0, f1=1.0, exact=True, steps={"parsed": True}), forbidden=("old",))
    figures = metrics_of(_one([row]).lengths[0])
    assert {"score/single", "step/parsed", "f1", "exact", "stale", "seconds"} <= set(figures)
    assert all(re.fullmatch(r"[\w./ -]+", name) for name in figures)


def test_without_mlflow_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UsageError, match="mlflow is not installed"):
        export_mlflow([], [], "", _refused)


def test_the_comparison_is_drawn_with_every_name_apart() -> None:
    third = identity_of("a-third-model-with-a-very-long-name-indeed", "c", "openai", "")
    curves = [{4000: 20, 8000: 18}, {4000: 20, 8000: 18}, {4000: 0, 8000: 0}]
    rows = [
        row
        for model, curve in zip((_A, _B, third), curves, strict=True)
        for row in _ruler(curve, model=model)
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
