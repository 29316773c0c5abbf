"""`copilot eval report`, `compare` and `rebuild`, on rows of a real run."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.evals.rows import read_rows

Copilot = Callable[..., subprocess.CompletedProcess[str]]
_MLFLOW = """
from contextlib import contextmanager
from pathlib import Path

def set_experiment(*arguments, **more):
    Path(__file__).with_name("logged").touch()

log_params = log_metrics = log_text = log_artifact = set_experiment

@contextmanager
def start_run(run_name):
    yield

def get_tracking_uri():
    return "PLACE"
"""


@pytest.fixture
def rows(copilot: Copilot, reader: Callable[..., Any], shop: Path, tmp_path: Path) -> Path:
    """Measure a model that forgets the middle, and return the file of its rows."""
    path = tmp_path / "rows.jsonl"
    few = ("--lengths", "2k,4k", "--samples", "1", "--tasks", "single,multiple")
    where = ("-R", shop, "--base-url", reader(forgets=True).url)
    done = copilot("eval", "needle", *where, *few, "--rows", path)
    assert done.returncode == 0, done.stderr
    return path


def test_a_report_has_the_same_figures_in_each_form(
    copilot: Copilot, rows: Path, tmp_path: Path
) -> None:
    table = copilot("eval", "report", rows)
    page = copilot("eval", "report", rows, "--format", "markdown")
    document = copilot("eval", "report", rows, "--format", "json")
    assert [done.returncode for done in (table, page, document)] == [0, 0, 0]
    assert all(len(line) <= 80 for line in table.stdout.splitlines() if "http://" not in line)
    (series,) = json.loads(document.stdout)["series"]
    single = [one["tasks"]["single"] for one in series["lengths"]]
    assert [mean["count"] for mean in single] == [5, 5]
    for mean in single:
        cell = f"{mean['value'] * 100:.0f} ({mean['low'] * 100:.0f}–{mean['high'] * 100:.0f})"
        assert cell in table.stdout
        assert f"| {cell} |" in page.stdout
    assert series["heat"]["depths"] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert series["title"] == "needle"
    # What a run prints is what a report of its rows says.
    assert table.stdout == copilot("eval", "report", rows, rows).stdout


def test_the_heat_map_is_written(copilot: Copilot, rows: Path, tmp_path: Path) -> None:
    picture = tmp_path / "heat.svg"
    done = copilot("eval", "report", rows, "--svg", picture)
    assert done.returncode == 0, done.stderr
    assert picture.read_text().startswith("<svg ")
    assert f"heat map: {picture}" in done.stderr


def test_rows_without_depths_have_no_heat_map(
    copilot: Copilot, rows: Path, fails: Callable[..., str], tmp_path: Path
) -> None:
    flat = tmp_path / "flat.jsonl"
    lines = rows.read_text().splitlines(keepends=True)
    flat.write_text("".join(line for line in lines if '"task":"multiple"' in line))
    picture = tmp_path / "heat.svg"
    done = copilot("eval", "report", flat, "--svg", picture)
    assert done.returncode == 2
    assert "no depths to draw" in done.stderr
    assert not picture.exists()


def test_samples_for_lm_evaluation_harness_lie_beside_the_rows(
    copilot: Copilot, rows: Path, tmp_path: Path
) -> None:
    done = copilot("eval", "report", rows, "--export", "lm-eval")
    assert done.returncode == 0, done.stderr
    written = sorted((tmp_path / "rows.lm-eval").iterdir())
    assert [path.name.rpartition("_")[0] for path in written] == [
        "samples_needle_multiple",
        "samples_needle_single",
    ]
    assert len(written[1].read_text().splitlines()) == 10


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("databricks", 6),
        ("databricks://work", 6),
        ("postgresql://db.example.org/runs", 6),
        ("HTTPS://192.0.2.1", 6),
        ("file:///tracked", 0),
        ("sqlite:///runs.db", 0),
        ("./mlruns", 0),
    ],
)
def test_under_local_only_rows_go_to_no_server_of_mlflow(
    copilot: Copilot,
    rows: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    code: int,
) -> None:
    package = tmp_path / "installed" / "mlflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(_MLFLOW.replace("PLACE", place))
    (package / "exceptions.py").write_text("class MlflowException(Exception): ...\n")
    monkeypatch.syspath_prepend(str(package.parent))
    for name in ("mlflow", "mlflow.exceptions"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    local = {"COPILOT_LOCAL_ONLY": "1"}
    done = copilot("eval", "report", rows, "--export", "mlflow", environment=local)
    assert done.returncode == code, done.stderr
    assert (package / "logged").exists() is (code == 0)


def test_models_are_compared(copilot: Copilot, rows: Path, tmp_path: Path) -> None:
    done = copilot("eval", "compare", rows)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("needle\nA: ")
    page = copilot("eval", "compare", rows, "--format", "markdown")
    assert "| wAvg(inc) | " in page.stdout
    (comparison,) = json.loads(copilot("eval", "compare", rows, "--format", "json").stdout)
    assert comparison["differences"] == [None]
    picture = tmp_path / "curves.svg"
    assert copilot("eval", "compare", rows, "--svg", picture).returncode == 0
    assert picture.read_text().startswith("<svg ")


def test_several_pictures_have_names_of_their_own(
    copilot: Copilot, rows: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both.jsonl"
    text = rows.read_text()
    both.write_text(text + text.replace('"digest":"', '"digest":"b'))
    done = copilot("eval", "report", both, "--svg", tmp_path / "heat.svg")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in tmp_path.glob("heat*.svg"))
    assert len(names) == 2
    assert all(re.fullmatch(r"heat-reader-[0-9a-f]{6}-needle\.svg", name) for name in names)


def test_a_prompt_is_made_again_in_another_process_byte_for_byte(rows: Path, shop: Path) -> None:
    command = [sys.executable, "-m", "copilot", "eval", "rebuild", str(rows)]
    for number in (3, 8):
        done = subprocess.run(
            [*command, "--row", str(number), "-R", str(shop)], capture_output=True, check=True
        )
        wanted = read_rows(rows)[number - 1].prompt_sha256
        assert hashlib.sha256(done.stdout).hexdigest() == wanted
        assert f"SHA-256 {wanted}, as in the row" in done.stderr.decode()


def test_of_other_files_or_rows_no_prompt_is_made(
    fails: Callable[..., str], rows: Path, shop: Path, tmp_path: Path
) -> None:
    rebuild = ("eval", "rebuild", rows, "-R", shop)
    assert "has no row 99" in fails(2, *rebuild, "--row", "99")
    old = tmp_path / "old.jsonl"
    old.write_text(rows.read_text().replace('"version":1', '"version":0'))
    assert "another version of copilot" in fails(2, "eval", "rebuild", old, "--row", "1")
    (shop / "maps" / "sum.py").write_text("changed = 1\n")
    said = fails(2, *rebuild, "--row", "1")
    assert "not those that row 1 was made of (shop@" in said


def test_a_prompt_that_differs_is_said(
    copilot: Copilot, rows: Path, shop: Path, tmp_path: Path
) -> None:
    row = read_rows(rows)[0]
    other = tmp_path / "other.jsonl"
    other.write_text(rows.read_text().replace(row.prompt_sha256, "0" * 64))
    command = [sys.executable, "-m", "copilot", "eval", "rebuild", str(other), "--row", "1"]
    done = subprocess.run([*command, "-R", str(shop)], capture_output=True, check=False)
    assert done.returncode == 1
    assert "is not that of the row, 000" in done.stderr.decode()


def test_what_is_no_file_of_rows_is_said(fails: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# Notes\n")
    assert "line 1 of " in fails(2, "eval", "report", tmp_path / "notes.md")
    assert "cannot read" in fails(2, "eval", "compare", tmp_path / "none.jsonl")
