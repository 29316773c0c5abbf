from __future__ import annotations

import pytest

from copilot.structure.outline import Outline, outline


@pytest.mark.parametrize("path", ["a.txt", "LICENSE", "a", "a.py.orig", ""])
def test_a_file_of_no_known_language_has_no_outline(path: str) -> None:
    assert outline(path, "x = 1\n") is None


def test_an_empty_file_has_an_empty_outline() -> None:
    assert outline("a.py", "") == Outline("", 0, 0)


def test_a_mark_takes_the_indent_and_the_line_end_of_what_it_stands_for() -> None:
    text = "class A:\r\n\tdef f(self):\r\n\t\tfirst = 1\r\n\t\treturn first\r\n"
    made = outline("a.py", text)
    assert made == Outline("class A:\r\n\tdef f(self):\r\n\t\t… 2 lines\r\n", 2, 2)


def test_a_mark_at_the_end_of_a_file_without_a_last_line_end_has_none() -> None:
    made = outline("a.py", "def f():\n    first = 1\n    return first")
    assert made is not None
    assert made.text == "def f():\n    … 2 lines"


def test_lines_that_are_shorter_than_their_mark_stay() -> None:
    text = "def f():\n    pass\n\ndef g():\n    x = 10\n    y\n"
    made = outline("a.py", text)
    assert made is not None
    assert made.text == text.replace("    x = 10\n    y\n", "    … 2 lines\n")


def test_comments_of_two_depths_are_two_comments() -> None:
    head = "def f():\n    value = 1\n    # The end of it.\n"
    made = outline("a.py", f"{head}# What comes next.\n# And why.\nx = 1\n")
    assert made is not None
    assert made.text == "def f():\n    … 2 lines\n# What comes next.\n# And why.\nx = 1\n"


def test_what_could_not_be_parsed_is_named_by_line() -> None:
    made = outline("a.py", "x = 1\ndef f(:\n    pass\ny = 2\n")
    assert made is not None
    assert made.errors == ((2, 2),)


def test_deeply_nested_code_needs_no_deep_stack() -> None:
    depth = 3000
    text = f"x = {'(' * depth}1{')' * depth}\n\ndef f():\n    value = 1\n    return value\n"
    made = outline("a.py", text)
    assert made is not None
    assert made.text.endswith("def f():\n    … 2 lines\n")


def test_a_file_of_many_functions_keeps_each_head_once() -> None:
    heads = [f"def function_{number}(value):\n" for number in range(5000)]
    text = "".join(f"{head}    result = value\n    return result\n" for head in heads)
    made = outline("a.py", text)
    assert made is not None
    assert made.text == "".join(f"{head}    … 2 lines\n" for head in heads)
