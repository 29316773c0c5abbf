"""Shows a long answer in the session's conversation as it streams, and measures what that costs.

Run from the repository's root: python -m benchmarks.session_screen [--tokens N] [--rate N]
Without options: 200,000 tokens (0.8 MB of Markdown) at 5,000 a second; it takes a minute. Exit code
1 says that an aim is missed.

Behind is how long after its last token was due the answer's end was drawn. A frame is one piece
taken and drawn, in CPU time of the process; so is a key. Memory is that of the whole process: what
it grew by while the answer came, as a multiple of the text.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from textual.app import App, ComposeResult

from benchmarks.review_screen import resident
from copilot.tui.session.transcript import Transcript

SIZE = (120, 40)
FRAME_SECONDS = 0.05
CHARACTERS_A_TOKEN = 4
MAX_BEHIND_SECONDS = 1.0
MAX_KEY_SECONDS = 0.05
# What is on the screen and near it is kept ready to draw, whatever the text's length.
MAX_MEMORY_TIMES = 4
MAX_MORE_BYTES = 10_000_000

_ROOT = Path(__file__).parent.parent


@dataclass
class Figures:
    """What was measured: seconds, bytes."""

    text: int = 0
    wall: float = 0.0
    behind: float = 0.0
    frames: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    resize: float = 0.0
    grown: int = 0

    @property
    def missed(self) -> list[str]:
        """The aims that are missed, in words."""
        aims = {
            "behind": self.behind <= MAX_BEHIND_SECONDS,
            "keys": statistics.median(self.keys) <= MAX_KEY_SECONDS,
            "memory": self.grown <= MAX_MEMORY_TIMES * self.text + MAX_MORE_BYTES,
        }
        return [name for name, is_met in aims.items() if not is_met]


class Stage(App[None]):
    """A conversation and nothing else."""

    def compose(self) -> ComposeResult:
        yield Transcript()


def answer(tokens: int) -> str:
    """Return Markdown of so many tokens: prose, lists, tables, and a third of code."""
    prose = (_ROOT / "docs" / "replies.md").read_text(encoding="utf-8")
    code = (_ROOT / "copilot" / "text.py").read_text(encoding="utf-8")
    one = f"{prose}\n\n```python\n{code}```\n\n"
    wanted = tokens * CHARACTERS_A_TOKEN
    return (one * (wanted // len(one) + 1))[:wanted]


async def measured(tokens: int, rate: int) -> Figures:
    """Stream an answer, then move in it, and return what it cost."""
    text = answer(tokens)
    figures = Figures(len(text))
    app = Stage()
    async with app.run_test(size=SIZE) as pilot:
        transcript = app.query_one(Transcript)
        transcript.begin("a long answer")
        gc.collect()
        before = resident()
        await _stream(transcript, text, rate * CHARACTERS_A_TOKEN, figures)
        await pilot.pause()
        figures.grown = resident() - before
        transcript.focus()
        for key in ("home", *["pagedown"] * 10, "end", *["pageup"] * 10, *["]"] * 10):
            begun = time.process_time()
            await pilot.press(key)
            figures.keys.append(time.process_time() - begun)
        begun = time.process_time()
        await pilot.resize_terminal(90, 30)
        while not transcript.said.layout.is_counted:
            await pilot.pause(FRAME_SECONDS)
        figures.resize = time.process_time() - begun
    return figures


async def _stream(transcript: Transcript, text: str, rate: int, figures: Figures) -> None:
    """Feed what is due of the text, frame by frame."""
    begun, at = time.monotonic(), 0
    while at < len(text):
        due = min(len(text), int((time.monotonic() - begun) * rate))
        cpu = time.process_time()
        transcript.feed(text[at:due])
        await asyncio.sleep(0)
        figures.frames.append(time.process_time() - cpu)
        at = due
        await asyncio.sleep(FRAME_SECONDS)
    figures.wall = time.monotonic() - begun
    figures.behind = figures.wall - len(text) / rate


def table(figures: Figures, tokens: int, rate: int) -> str:
    grown, text = figures.grown / 1e6, figures.text / 1e6
    rows = [
        f"| {tokens:,} tokens, {text:.1f} MB, at {rate:,} a second | measured | aim |",
        "| --- | --- | --- |",
        f"| behind at the end | {figures.behind:.2f} s | {MAX_BEHIND_SECONDS:.0f} s |",
        f"| a frame's piece taken, median | {_ms(statistics.median(figures.frames))} | |",
        f"| the last hundred of them | {_ms(statistics.median(figures.frames[-100:]))} | |",
        f"| a key, median of {len(figures.keys)} | {_ms(statistics.median(figures.keys))} | "
        f"{_ms(MAX_KEY_SECONDS)} |",
        f"| another width, all lines counted in steps | {figures.resize:.2f} s of CPU | |",
        f"| memory grown | {grown:.1f} MB | {MAX_MEMORY_TIMES} times the text and "
        f"{MAX_MORE_BYTES / 1e6:.0f} MB |",
    ]
    return "\n".join(rows)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=5_000)
    options = parser.parse_args()
    figures = asyncio.run(measured(options.tokens, options.rate))
    sys.stdout.write(table(figures, options.tokens, options.rate) + "\n")
    if figures.missed:
        sys.stderr.write(f"missed: {', '.join(figures.missed)}\n")
    return 1 if figures.missed else 0


if __name__ == "__main__":
    sys.exit(main())
