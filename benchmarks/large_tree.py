"""Lists, counts and outlines a large tree twice, and samples the memory of all processes.

    python benchmarks/large_tree.py FOLDER

FOLDER must be a git repository; it is only read. Cold is with an empty cache, again is right after.
Memory is the proportional set size of copilot and its children added up, sampled ten times a second
(Linux's /proc alone tells it). Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_PAUSE_SECONDS = 0.1
CASES = {
    "listed and counted": ("--list",),
    "listed, counted and outlined": ("--list", "--detail", "outline"),
}


@dataclass(frozen=True)
class Taken:
    """One run; `memory_mb` is the peak of all processes together, `said` its last words."""

    seconds: float
    cpu_seconds: float
    memory_mb: float
    said: str


def run(command: list[str], home: Path) -> Taken:
    """Run copilot and watch its memory. Raises CalledProcessError."""
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    began, peak = time.perf_counter(), 0.0
    before = os.times()
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=words
        )
        while process.poll() is None:
            peak = max(peak, sum(map(_proportional_mb, _with_children(process.pid))))
            time.sleep(_PAUSE_SECONDS)
        words.seek(0)
        said = words.read().decode().strip().splitlines()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    seconds = time.perf_counter() - began
    counted = next((line for line in said if line.startswith("counted ")), "")
    return Taken(round(seconds, 1), round(cpu, 1), round(peak), counted)


def _with_children(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _proportional_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    match = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(match[1]) / 1000 if match else 0.0


def main() -> None:
    folder = Path(sys.argv[1])
    copilot = [sys.executable, "-m", "copilot", "pack", "-R", str(folder)]
    document: dict[str, object] = {"tree": folder.name, "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="large-") as name:
        for case, options in CASES.items():
            home = Path(name) / case
            home.mkdir()
            cold, again = (run([*copilot, *options], home) for _ in range(2))
            document[case] = {
                "cold": asdict(cold),
                "again": asdict(again),
                "again / cold": round(again.seconds / cold.seconds, 3),
                "cache_mb": round(sum(f.stat().st_size for f in home.rglob("*.sqlite3")) / 1e6),
            }
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
