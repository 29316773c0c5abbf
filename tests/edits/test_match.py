from __future__ import annotations

import pytest

from copilot.edits.match import TextFile, contains, find, nearest, new_lines, text_file


def _file(data: bytes) -> TextFile:
    file = text_file(data)
    assert file is not None
    return file


@pytest.mark.parametrize(
    ("data", "search", "lines"),
    [
        (b"a\nb\na\n", b"a\n", [0, 2]),
        (b"a\r\nb\r\n", b"a\nb\n", [0]),
        (b"a\nb", b"b\n", [1]),
        (b"ab\nb a\n", b"a\n", []),
        (b"\n\n\n", b"\n\n", [0, 1]),
        (b"", b"\n", []),
        (b"\xef\xbb\xbfa\n", b"a\n", [0]),
        (b"a\rb\n", b"b\n", []),
    ],
)
def test_find_gives_the_lines_where_whole_lines_stand(
    data: bytes, search: bytes, lines: list[int]
) -> None:
    assert find(_file(data), search, 10) == lines
    assert find(_file(data), search, 1) == lines[:1]


def test_contains_is_about_whole_lines() -> None:
    assert contains(b"a\nb\n", b"b\n")
    assert not contains(b"a\nab\n", b"b\n")


def test_a_file_that_is_no_utf8_is_none() -> None:
    assert text_file(b"caf\xe9\n") is None
    assert text_file("a".encode("utf-16")) is None


def test_a_replaced_line_keeps_the_end_of_the_line_it_replaces() -> None:
    file = _file(b"a\r\nb\nc\r\n")
    assert new_lines(file, 0, 3, b"A\nB\nC\nD\n") == [b"A\r\n", b"B\n", b"C\r\n", b"D\r\n"]


def test_nearest_quotes_the_best_window_with_line_numbers() -> None:
    file = _file(b"one\ntwo\nthree\nfour\nfive\n")
    assert nearest(file, b"  three\nfower\n") == "     3  three\n     4  four"
    assert nearest(file, b"tree\nfour \n") == "     3  three\n     4  four"
    assert nearest(file, b"zero\n" * 9 + b"five\n").count("\n") == 4


def test_nearest_falls_back_to_equal_words() -> None:
    file = _file(b"import os\ndef total(values):\n    pass\n")
    assert nearest(file, b"def total(items):\n") == "     2  def total(values):"


def test_nearest_is_empty_where_nothing_is_alike_and_short_where_much_is() -> None:
    assert nearest(_file(b"one\n"), b"two\n") == ""
    assert nearest(_file(b""), b"two\n") == ""
    many = b"".join(b"line %d\n" % number for number in range(50))
    assert nearest(_file(many), many + b"end\n").count("\n") == 11
