from __future__ import annotations

import pytest

from copilot.edits.contents import unread_mark
from copilot.edits.parse import parse


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        ("One.\n\n```python\nx = 1\n```\n", 3),
        ("<think>\n```\nx\n```\n</think>\n\nSo:\n  ~~~\nx\n~~~\n", 8),
        ("a\u2028b\f\n```\nx\n```\n", 2),
        ("Nothing but prose, and a `word`.\n=======\n", None),
        ("", None),
    ],
)
def test_the_first_fence_of_the_prose_is_named(reply: str, line: int | None) -> None:
    assert unread_mark(reply, parse(reply, closing_required=False).prose) == line


def test_a_marker_counts_as_a_fence_does() -> None:
    reply = "One.\n<<<<<<< SEARCH\nx\n"
    assert unread_mark(reply, reply) == 2
