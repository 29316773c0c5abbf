"""Writes many files in one transaction, and the same files plainly with fsync, in turn.

    python benchmarks/journal.py [FOLDER] [--files 1000] [--size 4000] [--rounds 5] [--json]

FOLDER is on the disk to measure, by default the one of temporary files; a folder made in it is
deleted at the end. The files lie in 50 folders of three repositories and are there before; each
round lays them out anew, flushes the disk, and gives them other bytes by each way, whose order
turns from round to round:

    plain      open, write, fsync, close: a crash leaves half of the files, or half of one
    atomic     a new file beside each, fsync, rename, at the end an fsync of each folder
    commit     all of them or none, with a way back: one transaction
    undo       that transaction taken back
    merged     the same, with a line that was put at the end of each file meanwhile

Prints a Markdown table of the median seconds and the median of the rounds' ratios to "plain", or
with --json the same and all rounds as one document.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from copilot.edits.changes import ChangeSet, FileChange
from copilot.journal.history import undo
from copilot.journal.transact import commit

FOLDERS = 50
ALIASES = ("one", "two", "three")


@dataclass(frozen=True)
class Tree:
    """Files of one round: their places, and their bytes before and after."""

    top: Path
    names: tuple[tuple[str, str], ...]
    old: bytes
    new: bytes

    @property
    def roots(self) -> dict[str, Path]:
        return {alias: self.top / alias for alias in ALIASES}

    @property
    def journals(self) -> Path:
        return self.top / "journals"

    @property
    def paths(self) -> list[Path]:
        return [self.top / alias / name for alias, name in self.names]


def lay_out(top: Path, files: int, size: int) -> Tree:
    """Make the files with their bytes before, and flush the disk."""
    names = tuple((ALIASES[n % 3], f"folder{n % FOLDERS}/file{n}.txt") for n in range(files))
    line = b"the quick brown fox jumps over the lazy dog\n"
    old = (line * (size // len(line) + 1))[:size]
    tree = Tree(top.resolve(), names, old, old.replace(b"quick", b"swift", size // 400 + 1))
    for path in tree.paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(old)
    os.sync()
    return tree


def plain(tree: Tree) -> None:
    """Write every file in place."""
    for path in tree.paths:
        _write(path, tree.new, os.O_WRONLY | os.O_TRUNC)


def atomic(tree: Tree) -> None:
    """Replace every file by one that is whole on the disk."""
    for path in tree.paths:
        beside = path.with_name(f"{path.name}.new")
        _write(beside, tree.new, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        beside.rename(path)
    for folder in sorted({path.parent for path in tree.paths}):
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _write(path: Path, data: bytes, flags: int) -> None:
    descriptor = os.open(path, flags, 0o644)
    os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)


def transaction(tree: Tree) -> None:
    """Write every file in one transaction."""
    changes = (FileChange(alias, name, tree.old, tree.new) for alias, name in tree.names)
    commit(ChangeSet(tuple(changes)), tree.roots, tree.journals, label="benchmark")


def back(tree: Tree) -> None:
    """Take the transaction back."""
    undo(tree.journals, tree.top)


def nothing(_: Tree) -> None:
    """Leave the files as they are."""


def written(tree: Tree) -> None:
    """Prepare for an undo."""
    transaction(tree)
    os.sync()


def written_and_edited(tree: Tree) -> None:
    """Prepare for an undo that must merge."""
    transaction(tree)
    for path in tree.paths:
        path.write_bytes(tree.new + b"\na line of the user's own\n")
    os.sync()


# What is done before, and what is measured.
WAYS: dict[str, tuple[Callable[[Tree], None], Callable[[Tree], None]]] = {
    "plain": (nothing, plain),
    "atomic": (nothing, atomic),
    "commit": (nothing, transaction),
    "undo": (written, back),
    "merged": (written_and_edited, back),
}


def measure(place: Path, files: int, size: int, rounds: int) -> list[dict[str, float]]:
    """Return the seconds of every way in every round.

    Nothing is deleted between: some file systems avoid for a while what was just set free.
    """
    taken: list[dict[str, float]] = []
    ways = list(WAYS)
    for number in range(rounds):
        taken.append({})
        for way in ways[number % len(ways) :] + ways[: number % len(ways)]:
            tree = lay_out(place / f"{number}-{way}", files, size)
            prepare, perform = WAYS[way]
            prepare(tree)
            begun = time.perf_counter()
            perform(tree)
            taken[-1][way] = time.perf_counter() - begun
    return taken


def summary(taken: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return for every way the median seconds and the median ratio to the plain one."""
    return {
        way: {
            "seconds": round(statistics.median(one[way] for one in taken), 3),
            "ratio": round(statistics.median(one[way] / one["plain"] for one in taken), 2),
        }
        for way in WAYS
    }


def table(found: dict[str, dict[str, float]]) -> str:
    """Return the summary in Markdown."""
    rows = [f"| {way} | {one['seconds']:.2f} | {one['ratio']:.2f} |" for way, one in found.items()]
    return "\n".join(["| way | seconds | to plain |", "| --- | ---: | ---: |", *rows]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(tempfile.gettempdir()))
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--size", type=int, default=4000, help="bytes of each file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="journal-", dir=chosen.folder))
    try:
        taken = measure(place, chosen.files, chosen.size, chosen.rounds)
    finally:
        shutil.rmtree(place)
    found = summary(taken)
    document = {
        "files": chosen.files,
        "size": chosen.size,
        "ways": found,
        "rounds": [{way: round(seconds, 3) for way, seconds in one.items()} for one in taken],
    }
    sys.stdout.write(json.dumps(document, indent=2) + "\n" if chosen.json else table(found))


if __name__ == "__main__":
    main()
