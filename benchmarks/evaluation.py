"""Runs the suites of `copilot eval` on the embedded models, and draws what came of it.

    python benchmarks/evaluation.py FOLDER --rows ROWS --pictures PICTURES [--samples 1]
        [--lengths 1k,2k,4k,8k] [--models qwen2.5-coder-0.5b,qwen2.5-coder-1.5b] [--no-ask]

FOLDER is a repository, which is only read; ROWS a folder that keeps the answers, a file for each
suite: what is there is not asked again, so that a run that was stopped goes on. The commands are
those that a user types, on the models' own server in the process. PICTURES gets the heat maps of
needle and ruler, for each model one, and RULER's averages by length as `ruler.svg`.

Prints Markdown: the reports of each suite, and the models side by side in RULER's. With --no-ask
only that. Exit code 1 says that a command failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_SUITES = ("repoqa", "edits", "needle", "ruler")
_WITH_DEPTHS = ("needle", "ruler")
_MODELS = "qwen2.5-coder-0.5b,qwen2.5-coder-1.5b"


def asked(suite: str, folder: Path, rows: Path, chosen: argparse.Namespace) -> None:
    """Ask both models the questions of a suite."""
    plan = ["--lengths", chosen.lengths, "--samples", str(chosen.samples)]
    about = ["--model", chosen.models, "--rows", str(rows), "--yes", "--root", str(folder)]
    _copilot("eval", suite, *plan, *about)


def reported(suite: str, rows: Path, pictures: Path) -> str:
    """Return the report of a suite in Markdown, and draw it."""
    picture = ["--svg", str(pictures / f"{suite}.svg")]
    drawn = picture if suite in _WITH_DEPTHS else []
    said = _copilot("eval", "report", str(rows), "--format", "markdown", *drawn)
    if suite == "ruler":
        said += "\n" + _copilot("eval", "compare", str(rows), "--format", "markdown", *picture)
    return said


def _copilot(*arguments: str) -> str:
    """Return what a command says on stdout. Raises CalledProcessError."""
    command = [sys.executable, "-m", "copilot", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the document."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--rows", type=Path, required=True)
    options.add_argument("--pictures", type=Path, required=True)
    options.add_argument("--lengths", default="1k,2k,4k,8k")
    options.add_argument("--samples", type=int, default=1)
    options.add_argument("--models", default=_MODELS)
    options.add_argument("--no-ask", action="store_true")
    chosen = options.parse_args(arguments)
    for folder in (chosen.rows, chosen.pictures):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        for suite in _SUITES:
            rows = chosen.rows / f"{suite}.jsonl"
            if not chosen.no_ask:
                asked(suite, chosen.folder, rows, chosen)
            sys.stdout.write(f"{reported(suite, rows, chosen.pictures)}\n")
            sys.stdout.flush()
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
