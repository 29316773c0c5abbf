"""How results are put on stdout and stderr: diffs, usage, the model's answer as it comes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from copilot.assist.ask import Answer
from copilot.assist.pack import Packed
from copilot.backends.protocol import Delta, Event, Reading
from copilot.cli.talk import progress_bar, say, stream
from copilot.text import visible


def put(text: str) -> None:
    """Write data to stdout at once; text from files and models is made harmless."""
    sys.stdout.write(visible(text))
    sys.stdout.flush()


def put_json(document: Any) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=True) + "\n")


def say_packed(packed: Packed, model: str) -> None:
    """Say what is about to be sent to whom."""
    full = len(packed.full_texts)
    left_out = len(packed.prompt.files) - full
    say(
        f"packed {full} files, {packed.prompt.total_tokens:,} tokens"
        + (f" ({left_out} left out, see --manifest)" if left_out else "")
        + f"; asking {model}"
    )


def say_usage(answer: Answer) -> None:
    """Say what the answer cost."""
    usage = answer.usage
    if usage is None:
        say(f"answered in {answer.seconds:.1f} s; the server told no usage")
        return
    cached = f", {usage.cached:,} of them cached" if usage.cached else ""
    say(
        f"answered in {answer.seconds:.1f} s: {usage.prompt:,} tokens read{cached}, "
        f"{usage.reply:,} written"
    )


@contextmanager
def streaming(write: Callable[[str], None] = stream) -> Iterator[Callable[[Event], None]]:
    """Show an answer as it comes: a bar while the server reads, then the text through `write`."""
    with progress_bar("reading the prompt") as bar:

        def show(event: Event) -> None:
            if isinstance(event, Reading):
                bar(event.done, event.total)
            elif isinstance(event, Delta):
                write(event.text)

        yield show
