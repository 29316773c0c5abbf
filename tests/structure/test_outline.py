from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import copilot
from copilot.structure.grammars import missing_grammar
from copilot.structure.outline import Outline, outline

_HERE = Path(__file__)
_OURS = sorted(
    [*Path(copilot.__file__).parent.rglob("*.py"), *_HERE.parent.parent.rglob("test_*.py")]
)
_SOURCES = {
    f"{case.parent.name}/{case.stem}": case.read_bytes().decode().partition("--- outline")[0]
    for case in sorted((_HERE.parent / "cases").glob("*/*.txt"))
}
_MARK = re.compile(r"\s*… (\d+) lines?\r?\n?")
_NAMES = ["a.py", "a.js", "a.ts", "a.tsx", "a.go", "a.rs", "a.java", "a.c", "a.cpp", "a.h"]
_NAMES += ["a.cs", "a.rb", "a.php", "a.sh"]
_INSTALLED = [name for name in _NAMES if missing_grammar(name) is None]


def _lines(text: str) -> list[str]:
    """Split after line feeds alone: no other character ends a line of a file."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _assert_law(text: str, made: Outline) -> None:
    """Walk along file and outline: each line is the file's own next one, or a mark."""
    source, row, left_out = _lines(text), 0, 0
    for line in _lines(made.text):
        if row < len(source) and line == source[row]:
            row += 1
            continue
        mark = _MARK.fullmatch(line)
        assert mark, line
        row += int(mark[1])
        left_out += int(mark[1])
    assert row == len(source) == made.kept_lines + made.left_out_lines
    assert left_out == made.left_out_lines
    assert len(made.text) <= len(text)
    assert len(made.text.encode("utf-8", "replace")) <= len(text.encode("utf-8", "replace"))


@pytest.mark.parametrize("members", [True, False])
def test_our_own_files_are_kept_or_counted_line_by_line(members: bool) -> None:
    for file in _OURS:
        text = file.read_bytes().decode()
        made = outline(file.name, text, members=members)
        assert made is not None
        assert made.errors == ()
        _assert_law(text, made)


@pytest.mark.parametrize("name", _INSTALLED)
@pytest.mark.parametrize("members", [True, False])
def test_any_file_is_kept_or_counted_in_any_language(name: str, members: bool) -> None:
    """Also code of another language, which this one cannot parse."""
    for text in _SOURCES.values():
        for variant in (text, text.replace("\n", "\r\n").replace("}", "").rstrip()):
            made = outline(name, variant, members=members)
            assert made is not None
            _assert_law(variant, made)


_PIECES = st.sampled_from(
    [
        *("def f(a,", "b):", "class A:", "pass", "x = ", "function g()", "=>", "(", ")", "{", "}"),
        *("\n", "\r\n", "\r", "    ", "\t", ";", '"""', "// no", "# c", "/* ", "*/"),
        *("é", "\x0c", "\0", "\ud800"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join), st.sampled_from(_INSTALLED), st.booleans())
def test_any_text_is_kept_or_counted(text: str, name: str, members: bool) -> None:
    made = outline(name, text, members=members)
    assert made is not None
    _assert_law(text, made)
    assert outline(name, text, members=members) == made


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
