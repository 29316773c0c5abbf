from __future__ import annotations

import pytest

from copilot.errors import UsageError
from copilot.review.linekeys import HELP, help_text, line_numbers, number, parsed, with_lines


@pytest.mark.parametrize(
    ("answer", "key", "text"),
    [
        (" y ", "y", ""),
        ("Y", "y", ""),
        ("J", "J", ""),
        ("N", "n", ""),
        ("", "", ""),
        ("l 3-5,8", "l", "3-5,8"),
        ("l3", "l", "3"),
        ("c  too long ", "c", "too long"),
        ("c 3-5 too long", "c", "3-5 too long"),
        ("x\tno", "x", "no"),
        ("/ a b", "/", " a b"),
        ("/", "/", ""),
        ("g12", "g", "12"),
        ("yes", "yes", ""),
        ("y 3", "y 3", ""),
        ("cool", "cool", ""),
    ],
)
def test_answers(answer: str, key: str, text: str) -> None:
    assert parsed(answer) == (key, text)


def test_line_numbers() -> None:
    assert line_numbers("3-5, 8", 9) == (range(3, 6), range(8, 9))
    assert with_lines("3-5 why", 9) == (range(3, 6), "why")
    assert with_lines("3 why", 9) == (range(3, 4), "why")
    assert with_lines("why 3", 9) == (None, "why 3")
    assert number("3", 3, "hunk") == 3


@pytest.mark.parametrize("text", ["", "0", "10", "5-3", "3-", "-3", "a", "1,,2", "\u0664-"])
def test_numbers_that_name_no_lines(text: str) -> None:
    with pytest.raises(UsageError, match="no such lines"):
        line_numbers(text, 9)


@pytest.mark.parametrize("text", ["", "0", "4", "-1", "x", "\u00b2"])
def test_numbers_of_nothing(text: str) -> None:
    with pytest.raises(UsageError, match="no hunk with that number"):
        number(text, 3, "hunk")


def test_help_says_one_key_a_line() -> None:
    assert help_text(["y", "?"]) == "y - accept this hunk\n? - this help"
    assert all("\n" not in text for text in HELP.values())
