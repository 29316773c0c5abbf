from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.context.frame import choose_frame, marks_in
from copilot.context.model import Frame

_PIECES = st.sampled_from(
    [
        *(
            "<file",
            "</file",
            "<file-2",
            "</file-3",
            "<file-02",
            ">",
            ' path="a/b">',
            "/>",
            "-",
            "2",
        ),
        *("=======", "========", "=========", "<<<<<<< SEARCH", "<<<<<<<< CREATE", "<<<<<<<"),
        *(">>>>>>> REPLACE", ">>>>>>>> END", " DELETE", "=", "<", ">", " ", "\t", "\r", "\n", "x"),
    ]
)
_TEXTS = st.lists(st.lists(_PIECES, max_size=12).map("".join), max_size=4)


def _frame(texts: Sequence[str]) -> Frame:
    return choose_frame(marks_in(text.encode()) for text in texts)


def _holds_tag(text: str, tag: str) -> bool:
    behind = (match.end() for match in re.finditer(rf"</?{tag}", text))
    return any(end == len(text) or text[end] in " \t\r\n\v\f>/" for end in behind)


def _holds_marker(text: str, length: int) -> bool:
    words = ("SEARCH", "CREATE", "OVERWRITE", "DELETE", "RENAME")
    marks = {"=" * length, ">" * length + " REPLACE", ">" * length + " END"}
    marks |= {f"{'<' * length} {word}" for word in words}
    return any(line.rstrip() in marks for line in text.split("\n"))


@settings(deadline=None)
@given(_TEXTS)
def test_the_frame_stands_in_no_text(texts: list[str]) -> None:
    frame = _frame(texts)
    assert not any(_holds_tag(text, frame.file_tag) for text in texts)
    assert not any(_holds_marker(text, frame.marker) for text in texts)


@settings(deadline=None)
@given(_TEXTS)
def test_the_frame_depends_on_what_the_texts_hold_alone(texts: list[str]) -> None:
    assert _frame(texts) == _frame(texts[::-1]) == _frame([*texts, *texts])


@pytest.mark.parametrize(
    "text",
    [
        *("", "a profile", "<files>", "<file-name>", "<filename path>", "< file>", "======"),
        *("a =======", " =======", "=======x", "<<<<<<< HEAD", "<<<<<<< SEARCH it", ">>>>>>> main"),
    ],
)
def test_what_only_looks_alike_changes_nothing(text: str) -> None:
    assert _frame([text]) == Frame("file", 7)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("<file>", Frame("file-2", 7)),
        ("</file", Frame("file-2", 7)),
        ("<file\n", Frame("file-2", 7)),
        ("<file/>", Frame("file-2", 7)),
        ("</file> <file-2 path=''>", Frame("file-3", 7)),
        ("<file-2>", Frame("file", 7)),
        ("<file> <file-3>", Frame("file-2", 7)),
        ("=======", Frame("file", 8)),
        ("a\n======= \t\nb", Frame("file", 8)),
        ("a\n=======\r\nb", Frame("file", 8)),
        ("<<<<<<< SEARCH\n========\n", Frame("file", 9)),
        (">>>>>>> END", Frame("file", 8)),
        ("========", Frame("file", 7)),
    ],
)
def test_the_plainest_marks_that_are_free_are_chosen(text: str, frame: Frame) -> None:
    assert _frame(["", text]) == frame
