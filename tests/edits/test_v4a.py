from __future__ import annotations

import pytest

from copilot.edits.operations import Create, Delete, Operation, Rename, Replace
from copilot.edits.parse import parse
from copilot.errors import EditsRefused


def _read(reply: str) -> tuple[Operation, ...]:
    return parse(reply).operations


def _patch(body: str) -> tuple[Operation, ...]:
    return _read(f"*** Begin Patch\n{body}*** End Patch\n")


def test_every_verb() -> None:
    body = (
        "*** Add File: main/new.py\n+a\n+\n+b\n"
        "*** Delete File: main/old.py\n"
        "*** Update File: main/x.py\n*** Move to: main/y.py\n@@ def f():\n a\n-b\n+c\n"
        "*** Update File: main/z.py\n-d\n"
    )
    assert _patch(body) == (
        Create("main/new.py", "a\n\nb\n", 2),
        Delete("main/old.py", 6),
        Rename("main/x.py", "main/y.py", 7),
        Replace("main/y.py", "a\nb\n", "a\nc\n", 9, ("def f():",)),
        Replace("main/z.py", "d\n", "", 14),
    )


def test_anchors_stand_on_each_other_and_belong_to_one_place() -> None:
    body = "*** Update File: x\n@@ class A:\n@@     def f(self):\n-a\n+b\n@@\n-c\n"
    assert _patch(body) == (
        Replace("x", "a\n", "b\n", 3, ("class A:", "    def f(self):")),
        Replace("x", "c\n", "", 7),
    )


def test_numbers_of_a_unified_diff_are_no_anchor() -> None:
    body = "*** Update File: x\n@@ -1,2 +1,2 @@\n-a\n+b\n"
    assert _patch(body) == (Replace("x", "a\n", "b\n", 3),)


def test_an_addition_needs_an_anchor_or_the_files_end() -> None:
    body = "*** Update File: x\n@@ class A:\n+a\n@@\n+b\n*** End of File\n"
    assert _patch(body) == (
        Replace("x", "", "a\n", 3, ("class A:",)),
        Replace("x", "", "b\n", 5, (), at_end=True),
    )
    with pytest.raises(EditsRefused, match="line 3 of the reply: adds lines, but no line"):
        _patch("*** Update File: x\n@@\n+a\n")


def test_blank_lines_are_context_but_those_that_set_things_apart() -> None:
    body = "\n*** Update File: x\n\n@@\n\n-a\n\n+b\n \n\n\n*** Delete File: y\n\n"
    expected = Replace("x", "\na\n\n\n", "\n\nb\n\n", 5)
    assert _patch(body) == (expected, Delete("y", 13))


def test_blank_lines_above_the_files_end_are_context() -> None:
    body = "*** Update File: x\n-a\n\n*** End of File\n\n"
    assert _patch(body) == (Replace("x", "a\n\n", "\n", 3, at_end=True),)


@pytest.mark.parametrize(
    "reply",
    [
        " *** Begin Patch \n  *** Delete File: x \n  *** End Patch\n",
        "```\n*** Begin Patch\n*** Delete File: x\n*** End Patch\n```\n",
        "```sh\napply_patch <<'EOF'\n*** Begin Patch\n*** Delete File: x\n*** End Patch\nEOF\n```",
        "cat <<PATCH\n*** Begin Patch\n*** Delete File: x\n*** End Patch\nPATCH\n",
        "*** Begin Patch\r\n*** Delete File: x\r\n*** End Patch\r\n",
    ],
)
def test_wrappers(reply: str) -> None:
    assert [operation.path for operation in _read(reply)] == ["x"]
    assert parse(reply).prose == ""


def test_an_indented_end_behind_an_update_ends_the_patch_only_if_nothing_follows() -> None:
    body = "*** Begin Patch\n*** Update File: x\n-a\n *** End Patch\n"
    assert _read(body) == (Replace("x", "a\n", "", 3),)
    quoted = "*** Begin Patch\n*** Update File: x\n a *** End Patch\n-b\n*** End Patch\n"
    assert _read(quoted) == (Replace("x", "a *** End Patch\nb\n", "a *** End Patch\n", 3),)
    assert _read(f"{body}*** End Patch\n") == (
        Replace("x", "a\n*** End Patch\n", "*** End Patch\n", 3),
    )


def test_prose_stands_around() -> None:
    reply = parse("Before.\n\n*** Begin Patch\n*** Delete File: x\n*** End Patch\nBehind.\n")
    assert reply.prose == "Before.\n\nBehind."


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("*** Begin Patch\n*** Delete File: x\n", "line 1 .*End Patch is missing: .* cut off"),
        ("*** Begin Patch\n*** Update File: x\n-a\n", "End Patch is missing"),
        ("*** Begin Patch\n*** Add File: x\n", "End Patch is missing"),
        ("```\n*** Begin Patch\n*** Delete File: x\n```\n", "closed before .* cut off"),
        ("*** Begin Patch\n*** End Patch\n", "holds no edits"),
        ("*** Begin Patch\n*** Copy File: x\n*** End Patch\n", "line 2 .*Copy File: x"),
        ("*** Begin Patch\n*** Update File:\n*** End Patch\n", "line 2 .* names no file"),
        ("*** Begin Patch\n*** Update File: x\n*** Move to:\n*** End Patch\n", "names no file"),
        ("*** Begin Patch\n*** Update File: x\n*** End Patch\n", "changes nothing"),
        ("*** Begin Patch\n*** Update File: x\n@@ a\n*** End Patch\n", "no lines below it"),
        (
            "*** Begin Patch\n*** Update File: x\n" + "@@ a\n" * 21 + "-a\n*** End Patch\n",
            "line 3 .* more than 20 `@@` lines",
        ),
        ("*** Begin Patch\n*** Update File: x\n-a\nb\n*** End Patch\n", "line 4 .* ' ', .*: b"),
        ("*** Begin Patch\n*** Add File: x\n+a\nb\n*** End Patch\n", "line 4 .*: b"),
        ("*** Begin Patch\n*** Add File: x\n+a\n\n+b\n*** End Patch\n", "line 4 .* has no `.`"),
        ("*** Update File: x\n-a\n", "line 1 .* outside of a patch: .* Update File: x"),
        ("*** End Patch\n", "outside of a patch"),
        ("***Begin Patch\n", "outside of a patch"),
        (
            "````md\n```\n*** Begin Patch\n*** Delete File: x\n*** End Patch\n```\n````\n",
            "stands in an example|outside",
        ),
    ],
)
def test_what_is_refused(reply: str, reason: str) -> None:
    with pytest.raises(EditsRefused, match=reason):
        _read(reply)


def test_stars_of_prose_are_prose() -> None:
    text = "***\n\n*** Note *** well\n\n*** bold ***"
    assert parse(text).prose == text
