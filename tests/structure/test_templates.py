from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.structure.templates import painted_over, template_tags


@pytest.mark.parametrize(
    ("data", "painted"),
    [
        (b'<p class="{% if a %}b{% endif %}">', b'<p class="          b           ">'),
        (b"{% x %}let a = {{ b }};", b"       let a = xxxxxxx;"),
        (b"{% x %}{# no\n #}", b"       {# no\n #}"),
        (b"{% x %}{# no #}", b"               "),
        (b"{{ no.tag }}", b"{{ no.tag }}"),
        (b"{% x", b"{% x"),
    ],
)
def test_tags_are_painted_over(data: bytes, painted: bytes) -> None:
    assert painted_over(data) == painted


_PIECES = st.sampled_from([b"{%", b"%}", b"{{", b"}}", b"{#", b"#}", b"x", b"\n", b"\r\n", b"\xff"])


@given(st.lists(_PIECES).map(b"".join))
def test_painting_moves_no_line_and_no_byte(data: bytes) -> None:
    painted = painted_over(data)
    assert len(painted) == len(data)
    assert [i for i, b in enumerate(painted) if b == 10] == [
        i for i, b in enumerate(data) if b == 10
    ]


def test_a_block_goes_to_its_end() -> None:
    data = (
        b"{% block a %}\n{%- block b -%}{% endblock b %}\n{% if x %}{% endif %}\n{% endblock %}\n"
    )
    tags = [tag for tag in template_tags(data) if tag.kind]
    assert [(t.kind, t.name, t.row, t.last_row) for t in tags] == [
        ("template", "a", 0, 3),
        ("template", "b", 1, 1),
    ]
    assert data[tags[1].start : tags[1].last] == b"{%- block b -%}{% endblock b %}"


def test_what_is_never_closed_ends_with_its_tag() -> None:
    (tag,) = template_tags(b"a\n{% macro field(name, value) %}\n")
    assert (tag.kind, tag.name, tag.row, tag.last_row) == ("macro", "field", 1, 1)


def test_an_end_without_a_beginning_is_a_tag_like_others() -> None:
    assert [tag.kind for tag in template_tags(b"{% endblock %}{% block %}{% csrf_token %}")] == [
        "",
        "",
    ]


def test_a_tag_says_where_it_names_another_template() -> None:
    data = b'{% extends "base.html" %}{% include \'a.html\' with b="c" %}{% block "x" %}'
    assert [data[slice(*t.uses)] for t in template_tags(data) if t.uses] == [
        b'"base.html"',
        b"'a.html'",
    ]
