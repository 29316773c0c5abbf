from __future__ import annotations

from copilot.edits.match import TextFile, text_file
from copilot.edits.nearest import around, nearest


def _file(data: bytes) -> TextFile:
    file = text_file(data)
    assert file is not None
    return file


def _nearest(data: bytes, search: bytes) -> str:
    return nearest(_file(data), search.split(b"\n")[:-1])


def test_nearest_quotes_the_best_window_with_line_numbers() -> None:
    data = b"one\ntwo\nthree\nfour\nfive\n"
    assert _nearest(data, b"  three\nfower\n") == "     3  three\n     4  four"
    assert _nearest(data, b"tree\nfour \n") == "     3  three\n     4  four"
    assert _nearest(data, b"zero\n" * 9 + b"five\n").count("\n") == 4


def test_nearest_falls_back_to_equal_words() -> None:
    data = b"import os\ndef total(values):\n    pass\n"
    assert _nearest(data, b"def total(items):\n") == "     2  def total(values):"


def test_nearest_is_empty_where_nothing_is_alike_and_short_where_much_is() -> None:
    assert _nearest(b"one\n", b"two\n") == ""
    assert _nearest(b"", b"two\n") == ""
    many = b"".join(b"line %d\n" % number for number in range(50))
    assert _nearest(many, many + b"end\n").count("\n") == 11


def test_long_lines_are_cut_and_never_inside_a_character() -> None:
    assert _nearest(b"a\n" + b"x " + "é".encode() * 9000, b"x\n") == (f"     2  x {'é' * 99}")


def test_around_quotes_two_lines_on_each_side() -> None:
    file = _file(b"1\n2\n3\n4\n5\n6\n7\n")
    assert around(file, 3, 1).split() == [*"2233445566"]
    assert around(file, 0, 1).split() == [*"112233"]
    assert around(file, 6, 1).split() == [*"556677"]
