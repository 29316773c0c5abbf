"""Opens the review screen on a large change set, and measures what opening and keys cost.

Run from the repository's root: python -m benchmarks.review_screen [--files N] [--lines N]
Without options: 2,000 files and 300,000 changed lines; it takes about two minutes. Exit code 1
says that an aim is missed.

Opening is the time on the clock until the first picture is drawn, after the change set is ready. A
key costs the CPU time of the process from the press until its picture is drawn, once the tree has
counted the lines of all files in the background. Memory is that of the whole process: what it grew
by since the change set was made, as a multiple of the text that this holds, before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from textual.pilot import Pilot

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import Review, start
from copilot.tui.review_app import ReviewApp
from copilot.tui.tree_view import TreeView

SIZE = (160, 48)
MAX_OPEN_SECONDS = 1.0
MAX_KEY_SECONDS = 0.05
MAX_MEMORY_TIMES = 4.0

# What is pressed, as often as it says, one kind after the other and then all mixed.
KEYS = {
    "next row": ("j", 25),
    "next page": ("pagedown", 25),
    "previous page": ("pageup", 5),
    "next hunk": ("]", 25),
    "next file": (".", 15),
    "accept": ("a", 15),
    "reject": ("r", 10),
    "undo": ("u", 15),
    "more context": ("z", 5),
    "whole file": ("Z", 6),
    "to the end": ("end", 5),
    "to the start": ("home", 5),
    "side by side": ("v", 6),
}
# Pressed before each of these, and not measured: so that each decides something.
BEFORE = {"accept": "]", "reject": "]"}
WORDS = ("total", "count", "index", "value", "item", "result", "name", "path", "key", "line")


@dataclass
class Figures:
    """What was measured: seconds, bytes."""

    open_wall: float = 0.0
    open_cpu: float = 0.0
    counting: float = 0.0
    text: int = 0
    grown: int = 0
    keys: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def every_key(self) -> list[float]:
        return [seconds for times in self.keys.values() for seconds in times]

    @property
    def missed(self) -> list[str]:
        """The aims that are missed, in words."""
        aims = {
            "opening": self.open_wall <= MAX_OPEN_SECONDS,
            "keys": statistics.median(self.every_key) <= MAX_KEY_SECONDS,
            "memory": self.grown <= MAX_MEMORY_TIMES * self.text,
        }
        return [name for name, is_met in aims.items() if not is_met]


def change_set(files: int, lines: int) -> ChangeSet:
    """Return changes of `files` files with about so many changed lines: 8 in 10 are updates."""
    random.seed(7)
    each = lines // files
    return ChangeSet(tuple(_change(number, each) for number in range(files)))


def _change(number: int, lines: int) -> FileChange:
    path = f"src/part{number // 40}/module_{number}.py"
    if number % 10 == 8:
        return FileChange("app", path, None, _joined(_code(lines)))
    if number % 10 == 9:
        return FileChange("app", path, _joined(_code(lines)), None)
    before = [*_code(2 * lines)]
    return FileChange("app", path, _joined(before), _joined(_edited(before, lines // 2)))


def _edited(before: list[str], changed: int) -> Iterator[str]:
    """Yield the lines with runs of them changed, `changed` in all, spread over the file."""
    run, step = 5, len(before) * 5 // max(1, changed)
    for number, line in enumerate(before):
        yield line.replace("(", "_again(", 1) if number % step < run else line


def _code(lines: int) -> Iterator[str]:
    for number in range(lines):
        one, other, third = random.choices(WORDS, k=3)  # noqa: S311
        if number % 12 == 0:
            yield f"def {one}_{number}({other}, {third}):"
        else:
            yield f"    {one}_{number} = {other}({third}, '{one}')  # {number}"


def _joined(lines: Iterator[str] | list[str]) -> bytes:
    return b"".join(line.encode() + b"\n" for line in lines)


def resident() -> int:
    """Return the memory the process takes, in bytes."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


async def measured(files: int, lines: int) -> Figures:
    """Open the screen, press all keys, and return what it cost."""
    changes = change_set(files, lines)
    figures = Figures(text=sum(len(c.before or b"") + len(c.after or b"") for c in changes.changes))
    gc.collect()
    before, wall, cpu = resident(), time.perf_counter(), time.process_time()
    app = ReviewApp(start(changes), "a large change")
    async with app.run_test(size=SIZE) as pilot:
        figures.open_wall = time.perf_counter() - wall
        figures.open_cpu = time.process_time() - cpu
        figures.counting = await _counted(pilot)
        for name, key in _presses():
            if name in BEFORE:
                await pilot.press(BEFORE[name])
            figures.keys[name].append(await _pressed(pilot, key))
        figures.grown = resident() - before
    return figures


def _presses() -> Iterator[tuple[str, str]]:
    """Yield each kind of key in a row, then some of all kinds mixed."""
    for name, (key, times) in KEYS.items():
        yield from [(name, key)] * (times * 2 // 3)
    mixed = [
        (name, key) for name, (key, times) in KEYS.items() for _ in range(times - times * 2 // 3)
    ]
    random.shuffle(mixed)
    yield from mixed


async def _counted(pilot: Pilot[Review | None]) -> float:
    """Wait until the tree has counted every file's lines, and return the CPU time it took."""
    begun = time.process_time()
    while not pilot.app.screen.query_one(TreeView).is_counted:
        await pilot.pause(0.1)
    return time.process_time() - begun


async def _pressed(pilot: Pilot[Review | None], key: str) -> float:
    begun = time.process_time()
    await pilot.press(key)
    return time.process_time() - begun


def table(figures: Figures, files: int, lines: int) -> str:
    every = figures.every_key
    text, grown = figures.text / 1e6, figures.grown / 1e6
    rows = [
        f"| {files:,} files, {lines:,} changed lines, {text:.0f} MB | measured | aim |",
        "| --- | --- | --- |",
        f"| open, on the clock | {figures.open_wall:.2f} s | {MAX_OPEN_SECONDS:.0f} s |",
        f"| open, CPU | {figures.open_cpu:.2f} s | |",
        f"| lines of all files counted, in the background | {figures.counting:.1f} s of CPU | |",
        f"| a key, median of {len(every)} | {_ms(statistics.median(every))} | "
        f"{_ms(MAX_KEY_SECONDS)} |",
        f"| a key, 95th percentile | {_ms(_percentile(every, 0.95))} | |",
        f"| memory grown | {grown:.0f} MB, {grown / text:.1f} times the text | "
        f"{MAX_MEMORY_TIMES:.0f} times |",
        "",
        "| key | times | median | 95th percentile |",
        "| --- | --- | --- | --- |",
    ]
    for name, times in figures.keys.items():
        median, high = _ms(statistics.median(times)), _ms(_percentile(times, 0.95))
        rows.append(f"| {name} (`{KEYS[name][0]}`) | {len(times)} | {median} | {high} |")
    return "\n".join(rows)


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--lines", type=int, default=300_000)
    options = parser.parse_args()
    figures = asyncio.run(measured(options.files, options.lines))
    sys.stdout.write(table(figures, options.files, options.lines) + "\n")
    if figures.missed:
        sys.stderr.write(f"missed: {', '.join(figures.missed)}\n")
    return 1 if figures.missed else 0


if __name__ == "__main__":
    sys.exit(main())
