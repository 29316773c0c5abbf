from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    Reply,
)
from copilot.edits.parse import parse
from copilot.errors import EditsRefused

_EVERY_VERB = """\
I do all of it.

main/a.py
<<<<<<< SEARCH
old
=======
new
>>>>>>> REPLACE

main/b.py
<<<<<<< CREATE
text
>>>>>>> END
main/c.py
<<<<<<< OVERWRITE
>>>>>>> END
main/d.py
<<<<<<< DELETE

>>>>>>> END
main/e.py
<<<<<<< RENAME

`main/f.py`
>>>>>>> END

END OF EDITS: 5 files, 5 blocks

Done.
"""


def test_every_verb_with_its_line_and_the_prose_around() -> None:
    assert parse(_EVERY_VERB) == Reply(
        (
            Replace("main/a.py", "old\n", "new\n", 4),
            Create("main/b.py", "text\n", 11),
            Overwrite("main/c.py", "", 15),
            Delete("main/d.py", 18),
            Rename("main/e.py", "main/f.py", 22),
        ),
        "I do all of it.\n\nDone.",
        5,
        5,
    )


def test_lines_keep_their_numbers_behind_thinking() -> None:
    reply = parse("<think>\nhm\n</think>\nmain/a\n<<<<<<< DELETE\n>>>>>>> END\n" + _end(1, 1))
    assert reply.operations == (Delete("main/a", 5),)


def test_thinking_is_prose_where_it_does_not_begin_the_reply() -> None:
    assert parse("I said <think> once").prose == "I said <think> once"


def test_prose_alone_has_no_operations_and_no_counts() -> None:
    prose = "It works like this:\n\n```python\nx = 1\n```\n\nmain/a.py is fine."
    assert parse(prose) == Reply((), prose, None, None)
    assert parse("") == Reply((), "", None, None)


def test_prose_is_free_of_fences_around_blocks() -> None:
    reply = parse(
        f"Hello.\n```\nmain/a\n<<<<<<< DELETE\n>>>>>>> END\n```\nBye.\n```\n{_end(1, 1)}```\n"
    )
    assert reply.prose == "Hello.\n\nBye.\n```"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("main/a.py", "main/a.py"),
        ("  main/a.py  ", "main/a.py"),
        ("main/a.py:", "main/a.py"),
        ("Makefile", "Makefile"),
        ("`main/a.py`", "main/a.py"),
        ("`a b c`", "a b c"),
        ("**main/a.py**", "main/a.py"),
        ("**`main/a.py`**", "main/a.py"),
        ("### main/a.py", "main/a.py"),
        ("## `main/a.py`:", "main/a.py"),
        ("File: main/a.py", "main/a.py"),
        ("file: my notes", "my notes"),
        ("**File: main/a.py**", "main/a.py"),
        ("main/my notes/a b.txt", "main/my notes/a b.txt"),
        ("main/a#b (copy).txt", "main/a#b (copy).txt"),
        ("main/file: x", "main/file: x"),
    ],
)
def test_path_lines(line: str, path: str) -> None:
    assert parse(_deleting(line)).operations == (Delete(path, 2),)


@pytest.mark.parametrize(
    "line",
    [
        "Then the second function:",
        "Then:",
        "Done.",
        "Look at main/a.py",
        "I remove main/a.py now.",
        "`main/a.py` and `main/b.py`",
        "### Step 2: remove it",
        "**Removing the file**",
        "File:",
        "``",
        "x" * 5000,
    ],
)
def test_prose_is_no_path_line(line: str) -> None:
    with pytest.raises(EditsRefused, match="line 2 of the reply: the block has no path line"):
        parse(_deleting(line))


@pytest.mark.parametrize("length", [5, 7, 20, 33])
def test_marker_lengths_from_five_to_twenty_and_the_one_asked_for(length: int) -> None:
    reply = f"main/a\n{'<' * length} SEARCH\n=======\n{'=' * length}\nb\n{'>' * length} REPLACE\n"
    if length == 7:
        reply = reply.replace("\n=======\n=======\n", "\na\n=======\n")
    search = "a\n" if length == 7 else "=======\n"
    assert parse(reply + _end(1, 1), 33).operations == (Replace("main/a", search, "b\n", 2),)


@pytest.mark.parametrize("length", [4, 21])
def test_other_marker_lengths_are_never_left_out(length: int) -> None:
    with pytest.raises(EditsRefused, match="line 2 of the reply: this is nearly a marker: <<<<"):
        parse(f"main/a\n{'<' * length} DELETE\n{'>' * length} END")


@pytest.mark.parametrize(
    "closing",
    [
        "END OF EDITS: 1 file, 1 block",
        "End of edits: 1 files, 1 blocks",
        "**END OF EDITS: 1 file, 1 block**",
        "`end of edits:1 FILE , 1 BLOCKS`.",
    ],
)
def test_closing_lines(closing: str) -> None:
    reply = parse(f"main/a\n<<<<<<< DELETE\n>>>>>>> END\n{closing}")
    assert (reply.announced_files, reply.announced_blocks) == (1, 1)


@pytest.mark.parametrize(
    "closing",
    ["END OF EDITS", "END OF EDITS: one file, 1 block", "The END OF EDITS: 1 file, 1 block"],
)
def test_other_lines_close_nothing(closing: str) -> None:
    with pytest.raises(EditsRefused, match="the closing line is missing"):
        parse(f"main/a\n<<<<<<< DELETE\n>>>>>>> END\n{closing}")


def test_every_cut_reply_with_a_block_is_refused() -> None:
    complete = _EVERY_VERB.index("END OF EDITS: 5 files, 5 blocks") + len(
        "END OF EDITS: 5 files, 5 block"
    )
    first_block = _EVERY_VERB.index("<<<<<<< SEARCH") + len("<<<<<<< SEARCH")
    for length in range(first_block, complete):
        with pytest.raises(EditsRefused):
            parse(_EVERY_VERB[:length])


def test_names_in_messages_are_harmless() -> None:
    with pytest.raises(EditsRefused) as refusal:
        parse("main/\x1b[31m\n<<<<<<< RENAME\n>>>>>>> END\n")
    assert "\x1b" not in refusal.value.message


_REPLY_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "main/a.py",
                "",
                "```",
                "prose, it is",
                "<<<<<<< SEARCH",
                "<<<<<<<< SEARCH",
                "<<<<<<< CREATE",
                "<<<<<<< RENAME",
                "<<<<<<< DELETE",
                "=======",
                ">>>>>>> REPLACE",
                ">>>>>>> END",
                "END OF EDITS: 1 file, 1 block",
                "END OF EDITS: 0 files, 0 blocks",
                "<think>",
                "</think>",
            ]
        ),
        st.text(max_size=20),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=500)
@given(_REPLY_LINES, st.sampled_from(["\n", "\r\n"]), st.integers(0, 30))
def test_any_text_is_parsed_or_refused(lines: list[str], end: str, marker: int) -> None:
    try:
        reply = parse(end.join(lines), marker)
    except EditsRefused:
        return
    assert reply.announced_blocks in (None, len(reply.operations))
    assert reply.announced_blocks is not None or not reply.operations


# Lines that cost most to look at, and what stands around them.
_WORST = [
    ("", "\n", ""),
    ("", " " * 1000, ""),
    ("", "```\n", ""),
    ("", "```\nx\n```\n", ""),
    ("", "`", ""),
    ("", "***\n", ""),
    ("", "<think></think>", ""),
    ("", "<think>\n", ""),
    ("", "main/a.py\n```\nx\n```\n\n", ""),
    ("main/a\n<<<<<<< CREATE\n", "<<<<<<< XYZXYZXY\n", ">>>>>>> END\n"),
    ("main/a\n<<<<<<< CREATE\n", "=======\n", ">>>>>>> END\n"),
    ("", "main/a\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n", ""),
    ("main/a.md\n```\n", "```py\nx\n```\n", "```\n"),
    ("main/a.md\n```\n", "```py\n", "```\n"),
    ("--- a/x\n+++ b/x\n@@ @@\n-a\n", "+\n", ""),
    ("--- a/x\n+++ b/x\n@@ @@\n-a\n", "\n", ""),
    ("--- a/x\n+++ b/x\n", "@@\n-a\n", ""),
    ("--- a/x\n+++ b/x\n@@ @@\n", "--- a\n+++ b\n", ""),
    ("--- a/x\n+++ b/x\n@@ @@\n", "-a\n\\\n", ""),
    ("", "--- a/x\n+++ b/x\n@@ @@\n-a\n", ""),
    ("*** Begin Patch\n*** Update File: x\n", " *** End Patch\n", "*** End Patch\n"),
    ("*** Begin Patch\n*** Update File: x\n", "@@ x\n", "*** End Patch\n"),
    ("*** Begin Patch\n*** Update File: x\n", "@@ x\n-a\n", "*** End Patch\n"),
    ("*** Begin Patch\n", "*** Delete File: x\n", "*** End Patch\n"),
]


@pytest.mark.parametrize(("head", "unit", "tail"), _WORST)
def test_twice_the_reply_takes_twice_the_steps(head: str, unit: str, tail: str) -> None:
    count = 20_000 // len(unit)
    once, twice = (_steps(head + unit * (count * times) + tail) for times in (1, 2))
    assert twice <= 2 * once + 200


def _steps(reply: str) -> int:
    """Count the lines and calls of Python that reading takes."""
    steps = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        steps += event in ("call", "line")
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        parse(reply, closing_required=False)
    except EditsRefused:
        pass
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize("unit", ["main/a\n<<<<<<< DELETE\n>>>>>>> END\n", "@@\n-a\n"])
def test_more_edits_than_anybody_could_review_are_refused(unit: str) -> None:
    head = "--- a/x\n+++ b/x\n" if unit[0] == "@" else ""
    with pytest.raises(EditsRefused, match="more than 50000 edits"):
        parse(head + unit * 100_001)


def test_more_marks_than_a_reply_needs_are_refused() -> None:
    with pytest.raises(EditsRefused, match="more than 200000 marks"):
        parse("***\n" * 200_001)


def test_foreign_edits_may_be_counted_or_not_but_ours_must_be() -> None:
    patch = "*** Begin Patch\n*** Delete File: x\n*** Delete File: y\n*** End Patch\n"
    block = "main/a\n<<<<<<< DELETE\n>>>>>>> END\n"
    for blocks in (1, 2, 3):
        assert len(parse(patch + block + _end(2, blocks)).operations) == 3
    for reply in (patch + block + _end(2, 4), patch + block + _end(0, 0), patch + _end(0, 0)):
        with pytest.raises(EditsRefused, match="arrived"):
            parse(reply)


def test_several_formats_stand_side_by_side() -> None:
    reply = parse(
        "First.\n\n```diff\n--- a/x\n+++ b/x\n@@ @@\n-a\n+b\n```\n\nSecond.\n\n"
        "*** Begin Patch\n*** Delete File: y\n*** End Patch\n\nThird.\n\n"
        "z\n```\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n```\n\nDone.\n",
        closing_required=False,
    )
    assert [operation.path for operation in reply.operations] == ["x", "y", "z"]
    assert reply.prose == "First.\n\nSecond.\n\nThird.\n\nDone."


_CONTENT = st.text(st.characters(exclude_characters="\r\n"), max_size=12)
_TEXTS = st.lists(_CONTENT, max_size=6).map(lambda lines: "".join(f"{line}\n" for line in lines))


@settings(deadline=None)
@given(st.lists(st.tuples(_TEXTS.filter(bool), _TEXTS), max_size=5))
def test_texts_come_out_as_they_went_in(blocks: list[tuple[str, str]]) -> None:
    marks = "<" * 30, "=" * 30, ">" * 30
    written = [
        f"main/a\n{marks[0]} SEARCH\n{search}{marks[1]}\n{replace}{marks[2]} REPLACE\n"
        for search, replace in blocks
    ]
    operations = parse("\n".join(written) + _end(len(blocks), len(blocks)), 30).operations
    assert [_texts(operation) for operation in operations] == blocks


def _texts(operation: Operation) -> tuple[str, str]:
    assert isinstance(operation, Replace)
    return operation.search, operation.replace


def _deleting(path_line: str) -> str:
    return f"{path_line}\n<<<<<<< DELETE\n>>>>>>> END\n{_end(1, 1)}"


def _end(files: int, blocks: int) -> str:
    return f"END OF EDITS: {files} files, {blocks} blocks\n"
