"""Outlines of data, markup and build files, beyond their golden cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.structure.definitions import definitions
from copilot.structure.grammars import missing_grammar
from copilot.structure.outline import outline

pytestmark = pytest.mark.skipif(
    missing_grammar("a.md") is not None, reason=f"needs {missing_grammar('a.md')}"
)

_LANGUAGES = ["dockerfile", "make", "cmake", "yaml", "toml", "json"]
_LANGUAGES += ["markdown", "html", "css", "scss", "vue", "svelte"]
_FOLDER = Path(__file__).parent / "cases"
_CASES = [case for language in _LANGUAGES for case in sorted((_FOLDER / language).glob("*.txt"))]
# A here-document ends at a line that is its word alone, without a carriage return.
_CASES.remove(_FOLDER / "dockerfile" / "heredocs.txt")


def _source(case: Path) -> tuple[str, str]:
    head, _, rest = case.read_bytes().decode().partition("\n")
    return head.partition(": ")[2], rest.partition("--- outline\n")[0]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_windows_line_ends_change_nothing_but_themselves(case: Path) -> None:
    path, text = _source(case)
    plain, windows = outline(path, text), outline(path, text.replace("\n", "\r\n"))
    assert plain is not None
    assert windows is not None
    assert windows.text == plain.text.replace("\n", "\r\n")
    assert windows.errors == plain.errors
    names = [(d.kind, d.name, d.start_line, d.end_line) for d in definitions(path, text.encode())]
    crlf = text.replace("\n", "\r\n").encode()
    assert [(d.kind, d.name, d.start_line, d.end_line) for d in definitions(path, crlf)] == names


def test_a_part_of_a_long_list_that_stands_in_another_goes_with_it() -> None:
    rows = "".join(f"  [\n    {n},\n    {n}\n  ],\n" for n in range(20))
    made = outline("a.json", f"[\n{rows}  []\n]\n")
    assert made is not None
    assert made.text == "[\n  [\n    0,\n    0\n  ],\n  … 77 lines\n]\n"


def test_a_template_hides_no_line_of_a_page() -> None:
    page = "<p>\n{% if a < b %}\n<i>x</i>\n{% endif %}\n</p>\n"
    made = outline("a.html", "{% extends 'b.html' %}\n" + page)
    assert made is not None
    assert made.errors == ()
    assert made.text == "{% extends 'b.html' %}\n… 5 lines\n"


def test_a_page_that_is_only_text_keeps_its_count() -> None:
    made = outline("a.html", "one\ntwo and three\n")
    assert made is not None
    assert (made.text, made.kept_lines, made.left_out_lines) == ("… 2 lines\n", 0, 2)


@pytest.mark.parametrize("path", ["a.json", "a.toml", "a.yml", "a.md", "Makefile", "Dockerfile"])
def test_members_make_no_difference_where_there_are_none(path: str) -> None:
    text = "# a\n\nb: c\n"
    assert outline(path, text) == outline(path, text, members=False)


def test_a_mark_takes_one_line_end_alone() -> None:
    made = outline("Makefile", "a:\n\tfirst command\n\tsecond\r\r\n")
    assert made is not None
    assert made.text == "a:\n\t… 2 lines\r\n"
