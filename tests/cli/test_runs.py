"""`copilot runs`: what was asked, and what it cost."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from copilot.assist.models import choose_model, open_backend
from copilot.assist.stopping import Stoppable
from copilot.backends.protocol import ModelFacts
from copilot.cli.log_run import past_runs
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.runs.store import Run, record_run
from copilot.settings.config import Config
from copilot.settings.paths import state_paths

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Model = Callable[..., str]
Words = Callable[..., str]
Record = Callable[..., int]

# On this clock, and in no terminal whose width would cut.
WIDE = {"TZ": "UTC", "COLUMNS": "0"}


@pytest.fixture
def record() -> Record:
    """Put a run into the user's runs file; what is not given is that of a usual one."""

    def put(**changes: object) -> int:
        manifest = changes.pop("manifest", None)
        facts = {
            "started": "2026-11-22T02:27:07+00:00",
            "command": "edit",
            "task": "add a test",
            "roots": "app=/src/app",
            "model": "qwen",
            "prompt_sha256": "5" * 64,
            "prompt_tokens": 412_300,
            "reply_tokens": 1_204,
            "cached_tokens": 398_100,
            "seconds": 12.34,
            "outcome": "applied",
            **changes,
        }
        run = Run(**facts)  # type: ignore[arg-type]
        return record_run(state_paths().runs_file, run, manifest)  # type: ignore[arg-type]

    return put


def test_each_question_leaves_a_line(
    copilot: Copilot,
    model: Model,
    make_repository: Callable[..., Path],
    block: Words,
    reply: Words,
) -> None:
    root = make_repository({"a.txt": "old\n"}, "app")
    assert copilot("runs", "list").stderr == "nothing was asked yet\n"
    usage = {"prompt_tokens": 1234, "completion_tokens": 5}
    good = model(reply(block("app/a.txt", "old\n", "new\n")), usage=usage)
    bad = model(reply(block("app/a.txt", "absent\n", "other\n")))
    copilot("edit", "first\nline", "--yes", "--base-url", good, cwd=root)
    copilot("edit", "second", "--yes", "--base-url", bad, cwd=root)
    copilot("ask", b"caf\xe9".decode(errors="surrogateescape"), "--base-url", good, cwd=root)
    runs = json.loads(copilot("runs", "list", "--json").stdout)
    told = [(run["command"], run["task"], run["outcome"]) for run in runs]
    assert told == [
        ("ask", "caf\\xe9", "answered"),
        ("edit", "second", "refused"),
        # What cannot be placed goes back to the model twice.
        ("edit", "second", "sent back"),
        ("edit", "second", "sent back"),
        ("edit", "first\nline", "applied"),
    ]
    assert (runs[-1]["prompt_tokens"], runs[-1]["reply_tokens"]) == (1234, 5)
    assert [run["id"] for run in runs] == [5, 4, 3, 2, 1]
    assert all(0 < run["first_token_seconds"] <= run["seconds"] for run in runs)
    assert all(run["asked_tokens"] > 0 for run in runs)
    _, *lines = copilot("runs", "list", "--limit", "2").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["5", "4"]


def test_a_model_with_prices_tells_what_a_run_cost(
    copilot: Copilot, model: Model, make_repository: Callable[..., Path]
) -> None:
    url = model("Yes.", usage={"prompt_tokens": 1_000_000, "completion_tokens": 1000})
    file = state_paths().config_file
    file.parent.mkdir(parents=True)
    prices = 'price_input = 3\nprice_output = 15\ncurrency = "CHF"'
    file.write_text(f'[models.dear]\nbase_url = "{url}"\n{prices}\n')
    copilot("ask", "x", "--model", "dear", cwd=make_repository({"a": "x\n"}))
    (run,) = json.loads(copilot("runs", "list", "--json").stdout)
    assert (run["cost"], run["currency"]) == (pytest.approx(3.015), "CHF")


def test_the_list_stands_in_columns(copilot: Copilot, record: Record) -> None:
    record(cost=0.162)
    record(mode="rank", command="ask", task="日本 what?", cached_tokens=None, reply_tokens=None)
    assert copilot("runs", environment=WIDE).stdout == (
        "id  time              command  mode   model         tokens  cached  seconds   cost  "
        "outcome  task\n"
        " 2  2026-11-22 02:27  ask      rank   qwen         412,300       -     12.3      -  "
        "applied  日本 what?\n"
        " 1  2026-11-22 02:27  edit     whole  qwen   412,300+1,204     97%     12.3  $0.16  "
        "applied  add a test\n"
    )


@pytest.mark.parametrize("columns", [20, 60, 110])
def test_the_list_is_cut_to_the_terminal(copilot: Copilot, record: Record, columns: int) -> None:
    record(task="a" * 500)
    record(task="日本" * 500)
    done = copilot("runs", "list", environment={"COLUMNS": str(columns)})
    head, *lines = done.stdout.splitlines()
    assert cell_len(head) <= columns
    assert all(columns - 1 <= cell_len(line) <= columns for line in lines)
    assert all(line.endswith("…") for line in lines)


@pytest.mark.parametrize(
    ("columns", "left_out"),
    [
        (130, set()),
        (100, {"seconds"}),
        (80, {"seconds", "command", "cost", "cached"}),
    ],
)
def test_a_narrow_list_leaves_out_what_matters_less(
    copilot: Copilot, record: Record, columns: int, left_out: set[str]
) -> None:
    record()
    whole = copilot("runs", environment=WIDE).stdout.splitlines()[0].split()
    head, line = copilot("runs", environment={"COLUMNS": str(columns)}).stdout.splitlines()
    assert head.split() == [name for name in whole if name not in left_out]
    assert line.endswith("  add a test")


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Open a terminal of 110 columns: what reads what is written to it, and where to write."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 110, 0, 0))
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def test_a_terminals_own_width_is_known(record: Record, terminal: tuple[int, int]) -> None:
    record(task="a" * 500)
    command = [sys.executable, "-m", "copilot", "runs"]
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    subprocess.run(command, stdout=terminal[1], env=environment, check=True, timeout=120)
    shown = os.read(terminal[0], 10_000).decode()
    assert [len(line) for line in shown.splitlines()][1:] == [110]


def test_nothing_hostile_is_shown(copilot: Copilot, record: Record) -> None:
    evil = "\x1b[2Jx\nforged\r\u202e\t"
    names = ("task", "roots", "model", "outcome", "command", "mode", "currency", "read_only")
    number = record(**dict.fromkeys(names, evil), started=evil, cost=1.0)
    for command in (["list"], ["list", "--task", "x"], ["show", str(number)]):
        done = copilot("runs", *command)
        assert "\\x1b[2Jx" in done.stdout
        assert not [line for line in done.stdout.splitlines() if line.startswith("forged")]


def test_runs_of_the_same_task_stand_side_by_side(copilot: Copilot, record: Record) -> None:
    record(first_token_seconds=9.06, cost=0.162)
    record(task="another")
    record(roots="other=/src/other")
    record(mode="rank", model="big", prompt_tokens=16_000, cached_tokens=0, outcome="refused")
    assert copilot("runs", "list", "--compare", environment=WIDE).stdout == (
        "add a test\n"
        "run                         1                 4\n"
        "time         2026-11-22 02:27  2026-11-22 02:27\n"
        "command                  edit              edit\n"
        "mode                    whole              rank\n"
        "model                    qwen               big\n"
        "prompt                412,300            16,000\n"
        "cached          398,100 (97%)            0 (0%)\n"
        "reply                   1,204             1,204\n"
        "seconds                  12.3              12.3\n"
        "first token               9.1                 -\n"
        "cost                    $0.16                 -\n"
        "outcome               applied           refused\n"
    )


def test_a_task_is_found_by_its_words(copilot: Copilot, record: Record) -> None:
    record()
    record(task="mend b\xe9ta")
    record(task="MEND beta")
    done = copilot("runs", "list", "--task", "mend")
    assert [line for line in done.stdout.splitlines() if "ta" in line] == ["MEND beta", "mend béta"]
    found = json.loads(copilot("runs", "list", "--task", "béta", "--json").stdout)
    assert [run["id"] for run in found] == [2]
    assert copilot("runs", "list", "--task", "\udcff").stderr == "no task holds '\\xff'\n"


def test_only_tasks_asked_several_times_are_compared(copilot: Copilot, record: Record) -> None:
    for task in ("once", "twice", "twice", "once more"):
        record(task=task)
    runs = json.loads(copilot("runs", "list", "--compare", "--json").stdout)
    assert [run["id"] for run in runs] == [3, 2]
    done = copilot("runs", "list", "--compare", "--task", "once")
    assert (done.stdout, done.stderr) == (
        "",
        "no task was asked twice among the newest runs; see --limit\n",
    )


def test_more_runs_than_fit_stand_below_each_other(copilot: Copilot, record: Record) -> None:
    for _ in range(5):
        record()
    done = copilot("runs", "list", "--compare", environment={"COLUMNS": "50"})
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 50
    assert [line.split() for line in lines if line.startswith("run")] == [
        *[["run", "1", "2"], ["run", "3", "4"], ["run", "5"]],
    ]
    assert copilot("runs", "list", "--compare", environment={"COLUMNS": "9"}).returncode == 0


def test_all_about_one_run_is_shown(copilot: Copilot, record: Record) -> None:
    number = record(
        expected_cached_tokens=400_000, asked_tokens=412_000, cost=0.162, manifest={"version": 1}
    )
    shown = copilot("runs", "show", str(number)).stdout
    for line in (
        "task         add a test",
        "roots        app=/src/app",
        "prompt       412,300 tokens; by our own count 412,000",
        "cached       398,100 (97%); expected 400,000",
        "seconds      12.3; to the first token -",
        "cost         $0.16",
        "manifest     kept, see --manifest",
    ):
        assert f"{line}\n" in shown
    told = json.loads(copilot("runs", "show", str(number), "--json").stdout)
    assert (told["id"], told["cost"], told["manifest_kept"]) == (number, 0.162, True)
    assert json.loads(copilot("runs", "show", str(number), "--manifest").stdout) == {"version": 1}


def test_a_run_or_a_manifest_that_is_not_there_is_said(
    fails: Callable[..., str], record: Record
) -> None:
    assert "there is no run 1" in fails(2, "runs", "show", "1")
    record()
    assert "the manifest of run 1 is not kept" in fails(2, "runs", "show", "1", "--manifest")


def test_numbers_may_be_too_large_for_sqlite(copilot: Copilot, record: Record) -> None:
    record()
    assert f"there is no run {'9' * 30}\n" in copilot("runs", "show", "9" * 30).stderr
    assert len(copilot("runs", "list", "--limit", "9" * 30).stdout.splitlines()) == 2


@pytest.fixture
def asking() -> Iterator[tuple[Setup, Ready]]:
    """Return what a command knows that is about to ask the model `qwen`."""
    chosen = choose_model(Config(), "qwen", "http://127.0.0.1:1/v1", None)
    backend = Stoppable(lambda: open_backend(chosen, {}, Path()))
    yield Setup(state_paths(), Config(), ()), Ready(chosen, backend, ModelFacts("qwen"))
    backend.close()


def test_the_past_of_a_model_is_its_own_runs(record: Record, asking: tuple[Setup, Ready]) -> None:
    numbers = [record(), record()]
    record(model="other")
    assert [run.id for run in past_runs(*asking)] == numbers[::-1]


def test_without_a_sound_runs_file_there_is_no_past(asking: tuple[Setup, Ready]) -> None:
    assert past_runs(*asking) == ()
    state_paths().runs_file.parent.mkdir(parents=True)
    state_paths().runs_file.write_text("no database at all" * 99)
    assert past_runs(*asking) == ()


def test_a_runs_file_that_cannot_be_used_costs_nobody_the_answer(
    copilot: Copilot, model: Model, make_repository: Callable[..., Path], empty_home: Path
) -> None:
    file = empty_home / ".local" / "state" / "repo-copilot" / "runs.sqlite3"
    file.parent.mkdir(parents=True)
    file.write_text("no database at all, but longer than a hundred bytes " * 9)
    done = copilot("ask", "x", "--base-url", model("Yes."), cwd=make_repository({"a": "x\n"}))
    assert (done.returncode, done.stdout) == (0, "Yes.\n")
    assert "warning: cannot use the runs file" in done.stderr
