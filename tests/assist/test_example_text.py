"""Commits as examples: sound blocks, and nothing that could be taken for anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.example_text import (
    MARKER,
    TextChange,
    example_text,
    occurrences,
    told_message,
)
from copilot.context.frame import Marks, marks_in
from copilot.edits.operations import Create, Delete, Replace
from copilot.edits.parse import parse

_LINES = st.lists(st.sampled_from(["a", "b", "  c", "", "d()", "}"]), max_size=12)


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _reply(text: str) -> str:
    return text.partition("\nReply:\n")[2]


@given(_LINES, _LINES)
def test_blocks_stand_once_and_make_the_new_text(before: list[str], after: list[str]) -> None:
    old, new = _text(before), _text(after)
    made = example_text("Do it", [TextChange("app/a.py", old, new)])
    if made is None:
        return
    reply = parse(_reply(made), 7)
    assert (reply.announced_files, reply.announced_blocks) == (1, len(reply.operations))
    result = old
    for operation in reversed(reply.operations):
        assert isinstance(operation, Replace)
        assert operation.path == "app/a.py"
        assert occurrences(operation.search, old) == 1
        at = old.index(operation.search)
        assert result[at:].startswith(operation.search)
        result = result[:at] + operation.replace + result[at + len(operation.search) :]
    assert result == new


def test_most_changes_make_one() -> None:
    old = _text([f"line {n}" for n in range(50)])
    new = old.replace("line 7\n", "line seven\n").replace("line 40\n", "")
    made = example_text("Say seven", [TextChange("app/a.py", old, new)])
    assert made == (
        "Task: Say seven\n\nReply:\n\n"
        "app/a.py\n<<<<<< SEARCH\nline 7\n======\nline seven\n>>>>>> REPLACE\n\n"
        "app/a.py\n<<<<<< SEARCH\nline 40\n======\n>>>>>> REPLACE\n\n"
        "END OF EDITS: 1 file, 2 blocks\n"
    )
    assert marks_in(made.encode()) == Marks()


def test_new_and_deleted_files() -> None:
    changes = [TextChange("app/new.py", None, "x = 1\n"), TextChange("app/old.py", "y\n", None)]
    made = example_text("Replace y", changes)
    create, delete = parse(_reply(made or ""), 7).operations
    assert isinstance(create, Create)
    assert (create.path, create.text) == ("app/new.py", "x = 1\n")
    assert isinstance(delete, Delete)
    assert delete.path == "app/old.py"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a b\n", "a  b\n"),
        ("x\ny\n", "x\n\n  y\n"),
        ("x\n" * 60, "x\n" * 61),
        ("end", "other end"),
        ("a\n", f"{'<' * 9} SEARCH\n"),
        ("a\n", f"{'=' * MARKER}\n"),
        ("a\n", "b\n" * 300),
        ("a\n", f"{'b' * 5000}\n"),
        ("a\r", "b\n"),
        ("", "b\n"),
    ],
)
def test_changes_that_teach_nothing(old: str, new: str) -> None:
    assert example_text("Do it", [TextChange("app/a.py", old, new)]) is None


def test_a_file_that_only_moved_is_no_example() -> None:
    changes = [TextChange("app/a.py", "x\n", None), TextChange("app/b.py", None, "x\n")]
    assert example_text("Move it", changes) is None


def test_a_message_without_people_and_trailers() -> None:
    said = "Round halves up (#12)\n\nAs asked.\nBy <ann@example.org>\n\nSigned-off-by: Ann <a@b>\n"
    assert told_message(said) == "Round halves up\n\nAs asked."


@pytest.mark.parametrize("line", ["<<<<<<< SEARCH", "=======", ">>>>>> REPLACE", "<<<<<< Search"])
def test_a_message_that_looks_like_a_block_makes_none(line: str) -> None:
    assert example_text(f"Do it\n\n{line}", [TextChange("app/a.py", "a\n", "b\n")]) is None


def test_controls_in_a_message_are_made_visible() -> None:
    assert told_message("Do\x1b[2J it") == "Do\\x1b[2J it"
