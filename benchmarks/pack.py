"""Packs a tree with copilot, with repomix, and by plain reading and counting, in turn.

    python benchmarks/pack.py FOLDER [--repomix "node …/repomix.cjs"] [--rounds 3]

FOLDER is copied and made a git repository, so that nothing of it changes. Each round runs each
program cold (its cache removed), again with nothing changed, and again after one file has got one
more line; the order turns from round to round. Prints one JSON document: for each program and case
the median seconds from start to end, the CPU seconds (children too), and the largest memory of its
largest process; then the ratios of the medians.

The plain program does the least that must be done: it reads the files that copilot packs, with
`open` and `read`, and counts their tokens with the same tokenizer, several texts at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

CASES = ("cold", "unchanged", "one_file_changed")
_PLAIN = """
import sys, quicktok
encoding = quicktok.get_encoding("o200k_base")
names = open(sys.argv[1], "rb").read().split(b"\\0")
total, batch, size = 0, [], 0
for name in names:
    with open(name, "rb") as file:
        batch.append(file.read())
    size += len(batch[-1])
    if size > 4_000_000:
        total += int(quicktok.count_batch(encoding, batch).sum())
        batch, size = [], 0
total += int(quicktok.count_batch(encoding, batch).sum()) if batch else 0
print(total)
"""


@dataclass(frozen=True)
class Taken:
    """What one run took; `memory_mb` is that of its largest process."""

    seconds: float
    cpu_seconds: float
    memory_mb: float


def run(command: list[str], environment: Mapping[str, str], folder: Path) -> Taken:
    """Run a command that must succeed. Raises CalledProcessError."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        # A user's Python keeps the bytecode of what it imports.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Taken(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


@dataclass(frozen=True)
class Program:
    """A command, and the folder that holds all it keeps between runs."""

    command: list[str]
    kept: Path
    environment: dict[str, str]


def programs(tree: Path, work: Path, repomix: str | None) -> dict[str, Program]:
    """Return the programs to compare, each with a folder of its own for its cache."""
    homes = {name: work / f"kept-{name}" for name in ("copilot", "repomix", "plain")}
    copilot = [sys.executable, "-m", "copilot", "pack", "-R", str(tree), "--budget", "1000M"]
    made = {
        "copilot": Program(
            [*copilot, "-o", str(work / "copilot.txt")],
            homes["copilot"],
            {"HOME": str(homes["copilot"]), "XDG_CACHE_HOME": str(homes["copilot"] / "cache")},
        ),
        "plain": Program(
            [sys.executable, "-c", _PLAIN, str(_names(tree, work))], homes["plain"], {}
        ),
    }
    if repomix:
        made["repomix"] = Program(
            [*shlex.split(repomix), "--quiet", "-o", str(work / "repomix.xml"), str(tree)],
            homes["repomix"],
            {"TMPDIR": str(homes["repomix"])},
        )
    return made


def _names(tree: Path, work: Path) -> Path:
    """Write the names of the files that copilot packs; return where."""
    manifest = work / "manifest.json"
    command = [sys.executable, "-m", "copilot", "pack", "-R", str(tree), "--budget", "1000M"]
    subprocess.run(
        [*command, "--manifest", str(manifest), "-o", os.devnull, "-q"],
        check=True,
        env={**os.environ, "HOME": str(work / "home")},
    )
    files = json.loads(manifest.read_text())["files"]
    names = [os.fsencode(tree / file["path"]) for file in files if file["section"]]
    (work / "names").write_bytes(b"\0".join(names))
    return work / "names"


def measure(tree: Path, work: Path, repomix: str | None, rounds: int) -> dict[str, object]:
    """Return the figures of all programs, cases and ratios."""
    taken: dict[tuple[str, str], list[Taken]] = defaultdict(list)
    compared = programs(tree, work, repomix)
    changed = _some_source_file(tree, work)
    for turn in range(rounds):
        names = list(compared)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            program = compared[name]
            shutil.rmtree(program.kept, ignore_errors=True)
            program.kept.mkdir()
            for case in CASES:
                if case == "one_file_changed":
                    with changed.open("ab") as file:
                        file.write(b"\n# %d %s\n" % (turn, name.encode()))
                taken[name, case].append(run(program.command, program.environment, work))
    figures = {key: _median(runs) for key, runs in taken.items()}
    return {
        "figures": {f"{name} {case}": asdict(t) for (name, case), t in figures.items()},
        "ratios": {
            f"{name} / copilot, {case}": round(t.seconds / figures["copilot", case].seconds, 2)
            for (name, case), t in figures.items()
            if name != "copilot"
        },
    }


def _median(runs: list[Taken]) -> Taken:
    columns = zip(*((t.seconds, t.cpu_seconds, t.memory_mb) for t in runs), strict=True)
    return Taken(*(round(statistics.median(column), 2) for column in columns))


def _some_source_file(tree: Path, work: Path) -> Path:
    """Return a packed file in the middle of the list, to be changed."""
    names = (work / "names").read_bytes().split(b"\0")
    sources = [name for name in names if name.endswith((b".py", b".ts", b".js", b".go", b".rs"))]
    return tree / os.fsdecode((sources or names)[len(sources or names) // 2])


def _repository(folder: Path, copy: Path) -> None:
    """Copy a tree and commit it."""
    shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    git = ["git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com"]
    for arguments in (["init", "-q"], ["add", "-Af"], ["commit", "-qm", "The tree"]):
        subprocess.run([*git, *arguments], cwd=copy, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repomix", help="the command that starts repomix")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pack-") as name:
        work = Path(name)
        _repository(arguments.folder, work / "tree")
        figures = measure(work / "tree", work, arguments.repomix, arguments.rounds)
    document = {"tree": arguments.folder.name, "rounds": arguments.rounds, **figures}
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
