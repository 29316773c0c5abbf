from __future__ import annotations

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from copilot.edits.match import Given, TextFile, given, text_file
from copilot.edits.splice import Swap, spliced


def _file(data: bytes, encoding: str = "utf-8") -> TextFile:
    file = text_file(data, encoding)
    assert file is not None
    return file


def _spliced(data: bytes, start: int, old: str, new: str, *, loose: bool = False) -> bytes:
    search, text = given(old), given(new)
    shows_ends = search.shows_ends or text.shows_ends
    swap = Swap(start, search, text, loose, shows_ends, search.is_open)
    file = _file(data)
    return b"".join([*file.raw[:start], *spliced(file, swap), *file.raw[swap.stop :]])


@pytest.mark.parametrize(
    ("data", "start", "old", "new", "after"),
    [
        (b"a\r\nb\nc\r\n", 0, "a\nb\nc\n", "A\nB\nC\nD\n", b"A\r\nB\nC\r\nD\r\n"),
        (b"a\r\nb\n", 1, "", "x\n", b"a\r\nx\nb\n"),
        (b"a\r\nb\r\n", 2, "", "x\n", b"a\r\nb\r\nx\r\n"),
        (b"", 0, "", "x\n", b"x\n"),
        (b"a\nb", 1, "b\n", "B\n", b"a\nB"),
        (b"a\nb", 1, "b\n", "b\nc\n", b"a\nb\nc"),
        (b"a\r\nb", 1, "b\n", "b\nc\n", b"a\r\nb\r\nc"),
        (b"a\nb", 1, "b\n", "", b"a\n"),
        (b"a\nb", 1, "b", "b\n", b"a\nb\n"),
        (b"a\nb", 1, "b", "c\nb", b"a\nc\nb"),
        (b"a\nb\n", 1, "b\n", "b", b"a\nb"),
        (b"a\r\nb\r\n", 0, "a\r\nb\r\n", "a\r\nc\n", b"a\r\nc\n"),
        (b"a\r\nb\r\n", 0, "a\r\n", "a\n", b"a\nb\r\n"),
        (b"a\n", 0, "a\n", "a\r\n", b"a\r\n"),
    ],
)
def test_every_line_gets_its_end(data: bytes, start: int, old: str, new: str, after: bytes) -> None:
    assert _spliced(data, start, old, new) == after


def test_white_space_behind_a_line_that_stays_is_the_files() -> None:
    data = b"one  \ntwo\nthree\t\n"
    assert _spliced(data, 0, "one\ntwo\nthree\n", "one\n2\nthree\n", loose=True) == (
        b"one  \n2\nthree\t\n"
    )


_TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "a\r\n", "b \n", "\n"]), max_size=6).map("".join)


@drawn(_TEXTS, _TEXTS)
def test_a_reply_that_shows_all_ends_gives_the_new_text(old: str, new: str) -> None:
    data = old.encode()
    search, text = given(old), given(new)
    if search.shows_ends or text.shows_ends or b"\r" not in data:
        assert _spliced(data, 0, old, new) == new.encode()


@drawn(_TEXTS, st.sampled_from(["", "end"]))
def test_the_same_lines_keep_every_byte(old: str, last: str) -> None:
    data = (old + last).encode()
    bare = given((old + last).replace("\r\n", "\n"))
    lines = Given([line.rstrip() for line in bare.lines], [b"\n"] * len(bare.lines))
    for loose in (False, True):
        swap = Swap(0, lines if loose else bare, lines if loose else bare, loose)
        assert b"".join(spliced(_file(data), swap)) == data


def test_new_text_is_written_in_the_files_encoding() -> None:
    file = _file("é\nя".encode("utf-16"), "utf-16")
    swap = Swap(0, given("é\n"), given("ü\n"))
    assert spliced(file, swap) == ["ü\n".encode("utf-16-le")]
    with pytest.raises(UnicodeEncodeError):
        spliced(_file(b"\xe9\n", "cp1252"), Swap(0, given("é\n"), given("я\n")))
