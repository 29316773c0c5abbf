"""Sends a prompt of a million tokens to a server that only listens, and times how it was planned.

    python benchmarks/million.py FOLDER [--budget 1M] [--rounds 5]

FOLDER must be a git repository with more text than the budget holds; it is only read. `copilot ask`
runs as a user would start it, with a home of its own, against a server on loopback that says it has
a window of 1,100,000 tokens, keeps what it is sent, and answers with one word. First with nothing
kept, then with another question. Each time it is checked that the messages joined are the prompt
byte for byte (`prompt_sha256` in the manifest), that their tokens are as counted, and that they are
within the budget. `reused` is the share of its bytes that the prompt before begins with. Seconds
are from start to end, memory is that of the largest process.

Then planning is timed, in a new process for each round: all that happens between having read the
listing (what git tells, and which files are as they were seen) and having decided what goes in:
loading and following the base, ranking all files for the task, choosing the focus. What is loaded
only when it is needed, such as numpy, counts too. In the same process the files that were chosen
are then read: opened, read and decoded, one after another. Figures are the medians of all rounds,
for the first question of a process and for the next one.

Prints one JSON document. Exit code 1 says that what arrived was not the prompt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import million_plan
from benchmarks.million_sink import Sink, listening
from benchmarks.stability_prices import common_prefix
from copilot.context.tokens import count_tokens
from copilot.settings.amounts import parse_tokens

QUESTIONS = (
    "How does the migration autodetector find fields that were renamed?",
    "Where are the cookies of a session signed, and with which key?",
)


def asked(folder: Path, home: Path, sink: Sink, question: str, budget: str) -> dict[str, Any]:
    """Ask and return what it took and what arrived. Raises CalledProcessError."""
    manifest = home / "manifest.json"
    command = [
        *(sys.executable, "-m", "copilot", "ask", question, "-R", str(folder)),
        *("--base-url", sink.url, "--budget", budget, "--manifest", str(manifest)),
    ]
    before = sink.prompt.encode()
    began = time.perf_counter()
    with (home / "said").open("wb") as said:
        process = subprocess.Popen(command, env=_environment(home), stdout=said, stderr=said)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.stderr.write((home / "said").read_text(errors="replace"))
        raise subprocess.CalledProcessError(process.returncode, command)
    prompt = sink.prompt.encode()
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "memory_mb": round(usage.ru_maxrss / 1000),
        "reused": round(common_prefix(before, prompt) / len(prompt), 4),
        **arrived(prompt, json.loads(manifest.read_text()), budget),
    }


def arrived(prompt: bytes, manifest: dict[str, Any], budget: str) -> dict[str, Any]:
    """Compare what arrived with the manifest."""
    (tokens,) = count_tokens([prompt], manifest["tokenizer"])
    return {
        "bytes": len(prompt),
        "tokens": tokens,
        "sections": {one["kind"]: one["tokens"] for one in manifest["sections"]},
        "same_bytes": hashlib.sha256(prompt).hexdigest() == manifest["prompt_sha256"],
        "same_tokens": tokens == manifest["total_tokens"],
        "within_budget": tokens <= parse_tokens(budget),
    }


def planned(folder: Path, home: Path, budget: str, rounds: int) -> dict[str, dict[str, Any]]:
    """Return the medians of planning and reading, by place of the question in its process."""
    command = [sys.executable, million_plan.__file__, str(folder), budget, *QUESTIONS]
    runs = []
    for _ in range(rounds):
        done = subprocess.run(command, env=_environment(home), check=True, stdout=subprocess.PIPE)
        runs.append(json.loads(done.stdout))
    firsts, nexts = ([run[place] for run in runs] for place in range(2))
    return {"first_question": _medians(firsts), "next_question": _medians(nexts)}


def _medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    found = {name: round(statistics.median(run[name] for run in runs), 4) for name in runs[0]}
    ratios = [run["planning"] / run["reading"] for run in runs]
    return found | {"planning_to_reading": round(statistics.median(ratios), 2)}


def _environment(home: Path) -> dict[str, str]:
    """Return the environment of a user who has just begun."""
    ours = ("COPILOT_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**kept, "HOME": str(home), "PYTHONPATH": paths}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the document."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--budget", default="1M", help="tokens")
    options.add_argument("--rounds", type=int, default=5, help="of planning")
    chosen = options.parse_args(arguments)
    folder = chosen.folder.resolve()
    with tempfile.TemporaryDirectory(prefix="million-") as name, listening() as sink:
        home = Path(name)
        cases = {
            case: asked(folder, home, sink, question, chosen.budget)
            for case, question in zip(("nothing_kept", "again"), QUESTIONS, strict=True)
        }
        document = {"tree": folder.name, "budget": chosen.budget, "asked": cases}
        if chosen.rounds:
            document["planned"] = planned(folder, home, chosen.budget, chosen.rounds)
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    checks = ("same_bytes", "same_tokens", "within_budget")
    return 0 if all(case[check] for case in cases.values() for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
