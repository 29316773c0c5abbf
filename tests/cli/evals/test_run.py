"""`copilot eval` against models that read well, or with a weakness that must come to light."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from copilot.evals.rows import read_rows
from copilot.evals.suites import SUITES
from tests.cli.evals.measured import FEW, NUMBERED, Copilot, bare, named, text_of


def test_a_model_that_reads_well_finds_everything(
    measure: Copilot, reader: Callable[..., Any], tmp_path: Path
) -> None:
    good = reader()
    done = measure("needle", good.url, *FEW, "--json")
    assert done.returncode == 0, done.stderr
    (series,) = json.loads(done.stdout)["series"]
    scores = [one["tasks"].items() for one in series["lengths"]]
    tasks = {task: mean["value"] for some in scores for task, mean in some}
    assert tasks == dict.fromkeys(["single", "multiple", "conflict", "stale", "deleted"], 1.0)
    assert series["findings"] == [
        "only 1 answer for a task and length: 20 cannot separate 90% from 100%"
    ]
    rows = read_rows(tmp_path / "rows.jsonl")
    assert len(rows) == 2 * (3 + 4)
    # The server counts otherwise than we do, and has a template of its own: 64 is for the answer.
    for row in rows:
        assert row.usage is not None
        assert row.usage.prompt + 64 == pytest.approx(row.recipe.tokens, rel=0.01)
        assert row.usage.prompt + 64 <= row.recipe.tokens
    assert re.search(r"/v1 counts 1\.(299|300|301) tokens for each of ours", done.stderr)
    assert ", and 23 for each request" in done.stderr
    assert "14 questions about " in done.stderr
    # Three requests to calibrate; then the questions of one haystack follow one another.
    assert len(good.asked) == 17
    assert all(body["max_tokens"] in {1, 64} for body in good.asked)


def test_nothing_is_asked_twice(measure: Copilot, reader: Callable[..., Any]) -> None:
    good = reader()
    first = measure("needle", good.url, *FEW, "--concurrency", "3")
    asked = len(good.asked)
    again = measure("needle", good.url, *FEW)
    assert (first.returncode, again.returncode) == (0, 0)
    assert len(good.asked) == asked
    assert "14 of 14 answers are there already" in again.stderr
    more = measure("needle", good.url, "--lengths", "2k", "--samples", "2", "--tasks", "deleted")
    assert "1 of 2 answers are there already" in more.stderr
    assert len(good.asked) == asked + 1


def test_rows_may_lie_in_the_repository(
    measure: Copilot, reader: Callable[..., Any], shop: Path
) -> None:
    one, few = reader(), ("--lengths", "2k", "--samples", "1", "--tasks", "deleted,stale")
    rows = ("--rows", shop / "rows.jsonl")
    assert measure("needle", one.url, *few, *rows).returncode == 0
    assert "2 of 2 answers are there already" in measure("needle", one.url, *few, *rows).stderr
    assert not any('"suite"' in body["messages"][1]["content"] for body in one.asked)


@pytest.mark.parametrize(
    ("weakness", "suite", "arguments", "said"),
    [
        pytest.param(
            {"forgets": True},
            "needle",
            ("--tasks", "single", "--lengths", "4k", "--samples", "4"),
            r"forgets the middle .*: 0% and 100% at 4k",
            id="forgets the middle",
        ),
        pytest.param(
            {"window": 1500},
            "needle",
            ("--tasks", "single", "--lengths", "1k,4k", "--samples", "1"),
            r"truncated silently .*: 1,500 of 3,9\d\d tokens at 4k \(5 prompts\)",
            id="truncates silently",
        ),
        pytest.param(
            {"is_stale": True},
            "needle",
            ("--tasks", "stale,deleted", "--lengths", "4k", "--samples", "4"),
            r"answers from the stale copy .*: 100% of 8 at 4k",
            id="answers from the stale copy",
        ),
        pytest.param(
            {"lists": True},
            "needle",
            ("--tasks", "multiple,conflict", "--lengths", "4k", "--samples", "2"),
            r"lists too much",
            id="lists everything",
        ),
        pytest.param(
            {"silent": True},
            "needle",
            ("--tasks", "single", "--lengths", "2k", "--samples", "1"),
            r"the server tells no usable usage",
            id="tells no usage",
        ),
        pytest.param(
            {},
            "ruler",
            ("--tasks", NUMBERED, "--lengths", "4k", "--samples", "1"),
            r"niah_single_2 +100",
            id="ruler: none",
        ),
        pytest.param(
            {"forgets": True},
            "ruler",
            ("--tasks", NUMBERED, "--lengths", "4k", "--samples", "20"),
            r"forgets the middle .*at 4k",
            id="ruler: forgets the middle",
        ),
        pytest.param(
            {"window": 1500},
            "ruler",
            ("--tasks", NUMBERED, "--lengths", "2k,4k", "--samples", "1"),
            r"truncated silently .* 1,500 of 3,8\d\d tokens at 4k",
            id="ruler: truncates silently",
        ),
        pytest.param(
            {"lists": True},
            "ruler",
            ("--tasks", "niah_multikey_1", "--lengths", "4k", "--samples", "1"),
            r"lists too much",
            id="ruler: lists everything",
        ),
    ],
)
def test_weaknesses_come_to_light(
    measure: Copilot,
    reader: Callable[..., Any],
    weakness: dict[str, Any],
    suite: str,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    done = measure(suite, reader(**weakness).url, *arguments)
    assert done.returncode == 0, done.stderr
    assert re.search(said, " ".join(done.stdout.split())), done.stdout


def test_killed_again_and_again_a_run_comes_to_the_same_rows(
    measure: Copilot, reader: Callable[..., Any], shop: Path, tmp_path: Path
) -> None:
    one = reader()
    whole = tmp_path / "whole.jsonl"
    assert measure("needle", one.url, *FEW, "--rows", whole).returncode == 0
    path = tmp_path / "killed.jsonl"
    where = ("-R", str(shop), "--base-url", one.url)
    arguments = ("eval", "needle", *where, *FEW, "--rows", str(path))
    # In the midst of calibration, of a haystack, and of the next length.
    for number in (1, 4, 6):
        with subprocess.Popen(
            [sys.executable, "-m", "copilot", *arguments], stderr=subprocess.DEVNULL
        ) as process:
            stop = len(one.asked) + number
            one.hears = lambda at, pid=process.pid, stop=stop: (
                os.kill(pid, signal.SIGKILL) if at == stop else None
            )
        assert process.returncode == -signal.SIGKILL
    with path.open("ab") as file:
        file.write(path.read_bytes()[:100])
    one.hears = lambda _number: None
    done = measure("needle", one.url, *FEW, "--rows", path)
    assert done.returncode == 0, done.stderr
    rows = read_rows(path)
    assert len(rows) == 14
    assert bare(rows) == bare(read_rows(whole))


@pytest.mark.parametrize("concurrency", ["1", "2"])
def test_an_interrupted_run_says_how_to_go_on(
    reader: Callable[..., Any], shop: Path, tmp_path: Path, concurrency: str
) -> None:
    one = reader()
    arguments = ("eval", "needle", "-R", str(shop), "--base-url", one.url, *FEW)
    about = ("--rows", str(tmp_path / "rows.jsonl"), "--concurrency", concurrency)
    with subprocess.Popen(
        [sys.executable, "-m", "copilot", *arguments, *about],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        one.hears = lambda at: process.send_signal(signal.SIGINT) if at == 7 else None
        _, said = process.communicate()
    assert process.returncode == 130, said
    assert "what was answered is kept: the same command goes on from there" in said
    assert "Traceback" not in said
    assert 3 <= len(read_rows(tmp_path / "rows.jsonl")) < 14


def test_no_model_is_asked_where_one_is_not_known(
    reader: Callable[..., Any], fails: Callable[..., str], shop: Path, configured: Any
) -> None:
    server = reader()
    config = configured(known=named(server.url))
    where = ("-R", shop, *config, "--model", "known,nosuch")
    said = fails(2, "eval", "needle", *where, "--lengths", "2k", "--samples", "1")
    assert "nosuch" in said
    assert server.asked == []


def test_a_server_that_is_gone_ends_a_run_that_can_go_on(
    copilot: Copilot,
    reader: Callable[..., Any],
    configured: Callable[..., Any],
    shop: Path,
    tmp_path: Path,
) -> None:
    one = reader()
    path = tmp_path / "rows.jsonl"
    config = configured(one=named(one.url))
    arguments = ("eval", "needle", "-R", shop, "--model", "one", *config, *FEW, "--rows", path)

    def hang_up(number: int) -> None:
        if number >= 5:
            raise ConnectionError

    one.hears = hang_up
    done = copilot(*arguments)
    assert done.returncode == 3, done.stderr
    assert "stopped by failures with 9 questions left" in done.stderr
    assert [row.error for row in read_rows(path)] == ["", "", *["unreachable"] * 3]
    one.hears = lambda _number: None
    assert copilot(*arguments).returncode == 0
    assert len(bare(read_rows(path))) == 14


def test_of_several_models_each_is_measured_and_compared(
    copilot: Copilot, reader: Callable[..., Any], configured: Callable[..., Any], shop: Path
) -> None:
    good, bad = reader(), reader(is_stale=True)
    gone = "http://127.0.0.1:9/v1"
    config = configured(good=named(good.url), bad=named(bad.url), gone=named(gone))
    arguments = ("--lengths", "4k", "--samples", "1", "--tasks", "stale,deleted,multiple")
    names = ("--model", "good,gone,bad")
    done = copilot("eval", "needle", "-R", shop, *names, *config, *arguments)
    assert done.returncode == 3, done.stderr
    assert "no answer from http://127.0.0.1:9/v1" in done.stderr
    assert "A: good at " in done.stdout
    assert "B: bad at " in done.stdout
    assert re.search(r"stale answers +0% +100%", done.stdout)
    # Rows lie in the user's own state folder, and serve the next run.
    again = copilot("eval", "needle", "-R", shop, "--model", "good", *config, *arguments)
    assert "3 of 3 answers are there already" in again.stderr


@pytest.mark.parametrize("suite", ["ruler", "repoqa", "edits"])
def test_every_suite_runs_to_its_report(
    measure: Copilot, reader: Callable[..., Any], suite: str, tmp_path: Path
) -> None:
    done = measure(suite, reader().url, "--lengths", "4k", "--samples", "1")
    assert done.returncode == 0, done.stderr
    assert f" · {suite}\n" in done.stdout
    rows = read_rows(tmp_path / "rows.jsonl")
    assert rows
    # A quarter of a short length at most is kept for the answer.
    reserve = min(SUITES[suite].reply_tokens, 1000)
    for row in rows:
        assert row.usage is not None
        assert row.usage.prompt + reserve == pytest.approx(4000, rel=0.01)


def test_edits_are_asked_for_with_examples_of_the_history(
    measure: Copilot,
    reader: Callable[..., Any],
    shop: Path,
    git: Callable[..., str],
    tmp_path: Path,
) -> None:
    for number in range(3):
        (shop / "maps" / "sum.py").write_text(f"LIMIT = {number}\nHEIGHT = {number + 7}\n")
        git(shop, "commit", "--quiet", "--all", "--message", f"Raise the limit to {number}")
    one = reader()
    few = ("--lengths", "4k", "--samples", "1", "--tasks", "constant", "--examples", "0,2")
    done = measure("edits", one.url, *few)
    assert done.returncode == 0, done.stderr
    assert " · edits, 2 examples\n" in done.stdout
    rows = read_rows(tmp_path / "rows.jsonl")
    assert [row.recipe.examples for row in rows] == [0, 2]
    bare, shown = map(text_of, one.asked[-2:])
    assert "Raise the limit to" not in bare
    assert shown.count("Raise the limit to") == 2
    command = [sys.executable, "-m", "copilot", "eval", "rebuild", str(tmp_path / "rows.jsonl")]
    again = subprocess.run(
        [*command, "--row", "2", "-R", str(shop)], capture_output=True, check=True
    )
    assert again.stdout.decode() == shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("needle", "--tasks", "nonsense"), "nonsense"),
        (("needle", "--lengths", "four"), "not a number of tokens"),
        (("needle", "--lengths", ","), "nothing is named"),
        (("needle", "--lengths", "90"), "holds no haystack"),
        (("needle", "--max-cost", "nan"), "nan bounds nothing"),
        (("needle", "--max-minutes", "nan"), "nan bounds nothing"),
        (("ruler", "--depths", "3"), "goes with `copilot eval needle`"),
        (("needle", "--examples", "4"), "goes with `copilot eval edits`"),
        (("edits", "--examples", "few"), "not a number of examples"),
    ],
)
def test_wrong_usage_is_said(
    fails: Callable[..., str],
    reader: Callable[..., Any],
    shop: Path,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    one = reader()
    assert said in fails(2, "eval", *arguments, "-R", shop, "--base-url", one.url)
    # At most what calibrates was sent.
    assert len(one.asked) in {0, 3}


def test_the_wall_of_local_only_holds(fails: Callable[..., str], shop: Path) -> None:
    where = ("-R", shop, "--base-url", "http://192.0.2.1/v1")
    fails(6, "eval", "needle", *where, environment={"COPILOT_LOCAL_ONLY": "1"})


def test_a_folder_without_files_is_said(
    fails: Callable[..., str], reader: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    where = ("-R", tmp_path / "empty", "--base-url", reader().url)
    assert "nothing to read" in fails(2, "eval", "ruler", *where)
