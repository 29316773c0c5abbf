"""Rules leave out what is gone as they would if it were there."""

from __future__ import annotations

import os

import pytest

from copilot.workspace.gone_rules import is_matched

RULES = [("", b"secret/\n*.key\n"), ("lib", b"/plan.md\n!keep.key\n")]


@pytest.mark.parametrize(
    ("path", "matched"),
    [
        ("secret/a.txt", True),
        ("a/secret/b.txt", True),
        ("lib/plan.md", True),
        ("lib/keep.key", True),
        ("lib/deep/plan.md", False),
        ("library/plan.md", False),
        ("a.txt", False),
    ],
)
def test_paths(path: str, matched: bool) -> None:
    assert is_matched(path, RULES) is matched


def test_bytes_that_are_no_text() -> None:
    assert is_matched("a.txt", [("", b"\xff\xfe\na.txt\r\n")])
    assert is_matched(os.fsdecode(b"\xff.key"), [("", b"\xff.key\n")])
    assert is_matched("a\u2028b.key", [("", "a\u2028b.key\n".encode())])
