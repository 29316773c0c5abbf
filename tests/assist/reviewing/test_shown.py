"""Hunks as they are shown: with the numbers that lines have in the files, and no secret in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.assist.reviewing.shown import Side, masked_side, shown_lines, side_of
from copilot.workspace.diffs import DiffFile, DiffHunk, DiffLine
from copilot.workspace.masker import Masker

KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "Q2hpbGRyZW5zIG9mIHRoZSBzdW4K0aXv\n" * 3
KEY += "-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def masker(tmp_path: Path) -> Masker:
    return Masker(tmp_path / "masks.key")


def file(status: str = "modified") -> DiffFile:
    return DiffFile("a.py", None, status, "100644", "100644", False, None, None, ())  # type: ignore[arg-type]


HUNK = DiffHunk(
    2,
    3,
    2,
    3,
    (
        DiffLine(" ", "two", 2, 2),
        DiffLine("-", "three", 3, None),
        DiffLine("-", "four", 4, None),
        DiffLine("+", "THREE\r", None, 3),
        DiffLine("+", "caf\udce9", None, 4),
    ),
)


def test_lines_of_both_sides() -> None:
    old = side_of("one\ntwo\nthree\nfour\n")
    new = side_of("one\ntwo\nTHREE\ncaf\u00e9\n")
    lines, at = shown_lines(file(), HUNK, old, new, None)
    shown = [f"{line.prefix}{line.text}" for line in lines]
    assert shown == [
        "    2   two",
        "    3 - three",
        "    4 - four",
        "    3 + THREE",
        "    4 + caf\u00e9",
    ]
    assert at == (2, 3, 3, 3, 4)


def test_a_hunk_alone_tells_its_own_lines() -> None:
    lines, _ = shown_lines(file(), HUNK, None, Side({1: "x"}, 1), None)
    assert [line.text for line in lines] == ["two", "three", "four", "THREE", "caf\u00e9"]


def test_a_secret_of_many_lines_is_one(masker: Masker) -> None:
    text = f'a = 1\nKEY = """{KEY}"""\nb = 2\n'
    side = masked_side("a.py", text.encode(), masker)
    assert side is not None
    assert side.count == len(text.splitlines())
    assert side.lines[1] == "a = 1"
    assert side.lines[side.count] == "b = 2"
    assert "Q2hp" not in "".join(side.lines.values())


def test_a_hunk_of_a_patch_is_masked(masker: Masker) -> None:
    secret = "hunter2Kq9vXw4LmZ7tRb1"
    hunk = DiffHunk(0, 0, 1, 1, (DiffLine("+", f'password = "{secret}"', None, 1),))
    ((line,), _) = shown_lines(file("added"), hunk, None, None, masker)
    assert secret not in line.text
    assert "MASKED_" in line.text


def test_a_piece_of_a_key_is_masked(masker: Masker) -> None:
    body = "wb2blnjflVDsjo4XZNLW8/YEX7D/9obg9k30mJNjYP7e2orcLy5/W9VUpZx6PM9+"
    lines = (DiffLine(" ", body, 9, 9), DiffLine("+", f"  {body[::-1]}", None, 10))
    shown, _ = shown_lines(file(), DiffHunk(9, 1, 9, 2, lines), None, None, masker)
    assert [line.text.strip()[:6] for line in shown] == ["MASKED", "MASKED"]


def test_bytes_that_are_no_text() -> None:
    assert masked_side("a.py", b"\0\1\2", None) is None
