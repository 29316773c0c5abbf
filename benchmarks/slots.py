"""How soon does a new process answer, when the state of a slot was kept on disk?

    python benchmarks/slots.py MODEL.gguf [--tokens 500 2000 8000] [--times 3]

Asks llama.cpp twice about the standard library's modules, each time with an engine that was just
started, and once more the same engine. The first reads the whole prompt, and writes the state of
its slot into a file; the second reads that file back, and then only the question; the third finds
all in memory. Prints a Markdown table of medians: tokens of the prompt, seconds from the question
to the first token in the three ways, the tokens that the second found, the state's size on disk,
and the seconds it took to write it. Exit code 1 says that a restored slot was no faster.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from copilot.backends.embedded import serve_model
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Delta, Finished, Message, Request
from copilot.backends.slot_states import EngineStates

_NAME = "measured"
# Of Python's own modules, at least; the window has room for what is wrong with that.
_CHARACTERS_A_TOKEN = 4
_ROOM = 1.6
_QUESTIONS = ("\nWhich module is the first?", "\nWhat is the last module for?", "\nName a class.")


@dataclass(frozen=True)
class First:
    """A first token: seconds from the question, and the prompt's tokens, read and found.

    `rest_seconds` passed from there to the end, in which the state of a slot may be written.
    """

    seconds: float
    rest_seconds: float
    prompt: int
    cached: int


@dataclass(frozen=True)
class Row:
    """Cold, restored and warm, and the size of the state in bytes."""

    cold: First
    restored: First
    warm: First
    state_bytes: int


def source(characters: int) -> str:
    """Return the begin of the standard library's modules, one after another."""
    found = ""
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        found += f"# {path.name}\n{path.read_text(encoding='utf-8')}"
        if len(found) >= characters:
            break
    return found[:characters]


@contextmanager
def engine(model: Path, window: int, states: EngineStates) -> Iterator[OpenAIChat]:
    """Start an engine of our own that keeps states in a folder."""
    key = secrets.token_urlsafe()
    served = serve_model(_NAME, model, window, api_key=key, states=states.path)
    chat = OpenAIChat(served.base_url, _NAME, key, states=states)
    try:
        chat.facts()
        yield chat
    finally:
        chat.close()
        del served


def first_token(chat: OpenAIChat, base: str, question: str) -> First:
    """Ask for one token and return how long it took."""
    said = (Message("system", "Answer in a word."), Message("user", base + question, (len(base),)))
    request = Request(said, 1, 0.0, cache_key="measured")
    begin = time.monotonic()
    first, usage = 0.0, None
    for event in chat.ask(request):
        if isinstance(event, Delta) and not first:
            first = time.monotonic()
        elif isinstance(event, Finished):
            usage = event.usage
    if usage is None or not first:
        raise SystemExit("the engine did not answer")
    return First(first - begin, time.monotonic() - first, usage.prompt, usage.cached or 0)


def measured(model: Path, tokens: int) -> Row:
    """Ask a new engine, another new one, and that again."""
    base = source(tokens * _CHARACTERS_A_TOKEN)
    window = int(tokens * _ROOM) + 512
    with tempfile.TemporaryDirectory() as folder:
        states = EngineStates(Path(folder) / "slots", most_bytes=10**9)
        states.prepare()
        with engine(model, window, states) as chat:
            cold = first_token(chat, base, _QUESTIONS[0])
        size = sum(file.stat().st_size for file in states.path.iterdir())
        with engine(model, window, states) as chat:
            restored = first_token(chat, base, _QUESTIONS[1])
            warm = first_token(chat, base, _QUESTIONS[2])
    return Row(cold, restored, warm, size)


def line(rows: Sequence[Row]) -> str:
    """Return the medians of some measurements as a line of the table."""
    seconds = [
        median(first.seconds for first in firsts)
        for firsts in ([r.cold for r in rows], [r.restored for r in rows], [r.warm for r in rows])
    ]
    wrote = median(row.cold.rest_seconds for row in rows)
    last = rows[-1]
    figures = " | ".join(f"{one:.2f}" for one in seconds)
    return (
        f"| {last.cold.prompt:,} | {figures} | {last.restored.cached:,} "
        f"| {last.state_bytes / 1e6:.0f} | {wrote:.2f} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, nargs="+", default=[500, 2_000, 8_000])
    parser.add_argument("--times", type=int, default=3)
    wanted = parser.parse_args(arguments)
    sys.stdout.write("| tokens | cold, s | restored, s | warm, s | found | MB | writing, s |\n")
    sys.stdout.write("|" + " ---: |" * 7 + "\n")
    failed = False
    for tokens in wanted.tokens:
        rows = [measured(wanted.model, tokens) for _ in range(wanted.times)]
        failed = failed or any(row.restored.seconds >= row.cold.seconds for row in rows)
        sys.stdout.write(f"{line(rows)}\n")
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
