"""How much slower does a model write when a grammar holds its edits?

    python benchmarks/grammar.py MODEL.gguf [--lines 50 500 2000 5000] [--times 3] [--tokens 80]

Asks llama.cpp, inside this process and on one thread, for edits of one file made of the standard
library's modules, and counts the CPU time of what it writes: freely, under a grammar with one
alternative for each line, and under ours, in turns: blocks alone, then with new files, whose paths
are none of a thousand, and with files that move and go. The prompt shows forty lines from the
middle of the file; the grammars know all of it. Prints a Markdown table: the medians of tokens a
second of CPU time, the share of the free speed, the CPU time until the first token (the prompt is
cached, so that this is the time to read the grammar), and the grammar's size.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import xllamacpp

from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Delta, Finished, Message, Request
from copilot.edits.grammar import Wholes, edit_grammar
from copilot.edits.grammar_paths import NewPaths
from copilot.edits.grammar_rules import literal

_NAME = "main/file.py"
_SHOWN = 40
# New paths must be none of these.
_PATHS = NewPaths(("main",), [f"main/part{n % 9}/module_{n}.py" for n in range(1_000)])
_OFFERED = Wholes((_NAME,), (_NAME,), (f"{_NAME}.new",))
_TASK = """\
Give every function and every parameter of this file a longer name. Reply with edit blocks only:

main/file.py
<<<<<<< SEARCH
lines copied from the file
=======
the lines that take their place
>>>>>>> REPLACE

END OF EDITS: 1 file, 1 block
"""


class Speed(NamedTuple):
    """CPU seconds until the first token, and tokens per CPU second from there."""

    first: float
    rate: float


def source(lines: int) -> list[str]:
    """Return the first lines of the standard library's modules, one after another."""
    found: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        found += path.read_text(encoding="utf-8").split("\n")
        if len(found) >= lines:
            break
    return found[:lines]


def plain_grammar(lines: Sequence[str]) -> str:
    """Return a grammar with an alternative of its own for each line that begins a SEARCH."""
    starts = " | ".join(f"from-{number}" for number in range(len(lines)))
    rules = [
        f"from-{number} ::= {literal(line + chr(10))}"
        + (f" from-{number + 1}?" if number + 1 < len(lines) else "")
        for number, line in enumerate(lines)
    ]
    head, divider = literal(f"{_NAME}\n<<<<<<< SEARCH\n"), literal("=======\n")
    block = f'{head} ({starts}) {divider} line* ">>>>>>> REPLACE\\n"'
    frame = [f'root ::= (block "\\n")+ "END OF EDITS"\nblock ::= {block}']
    return "\n".join([*frame, r'line ::= [^<=>\n]* "\n"', *rules]) + "\n"


def measured(chat: OpenAIChat, prompt: str, grammar: str | None, tokens: int) -> Speed:
    """Ask once and return how fast the answer came."""
    begin = time.process_time()
    first, written = 0.0, 0
    for event in chat.ask(Request((Message("user", prompt),), tokens, 0.0, grammar)):
        if isinstance(event, Delta) and not first:
            first = time.process_time()
        elif isinstance(event, Finished) and event.usage:
            written = event.usage.reply
    return Speed(first - begin, (written - 1) / (time.process_time() - first))


def rows(chat: OpenAIChat, sizes: Sequence[int], times: int, tokens: int) -> Iterator[str]:
    """Measure each size and yield the lines of the table."""
    yield "| lines | grammar | KB | first token, s | tokens/s | of free |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: |"
    for size in sizes:
        lines = source(size)
        text = "".join(f"{line}\n" for line in lines)
        shown = "\n".join(lines[size // 2 : size // 2 + _SHOWN])
        prompt = f'<file path="{_NAME}">\n{shown}\n</file>\n\n{_TASK}'
        ways = {
            "none": None,
            "a line, an alternative": plain_grammar(lines),
            "shared beginnings": edit_grammar({_NAME: text}, 7, _PATHS),
            "and new, moved, deleted files": edit_grammar(
                {_NAME: text}, 7, _PATHS, offered=_OFFERED
            ),
        }
        measured(chat, prompt, None, 1)
        found: dict[str, list[Speed]] = {way: [] for way in ways}
        for _ in range(times):
            for way, grammar in ways.items():
                found[way].append(measured(chat, prompt, grammar, tokens))
        free = median(speed.rate for speed in found["none"])
        for way, grammar in ways.items():
            rate = median(speed.rate for speed in found[way])
            first = median(speed.first for speed in found[way])
            kilobytes = len(grammar or "") // 1000
            yield f"| {size} | {way} | {kilobytes} | {first:.2f} | {rate:.1f} | {rate / free:.0%} |"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("--lines", type=int, nargs="+", default=[50, 500, 2000, 5000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=80)
    wanted = parser.parse_args(arguments)
    settings = xllamacpp.CommonParams()
    settings.model.path = str(wanted.model)
    settings.n_ctx, settings.n_parallel, settings.port, settings.verbosity = 4096, 1, 0, -1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    engine = xllamacpp.Server(settings)
    chat = OpenAIChat(f"{engine.listening_address}/v1")
    chat.facts()
    for row in rows(chat, wanted.lines, wanted.times, wanted.tokens):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
    chat.close()


if __name__ == "__main__":
    main(sys.argv[1:])
