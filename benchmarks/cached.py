"""Does a real server's cache hold what `--explain-cache` says it will?

    python benchmarks/cached.py REPOSITORY [--include GLOB] [--commits 8] [--model NAME]

Checks out the newest first-parent commits of a clone one after another, oldest first, and asks one
question after each, of an embedded model behind `copilot models serve`: llama.cpp, which says how
many tokens of a prompt it had already. Beside that stands what copilot expected before it asked.
Each commit gets a question of its own, and all prompts have the same base, as long as nothing makes
copilot lay the files out anew. Prints a Markdown table and one JSON document. Exit code 1 says that
one of them was off by more than 2 % of the prompt.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_COPILOT = [sys.executable, "-m", "copilot"]
_MOST_OFF = 0.02
_WINDOW = 16_384
# What a cache holds is told whatever the answer is; it may be cut off.
_REPLY_TOKENS = 4
_CUT_OFF = 3
_QUESTIONS = ("What does this code do?", "Which class is the most important?", "What could fail?")


@contextmanager
def served(model: str, models: Path, log: Path) -> Iterator[str]:
    """Serve an embedded model, and yield its base URL when it is ready."""
    environment = {**os.environ, "COPILOT_MODELS_DIR": str(models)}
    command = [*_COPILOT, "models", "serve", model, "--port", "0", "--window", str(_WINDOW)]
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=said, text=True
        ) as server,
    ):
        try:
            yield str(server.stdout.readline()).strip() if server.stdout else ""
        finally:
            server.terminate()


def replay(
    repository: Path, include: str, count: int, url: str, work: Path
) -> list[dict[str, Any]]:
    """Ask one question after each commit, and return what was expected and what was told."""
    clone = work / "clone"
    _git(work, "clone", "--quiet", str(repository), str(clone))
    found = _git(clone, "rev-list", "--first-parent", f"--max-count={count}", "HEAD", "--", include)
    home = work / "home"
    config = work / "config.toml"
    config.write_text(
        f'[models.served]\nbase_url = "{url}"\ntokenizer = "qwen3"\n'
        f"max_reply_tokens = {_REPLY_TOKENS}\n"
    )
    environment = {**os.environ, "HOME": str(home)}
    for number, revision in enumerate(reversed(found.split())):
        _git(clone, "checkout", "--quiet", revision)
        question = _QUESTIONS[number % len(_QUESTIONS)]
        options = ["--config", str(config), "--model", "served", "--include", include]
        command = [*_COPILOT, "ask", question, *options]
        done = subprocess.run(
            command, cwd=clone, env=environment, check=False, capture_output=True, text=True
        )
        if done.returncode not in (0, _CUT_OFF):
            sys.exit(done.stderr)
        sys.stderr.write(f"{number + 1} asked\n")
    listed = subprocess.run(
        [*_COPILOT, "runs", "list", "--json", "--limit", str(count)],
        env=environment,
        check=True,
        capture_output=True,
    )
    return [_figures(run) for run in reversed(json.loads(listed.stdout))]


def _figures(run: dict[str, Any]) -> dict[str, Any]:
    expected, told = run["expected_cached_tokens"], run["cached_tokens"] or 0
    off = (told - expected) / run["prompt_tokens"]
    return {
        "prompt": run["prompt_tokens"],
        "expected": expected,
        "told": told,
        "off": round(off, 4),
    }


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        "| request | tokens | expected | the server's figure | off |",
        "| --- |" + " ---: |" * 4,
    ]
    for number, row in enumerate(rows, 1):
        cells = (f"{row['prompt']:,}", f"{row['expected']:,}", f"{row['told']:,}")
        lines.append(f"| {number} | {' | '.join(cells)} | {row['off']:+.1%} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and the document."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("repository", type=Path)
    options.add_argument("--include", default="src/", help="what is read of it")
    options.add_argument("--commits", type=int, default=8)
    options.add_argument("--model", default="qwen2.5-coder-0.5b")
    options.add_argument("--models-dir", type=Path, default=Path.home() / "models")
    chosen = options.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as work,
        served(chosen.model, chosen.models_dir, Path(work) / "server.log") as url,
    ):
        if not re.match(r"http://127\.0\.0\.1:\d+", url):
            sys.stderr.write(
                "the server did not start: is the model there (copilot models pull)?\n"
            )
            return 2
        rows = replay(chosen.repository, chosen.include, chosen.commits, url, Path(work))
    sys.stdout.write(f"{table(rows)}\n\n{json.dumps(rows, indent=1)}\n")
    return int(any(abs(row["off"]) > _MOST_OFF for row in rows))


if __name__ == "__main__":
    sys.exit(main())
