"""What a long reply costs on its way to the person: no more memory than its text, no work twice."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Iterator
from types import FrameType

import pytest

from copilot.assist.marks import Hiding
from copilot.backends.answers import kept
from copilot.backends.openai_shapes import events
from copilot.cli.listening import streaming

WORD = "word "
# A reply in lines, and one that never ends its line.
LINES = [1, 15, 10**9]


def chunks(count: int, a_line: int, size: int) -> Iterator[bytes]:
    """Yield the bytes of a reply of so many tokens, `size` tokens in each piece."""
    for first in range(0, count, size):
        texts = ["\n" if n % a_line == 0 else WORD for n in range(first, first + size)]
        deltas = [{"choices": [{"delta": {"content": text}}]} for text in texts]
        yield b"".join(f"data: {json.dumps(delta)}\n\n".encode() for delta in deltas)
    yield b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'


def show(count: int, a_line: int, size: int) -> int:
    """Bring a reply from its bytes to where it is shown; return how many characters arrived."""
    shown = 0

    def write(text: str) -> None:
        nonlocal shown
        shown += len(text)

    hiding = Hiding(write)
    with streaming(hiding.write) as told:
        for event in kept(events(chunks(count, a_line, size), "m"), "m"):
            told(event)
    hiding.flush()
    return shown


def calls(count: int, a_line: int, size: int) -> int:
    """Return how many functions are called, of Python and of C, to show a reply."""
    called = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal called
        called += event in {"call", "c_call"}

    sys.setprofile(profile)
    try:
        show(count, a_line, size)
    finally:
        sys.setprofile(None)
    return called


@pytest.mark.parametrize("a_line", LINES)
@pytest.mark.parametrize("size", [1, 50])
def test_twice_the_tokens_are_twice_the_work(a_line: int, size: int) -> None:
    show(10, a_line, 1)
    once, twice = calls(1000, a_line, size), calls(2000, a_line, size)
    assert twice < 2.1 * once


@pytest.mark.parametrize("a_line", LINES)
def test_memory_grows_by_the_text_alone(a_line: int) -> None:
    show(10, a_line, 1)
    tracemalloc.start()
    try:
        characters = show(20_000, a_line, 50)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * characters + 200_000
