"""Inventions are dropped, each for its own reason; what stands is kept, with its real lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from copilot.assist.reviewing.evidence import (
    ELSEWHERE,
    NEAR_LINES,
    NO_FILE,
    NO_QUOTE,
    NO_SEVERITY,
    NOT_CAUSED,
    NOT_THERE,
    SeenFile,
    Sight,
    checked,
    path_named,
    spot,
)
from copilot.assist.reviewing.finding import Dropped, Finding, Severity
from copilot.assist.reviewing.parse import Claimed

TEXT = [
    "import os",  # 1
    "",
    "def mean(prices):",
    "    total = sum(prices)",
    "    return total / len(prices)",  # 5
    "",
    "def old():",
    "    return 1",
    *([""] * 30),
    "    return total / len(prices)",  # 39
    "def report():",
    "    return mean([])",  # 41
    "x = 1",
]
SEEN = SeenFile(
    (tuple(spot(number, text) for number, text in enumerate(TEXT, 1)),),
    changed=frozenset({4, 5}),
    spans=((3, 5),),
)
SIGHT = Sight("app", {"shop.py": SEEN}, frozenset({"mean"}), shown_as={'"app/ö"': "shop.py"})
TRUE = Claimed(
    "app/shop.py",
    (5, 5),
    ("    return total / len(prices)",),
    "may be 0",
    "error",
    "correctness",
    "",
    "the block",
)


def reason(claimed: Claimed) -> str:
    found = checked(claimed, SIGHT)
    assert isinstance(found, Dropped)
    assert found.text == "the block"
    return found.reason


def test_what_stands_is_kept() -> None:
    found = checked(TRUE, SIGHT)
    assert isinstance(found, Finding)
    assert (found.path, found.line, found.end_line) == ("shop.py", 5, 5)
    assert found.severity is Severity.ERROR


def test_the_lines_are_those_of_the_quote() -> None:
    quote = ("def mean(prices):", "total = sum(prices)")
    found = checked(replace(TRUE, lines=(9, 9), quote=quote), SIGHT)
    assert isinstance(found, Finding)
    assert (found.line, found.end_line) == (3, 4)


@pytest.mark.parametrize("named", ["app/shop.py", "shop.py", '"app/shop.py"', '"app/ö"', "app/ö"])
def test_ways_to_name_a_file(named: str) -> None:
    assert path_named(named, SIGHT) == "shop.py"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"file": "app/lost.py"}, NO_FILE),
        ({"file": "../shop.py"}, NO_FILE),
        ({"file": "/etc/passwd"}, NO_FILE),
        ({"severity": "critical"}, NO_SEVERITY),
        ({"severity": ""}, NO_SEVERITY),
        ({"quote": ()}, NO_QUOTE),
        ({"quote": ("", "  }")}, NO_QUOTE),
        ({"quote": ("return total / 0",)}, NOT_THERE),
        ({"quote": ("total = sum(prices)", "import os")}, NOT_THERE),
        ({"quote": ("return",)}, NOT_THERE),
        ({"lines": (5 + NEAR_LINES + 1, 5 + NEAR_LINES + 1)}, ELSEWHERE),
        ({"lines": (99_999, 99_999)}, ELSEWHERE),
        ({"lines": (39, 39)}, NOT_CAUSED),
        ({"lines": (8, 8), "quote": ("return 1",)}, NOT_CAUSED),
        ({"lines": (1, 1), "quote": ("import os",)}, NOT_CAUSED),
    ],
)
def test_inventions(changed: dict[str, object], why: str) -> None:
    assert reason(replace(TRUE, **changed)) == why  # type: ignore[arg-type]


def test_a_line_that_refers_to_what_changed_is_caused_by_it() -> None:
    found = checked(replace(TRUE, lines=(41, 41), quote=("return mean([])",)), SIGHT)
    assert isinstance(found, Finding)
    assert found.line == 41


def test_files_that_the_change_does_not_touch() -> None:
    sight = replace(SIGHT, files={}, more=lambda path: SEEN if path == "other.py" else None)
    mine = replace(TRUE, file="app/other.py", lines=(41, 41), quote=("return mean([])",))
    assert isinstance(checked(mine, sight), Finding)
    assert isinstance(checked(replace(mine, file="app/shop.py"), sight), Dropped)
