"""Emphasis, code and links inside a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.tui.session.inline import Inline, inline


def marked(source: str) -> list[tuple[str, str]]:
    found = inline(source)
    return [(found.text[span.start : span.end], span.kind) for span in found.spans]


@pytest.mark.parametrize(
    ("source", "text", "spans"),
    [
        ("a **b** c", "a b c", [("b", "strong")]),
        ("_a_ *b* ~~c~~", "a b c", [("a", "emphasis"), ("b", "emphasis"), ("c", "struck")]),
        ("**a *b***", "a b", [("a b", "strong"), ("b", "emphasis")]),
        ("`a*b*` ``c ` d``", "a*b* c ` d", [("a*b*", "inline-code"), ("c ` d", "inline-code")]),
        ("\\*a\\*", "*a*", []),
        ("[red]a[/red]", "[red]a[/red]", []),
        ("[a](http://b.c)", "a (http://b.c)", [("a (http://b.c)", "link")]),
        ("see http://b.c/d.", "see http://b.c/d.", [("http://b.c/d", "link")]),
    ],
)
def test_marks_are_read(source: str, text: str, spans: list[tuple[str, str]]) -> None:
    assert inline(source).text == text
    assert marked(source) == spans


@pytest.mark.parametrize(
    "source",
    ["a_b_c", "__init__", "2 * 3 * 4", "**kwargs", "f(*args)", "rows[0](x)", "`open", "<b>a</b>"],
)
def test_code_s_own_characters_stay(source: str) -> None:
    assert inline(source) == Inline(source, ())


@given(st.text(alphabet="ab *_`~[]()\\h:/", max_size=60))
def test_spans_lie_inside_the_text(source: str) -> None:
    found = inline(source)
    assert all(0 <= span.start < span.end <= len(found.text) for span in found.spans)
    assert [c for c in found.text if c in "ab"] == [c for c in source if c in "ab"]
