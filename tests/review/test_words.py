from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.review.words import Spans, word_spans


def _marked(text: str, spans: Spans) -> str:
    for start, end in reversed(spans):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("size = old", "size = new", ("size = [old]", "size = [new]")),
        ("f(a, b)", "f(a, c, b)", ("f(a, b)", "f(a, [c, ]b)")),
        ("return total", "return totals", ("return [total]", "return [totals]")),
        ("x = 1  # one", "x = 2  # two", ("x = [1]  # [one]", "x = [2]  # [two]")),
        ("if a and b:", "if c or d:", ("if [a and b]:", "if [c or d]:")),
        ("a\u0301 = 1", "a\u0301 = 2", ("a\u0301 = [1]", "a\u0301 = [2]")),
        ("    x", "  x", ("  [  ]x", "  x")),
        ("same", "same", ("same", "same")),
        ("nothing alike", "(((", ("nothing alike", "(((")),
        ("", "new", ("", "new")),
    ],
)
def test_the_words_that_differ_are_marked(old: str, new: str, marked: tuple[str, str]) -> None:
    spans = word_spans(old, new)
    assert (_marked(old, spans[0]), _marked(new, spans[1])) == marked


_TEXTS = st.text(st.sampled_from("ab _(\té"), max_size=30)


@given(_TEXTS, _TEXTS)
def test_what_is_not_marked_is_the_same(old: str, new: str) -> None:
    old_spans, new_spans = word_spans(old, new)
    for text, spans in ((old, old_spans), (new, new_spans)):
        ends = [end for span in spans for end in span]
        assert ends == sorted(set(ends))
        assert all(0 <= end <= len(text) for end in ends)
    if old_spans or new_spans:
        assert _left("".join(_outside(old, old_spans))) == _left("".join(_outside(new, new_spans)))


def _left(text: str) -> str:
    """Blanks between two words that differ count as differing, on either side."""
    return "".join(text.split())


def _outside(text: str, spans: Spans) -> list[str]:
    position, parts = 0, []
    for start, end in spans:
        parts.append(text[position:start])
        position = end
    return [*parts, text[position:]]


def test_a_line_of_a_megabyte_is_marked_where_it_differs() -> None:
    old, new = "x" * 500_000 + " a " + "y " * 250_000, "x" * 500_000 + " b " + "y " * 250_000
    assert word_spans(old, new) == (((500_001, 500_002),), ((500_001, 500_002),))
    far = "a" + "-x" * 500_000, "b" + "-y" * 500_000
    assert word_spans(*far) == ((), ())
