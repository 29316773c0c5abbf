from __future__ import annotations

import pytest

from copilot.edits.diff_names import git_names, header_name, without_prefixes


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a/x b/x", ("a/x", "b/x")),
        ("x x", ("x", "x")),
        ("a/x y b/x y", ("a/x y", "b/x y")),
        ("a/x b/y", ("a/x", "b/y")),
        ('"a/\\303\\244" "b/\\303\\244"', ("a/\u00e4", "b/\u00e4")),
        ('a/x "b/\\t"', ("a/x", "b/\t")),
        ('"a/\\"" b/x', ('a/"', "b/x")),
        ("a/x y b/z", None),
        ("a/x", None),
        ("", None),
    ],
)
def test_names_of_git_s_first_line(text: str, names: tuple[str, str] | None) -> None:
    assert git_names(text) == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" a/x \r", "a/x"),
        ("a/x\t2024-01-01", "a/x"),
        ('"a/\\\\x\\q\\377"\t2024', "a/\\xq\udcff"),
        ('"a/never closed', "a/never closed"),
        ('"', ""),
    ],
)
def test_names_of_headers(text: str, name: str) -> None:
    assert header_name(text) == name


@pytest.mark.parametrize(
    ("pair", "names"),
    [
        (("a/x", "b/x"), ("x", "x")),
        (("a/x", "a/x"), ("a/x", "a/x")),
        (("b/x", "a/x"), ("b/x", "a/x")),
        (("/dev/null", "b/x"), ("/dev/null", "x")),
        (("a/x", "/dev/null"), ("x", "/dev/null")),
        (("main/x", "b/x"), ("main/x", "b/x")),
    ],
)
def test_prefixes_go_where_both_sides_have_them(
    pair: tuple[str, str], names: tuple[str, str]
) -> None:
    assert without_prefixes(*pair) == names
