"""How results are put on stdout and stderr: diffs, usage, the model's answer as it comes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from copilot.assist.ask import Answer
from copilot.assist.pack import Packed
from copilot.cli.talk import say, say_figures, voice
from copilot.context.model import Detail, PackedFile, mask_places
from copilot.context.reuse import Reuse
from copilot.text import one_line, visible

_MASKS_SAID = 10


def put(text: str) -> None:
    """Write data to stdout at once; text from files and models is made harmless."""
    sys.stdout.write(visible(text))
    sys.stdout.flush()


def put_bytes(data: bytes) -> None:
    """Write data to stdout as it is: a patch is for a program, and each of its bytes counts."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def put_json(document: Any) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def say_packed(packed: Packed, model: str) -> None:
    """Say what is about to be sent to whom."""
    say_figures(f"packed {counted_files(packed)}; asking {model}")
    say_masks(packed.prompt.files)


def counted_files(packed: Packed) -> str:
    """Return how many files and tokens a prompt holds, and how many files it does not."""
    return counts(packed.prompt.files, packed.prompt.total_tokens)


def counts(files: Sequence[PackedFile], tokens: int | None = None) -> str:
    """Return how many files are in, how many as outlines, and how many are not.

    `tokens` are those of a whole prompt, None for the files' alone.
    """
    shown = sum(file.section is not None for file in files)
    outlines = sum(file.detail is Detail.OUTLINE for file in files)
    left_out = len(files) - shown
    tokens = sum(file.tokens for file in files) if tokens is None else tokens
    named = f", {outlines} as outlines" if outlines else ""
    missing = f" ({left_out} left out: copilot pack --list)" if left_out else ""
    return f"{shown} file{'' if shown == 1 else 's'}{named}, {tokens:,} tokens{missing}"


def say_masks(files: Sequence[PackedFile]) -> None:
    """Say where masks stand, by file and line; with --verbose all of them."""
    places = [
        f"  {one_line(file.repository)}/{one_line(file.path)}:{place}"
        for file in files
        for place in mask_places(file.masks)
    ]
    if not places:
        return
    plural = "" if len(places) == 1 else "s"
    shown = places if voice.verbose else places[:_MASKS_SAID]
    more = len(places) - len(shown)
    rest = [f"  and {more} more: say --verbose, or see copilot pack --list"] if more else []
    say("\n".join([f"masked {len(places)} secret{plural}:", *shown, *rest]))


def say_reuse(reuse: Reuse, speak: Callable[[str], None] = say) -> None:
    """Say how much of the last prompt the next one begins with."""
    share = f"{reuse.tokens / reuse.total_tokens:.0%}" if reuse.total_tokens else "nothing"
    why = f"; then {one_line(reuse.breaks)}" if reuse.breaks else ""
    speak(
        f"{reuse.tokens:,} of {reuse.total_tokens:,} tokens ({share}) are those of the last "
        f"prompt to {one_line(reuse.whom)}, sent {age(reuse.seconds_since)} ago{why}"
    )


def age(seconds: float) -> str:
    """Return a time in its largest unit: `3 days`."""
    units = [(86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
    size, unit = next((unit for unit in units if seconds >= unit[0]), units[-1])
    count = max(0, int(seconds // size))
    return f"{count} {unit}{'' if count == 1 else 's'}"


def say_usage(answer: Answer) -> None:
    """Say what the answer cost."""
    usage = answer.usage
    if usage is None:
        say_figures(f"answered in {answer.seconds:.1f} s; the server told no usage")
        return
    cached = f", {usage.cached:,} of them cached" if usage.cached else ""
    say_figures(
        f"answered in {answer.seconds:.1f} s: {usage.prompt:,} tokens read{cached}, "
        f"{usage.reply:,} written"
    )
