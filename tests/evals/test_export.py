"""Rows and figures for other tools: lm-evaluation-harness and MLflow."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from copilot.errors import PolicyRefused, UsageError
from copilot.evals.export import export_mlflow, harness_samples, metrics_of, write_harness
from copilot.evals.model import Score
from copilot.evals.report import report_of
from tests.evals.made_rows import MODEL_A, MODEL_B, made_row, made_rows, ruler_rows, series_of


def test_samples_are_as_lm_evaluation_harness_writes_them(tmp_path: Path) -> None:
    rows = [
        made_row(0.5, score=Score(0.5, f1=0.4, exact=False), references=("a", "b")),
        made_row(task="stale", forbidden=("old",), score=Score(0.0, stale=True)),
        made_row(score=None, error="refused", index=7),
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
    rows = [made_row(0.5), made_row(0.5, model=MODEL_B)]
    paths = write_harness(rows, tmp_path, "2026")
    names = [f"a-1-{MODEL_A.digest[:6]}", f"b-{MODEL_B.digest[:6]}"]
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
    report = report_of(ruler_rows({4000: 20, 8000: 10}) + made_rows(1, 2, model=MODEL_B))
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
    row = made_row(score=Score(1.0, f1=1.0, exact=True, steps={"parsed": True}), forbidden=("old",))
    figures = metrics_of(series_of([row]).lengths[0])
    assert {"score/single", "step/parsed", "f1", "exact", "stale", "seconds"} <= set(figures)
    assert all(re.fullmatch(r"[\w./ -]+", name) for name in figures)


def test_without_mlflow_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UsageError, match="mlflow is not installed"):
        export_mlflow([], [], "", _refused)
