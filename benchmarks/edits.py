"""Do a small model's edits land, and do they work? copilot and aider, side by side.

    python benchmarks/edits.py [--models NAME,…] [--ways NAME,…] [--tasks N] [--only NAME]
        [--rows FILE] [--aider PROGRAM] [--url URL] [--limit-minutes M] [--only-report]

Each task is a small package, an instruction in plain words, and a hidden test that fails before.
Each embedded model is served by `copilot models serve` (llama.cpp), or is the one at `--url`, a
llama-server of your own, as one that is built for the processor at hand. Each task is done by the
tools' own commands in fresh folders, on that one server. What they send passes through a program in
between that sets temperature, seed and the limit of each reply to the same for all, and counts
tokens and seconds. Some tasks are done in one way, then in the next, so that for all tools the
server has what their prompts begin with in its cache.

- copilot: `copilot edit TASK --yes --json`: free or constrained; with `--no-repair`, or with the
  two more chances for edits without a place that it has by default. It sees the whole package.
- aider: `aider --message TASK FILES` with all files of the package in the chat, in its whole and
  diff formats. It asks again up to three times by itself, for edits without a place and for what
  its linter finds; that cannot be turned off.

Rows are appended to a file as they come; what stands there is not done again. The tables are over
those tasks that a model did in each way. Code that a model wrote is run, without walls around it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from shutil import which
from typing import Any

from benchmarks.cached import served
from benchmarks.edits_between import Between, between
from benchmarks.edits_table import comparable, kinds_table, outcomes_table, summaries, table
from benchmarks.edits_tasks import Task, all_tasks, can_run
from benchmarks.edits_ways import WAYS, Tools, as_line, do_task, rows_in
from copilot.batches import batches

_MODELS = "qwen2.5-coder-0.5b,qwen2.5-coder-1.5b"
_REPLY_TOKENS = 600
_TASKS_IN_A_ROW = 10
_SECONDS_A_MINUTE = 60


def measure(chosen: argparse.Namespace, tasks: Sequence[Task]) -> None:
    """Do what is not done yet, model by model, some tasks in all ways before the next ones."""
    end = time.monotonic() + chosen.limit_minutes * _SECONDS_A_MINUTE
    done = {(row["model"], row["task"], row["way"]) for row in _rows(chosen.rows)}
    ways = [way for way in chosen.ways.split(",") if chosen.aider or WAYS[way].tool != "aider"]
    for model in chosen.models.split(","):
        cases = [
            (task, way)
            for some in batches(tasks, lambda _task: 0, 0, _TASKS_IN_A_ROW)
            for way, task in product(ways, some)
            if (model, task.full_name, way) not in done
        ]
        if cases and time.monotonic() < end:
            with _asked(model, chosen) as case:
                _do_all(cases, case, Tools(chosen.aider, model), chosen.rows, end)


@contextmanager
def _asked(model: str, chosen: argparse.Namespace) -> Iterator[Between]:
    """Serve a model, with the program in between. Exits if it cannot be served."""
    if chosen.url:
        with between(chosen.url, chosen.reply_tokens) as case:
            yield case
        return
    with (
        tempfile.TemporaryDirectory() as work,
        served(model, chosen.models_dir, Path(work) / "server.log") as url,
    ):
        if not re.match(r"http://127\.0\.0\.1:\d+", url):
            sys.exit(f"{model} cannot be served: is it there (copilot models pull)?")
        with between(url, chosen.reply_tokens) as case:
            yield case


def _do_all(
    cases: Sequence[tuple[Task, str]], case: Between, tools: Tools, file: Path, end: float
) -> None:
    for number, (task, way) in enumerate(cases, 1):
        if time.monotonic() >= end:
            sys.stderr.write(f"the time is over; {len(cases) - number + 1} cases are left\n")
            return
        row = do_task(task, way, case, tools)
        with file.open("a") as rows:
            rows.write(as_line(row))
        word = "passes" if row.passed else "applies" if row.applied else "does not apply"
        sys.stderr.write(
            f"{number} of {len(cases)}: {task.full_name}, {way}: {word}, {row.seconds:.0f} s\n"
        )


def _rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, and take off a last line that was cut off."""
    if not file.exists():
        return []
    rows = rows_in(file.read_text())
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return rows


def report(rows: Sequence[dict[str, Any]]) -> str:
    """Return the tables, then one JSON document."""
    kept = comparable(rows)
    found = summaries(kept)
    bare = [{name: row[name] for name in row if name not in {"reply", "said"}} for row in kept]
    document = json.dumps({"summaries": found, "rows": bare}, indent=1)
    kinds, outcomes = kinds_table(kept), outcomes_table(kept)
    return (
        f"{table(found)}\n\nWhat became of the edits:\n\n{outcomes}\n\n"
        f"Tasks that pass, by kind:\n\n{kinds}\n\n{document}\n"
    )


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--models", default=_MODELS, help="names, with commas between them")
    options.add_argument("--ways", default=",".join(WAYS), help="as --models")
    options.add_argument("--tasks", type=int, help="how many; default: all")
    options.add_argument("--only", default="", help="tasks whose names begin so, as demo/")
    options.add_argument("--rows", type=Path, default=Path("edits.jsonl"))
    options.add_argument("--models-dir", type=Path, default=Path.home() / "models")
    options.add_argument("--aider", type=Path, help="the program, if it is not on the path")
    options.add_argument("--url", help="the base URL of a server of the one model of --models")
    options.add_argument("--reply-tokens", type=int, default=_REPLY_TOKENS)
    options.add_argument("--limit-minutes", type=float, default=24 * 60)
    options.add_argument("--only-report", action="store_true")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the tables and the document."""
    chosen = _options().parse_args(arguments)
    if chosen.url and "," in chosen.models:
        sys.exit("a server at --url has one model: name it with --models")
    if not chosen.only_report:
        chosen.aider = chosen.aider or which("aider")
        named = [task for task in all_tasks() if task.full_name.startswith(chosen.only)]
        measure(chosen, [task for task in named if can_run(task)][: chosen.tasks])
    sys.stdout.write(report(_rows(chosen.rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
