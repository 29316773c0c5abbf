from __future__ import annotations

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from copilot.edits.match import (
    Given,
    TextFile,
    given,
    text_file,
)

_ENCODINGS = ["utf-8", "cp1252", "iso8859_15", "koi8_r", "utf-16", "utf-32", "cp932", "gb18030"]


def _file(data: bytes, encoding: str = "utf-8") -> TextFile:
    file = text_file(data, encoding)
    assert file is not None
    return file


@drawn(st.binary(max_size=40), st.sampled_from(_ENCODINGS))
def test_a_file_that_is_read_keeps_every_byte(data: bytes, encoding: str) -> None:
    file = text_file(data, encoding)
    if file is not None:
        assert file.bom + b"".join(file.raw) == data
        plain = zip(file.lines, file.ends, strict=True)
        assert [file.encoded(line + end) for line, end in plain] == file.raw


@drawn(
    st.text(st.sampled_from("aé\r\n\tя字"), max_size=20),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"]),
)
def test_any_text_in_a_wide_encoding_is_read(text: str, encoding: str) -> None:
    file = _file(text.encode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding)
    assert (
        "".join((line + end).decode() for line, end in zip(file.lines, file.ends, strict=True))
        == text
    )


def test_lines_come_without_their_ends() -> None:
    file = _file(b"\xef\xbb\xbfa\r\nb\rc\n\nd")
    assert file.bom == b"\xef\xbb\xbf"
    assert file.lines == [b"a", b"b\rc", b"", b"d"]
    assert file.ends == [b"\r\n", b"\n", b"\n", b""]
    assert file.unterminated
    assert not _file(b"a\n").unterminated
    assert not _file(b"").unterminated


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"caf\xe9\n", "utf-8"),
        ("a".encode("utf-16"), "utf-8"),
        (b"\x81", "cp1252"),
        (b"\xff\xfea", "utf-16"),
    ],
)
def test_what_is_no_such_text_is_none(data: bytes, encoding: str) -> None:
    assert text_file(data, encoding) is None


def test_utf16_lines_are_characters() -> None:
    file = _file("\u0a0a\nb\r\n".encode("utf-16"), "utf-16")
    assert file.lines == ["\u0a0a".encode(), b"b"]
    assert file.encoded(b"c\n") == "c\n".encode("utf-16-le")


def test_a_text_of_the_reply_knows_its_ends() -> None:
    assert given("a\nb\n") == Given([b"a", b"b"], [b"\n", b"\n"])
    assert given("a\r\nb").shows_ends
    assert given("a\r\nb").is_open
    assert not given("a\rb\n").shows_ends
    assert not given("").is_open
    assert given("\ufeffa\n", _file(b"\xef\xbb\xbfb")).lines == [b"a"]
    assert given("\ufeffa\n", _file(b"b")).lines == ["\ufeffa".encode()]
