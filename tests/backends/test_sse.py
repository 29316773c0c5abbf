"""Server-sent events from bytes, however they are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.backends.sse import event_data

LINE_ENDS = st.sampled_from([b"\n", b"\r\n"])
# A line of data: anything but the characters that end it.
LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).map(str.encode)
EVENTS = st.lists(st.lists(LINES, min_size=1, max_size=3), max_size=5)
NOISE = st.sampled_from([b": keep-alive", b":", b"event: message", b"id: 7", b"retry: 10", b"odd"])


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Draw the data of some events, and a stream that carries them, cut anywhere."""
    events = draw(EVENTS)
    stream = b""
    for lines in events:
        for line in lines:
            if draw(st.booleans()):
                stream += draw(NOISE) + draw(LINE_ENDS)
            stream += b"data: " + line + draw(LINE_ENDS)
        stream += draw(LINE_ENDS) * draw(st.integers(1, 3))
    cuts = draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    chunks = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    return [b"\n".join(lines) for lines in events], chunks


@given(cut_streams())
def test_events_survive_any_cut_line_end_and_noise(
    stream: tuple[list[bytes], list[bytes]],
) -> None:
    events, chunks = stream
    assert list(event_data(chunks)) == events


@given(cut_streams())
def test_one_byte_at_a_time_is_the_same(stream: tuple[list[bytes], list[bytes]]) -> None:
    events, chunks = stream
    assert list(event_data(bytes([byte]) for byte in b"".join(chunks))) == events


@pytest.mark.parametrize(
    ("chunks", "events"),
    [
        ([], []),
        ([b"", b"\n\n\n"], []),
        ([b": only a comment\n\n"], []),
        ([b"data:no blank behind the colon\n\n"], [b"no blank behind the colon"]),
        ([b"data:  two blanks\n\n"], [b" two blanks"]),
        ([b"data: last without a blank line\n"], [b"last without a blank line"]),
        ([b"data: last without a line end"], [b"last without a line end"]),
        ([b"data: last\r"], [b"last"]),
        ([b"database: another field\n\n"], []),
        ([b" data: not at the start\n\n"], []),
        ([b"data: a\r", b"\n\r", b"\ndata: b\r\n\r\n"], [b"a", b"b"]),
    ],
)
def test_shape(chunks: Sequence[bytes], events: Sequence[bytes]) -> None:
    assert list(event_data(chunks)) == list(events)


def test_line_separators_of_unicode_end_no_line() -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg".encode()
    assert list(event_data([b"data: " + text + b"\n\n"])) == [text]


def test_an_event_comes_as_soon_as_it_is_whole() -> None:
    taken: list[bytes] = []

    def chunks() -> Iterator[bytes]:
        for chunk in (b"data: first\n\n", b"data: second\n\n"):
            taken.append(chunk)
            yield chunk

    assert next(event_data(chunks())) == b"first"
    assert taken == [b"data: first\n\n"]
