"""Makes haystacks of a million tokens, sends one to a server that only listens, and times it.

    python benchmarks/haystack.py FOLDER [--tokens 1M] [--rounds 3]

FOLDER is only read. A process of its own reads it, counts its files once, and makes haystacks: one
needle at five depths (suite `needle`), the eight questions of `ruler` that share a haystack, and
those that have one of generated text.
Seconds are those from the recipe to the prompt's pieces, checks of the needles' words with it; MB
are those of all prompts made, in UTF-8. The first prompt is then sent to a server on loopback that
says it has a window of 1,100,000 tokens, and it is checked that what arrived is the prompt byte for
byte. `memory_mb` is that of the process at its largest, `before_mb` what it had when the folder was
read and the vocabulary loaded.

Prints one JSON document. Exit code 1 says that what arrived was not the prompt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.million_sink import listening
from copilot.assist.pack import messages
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Request
from copilot.context.model import Prompt
from copilot.context.tokens import load
from copilot.evals.counted import counted_of
from copilot.evals.model import Material, Plan, Sample, Suite, material_of
from copilot.evals.needles import NEEDLE
from copilot.evals.ruler import RULER
from copilot.evals.ruler.suite import SHARED
from copilot.settings.amounts import parse_tokens
from copilot.settings.bundled import bundled
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import read_snapshot

_TOKENIZER = "o200k_base"
_KINDS: tuple[tuple[str, Suite, Sequence[str]], ...] = (
    ("needle", NEEDLE, ["single"]),
    ("ruler_shared", RULER, SHARED),
    ("ruler_own", RULER, [task for task in RULER.tasks if task not in SHARED]),
)


def made(folder: str, tokens: int, rounds: int, url: str) -> dict[str, Any]:
    """Read a folder, make haystacks of it, and send one."""
    prompts = {path.stem: path.read_text() for path in bundled("prompts").iterdir()}
    snapshot = read_snapshot(find_roots([folder], Path.cwd()))
    material = material_of(snapshot, _TOKENIZER, prompts)
    load(_TOKENIZER)
    before = _memory()
    began = time.perf_counter()
    sized = counted_of(material).sized
    counting = time.perf_counter() - began
    document: dict[str, Any] = {}
    sent: Prompt | None = None
    for name, suite, tasks in _KINDS:
        plan = Plan([(tokens, tokens - suite.reply_tokens)], rounds, tasks=tasks)
        samples, document[name] = _timed(suite, plan, material)
        sent = sent or samples[0].prompt
    if sent is None:
        raise AssertionError("nothing was made")
    with closing(OpenAIChat(url)) as backend:
        backend.facts()
        list(backend.ask(Request(messages(sent), 8)))
    return {
        "files": len(sized),
        "repository_tokens": sum(one.tokens for one in sized),
        "counting_seconds": round(counting, 2),
        **document,
        "sent_sha256": sent.sha256,
        "before_mb": before,
        "memory_mb": _memory(),
    }


def _timed(suite: Suite, plan: Plan, material: Material) -> tuple[list[Sample], dict[str, Any]]:
    """Make all samples of a plan, and say how fast; the last ones are returned."""
    batches = list(suite.batches(plan, material))
    size = count = 0
    samples: list[Sample] = []
    began, cpu_began = time.perf_counter(), time.process_time()
    for batch in batches:
        samples = list(suite.make(batch, material))
        count += len(samples)
        size += sum(
            len(piece) for one in samples for s in one.prompt.sections for piece in s.pieces
        )
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    tokens = sorted({sample.prompt.total_tokens for sample in samples})
    return samples, {
        "prompts": count,
        "tokens": [tokens[0], tokens[-1]],
        "megabytes": round(size / 1e6, 1),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "mb_per_second": round(size / 1e6 / seconds, 1),
        "mb_per_cpu_second": round(size / 1e6 / cpu, 1),
        "haystacks_per_second": round(len(batches) / seconds, 2),
    }


def _memory() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the document."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("folder")
    options.add_argument("--tokens", default="1M")
    options.add_argument("--rounds", type=int, default=3, help="haystacks of each kind")
    options.add_argument("--url", help=argparse.SUPPRESS)
    chosen = options.parse_args(arguments)
    if chosen.url:
        tokens = parse_tokens(chosen.tokens)
        sys.stdout.write(json.dumps(made(chosen.folder, tokens, chosen.rounds, chosen.url)))
        return 0
    same = [chosen.folder, "--tokens", chosen.tokens, "--rounds", str(chosen.rounds)]
    with listening() as sink:
        command = [sys.executable, "-m", "benchmarks.haystack", *same, "--url", sink.url]
        paths = os.pathsep.join(path for path in sys.path if path)
        environment = {**os.environ, "PYTHONPATH": paths}
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        document = json.loads(done.stdout)
        arrived = hashlib.sha256(sink.prompt.encode()).hexdigest()
    document["same_bytes"] = arrived == document.pop("sent_sha256")
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    return 0 if document["same_bytes"] else 1


if __name__ == "__main__":
    sys.exit(main())
