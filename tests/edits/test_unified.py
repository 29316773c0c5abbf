from __future__ import annotations

from dataclasses import replace

import pytest

from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Rename,
    Replace,
    SetMode,
)
from copilot.edits.parse import parse
from copilot.errors import EditsRefused


def _read(reply: str) -> tuple[Operation, ...]:
    return parse(reply, closing_required=False).operations


def _fenced(diff: str) -> tuple[Operation, ...]:
    return _read(f"```diff\n{diff}```\n")


def test_each_hunk_is_an_edit_and_numbers_place_nothing() -> None:
    diff = (
        "--- a/main/x.py\n+++ b/main/x.py\n"
        "@@ -90,2 +17,2 @@ def f():\n a\n-b\n+B\n"
        "@@ ... @@\n-c\n d\n"
        "@@\n e\n+f\n"
        "@@ -1 +1 @@\n-g\n+G\n"
    )
    expected = (
        Replace("main/x.py", "a\nb\n", "a\nB\n", 4),
        Replace("main/x.py", "c\nd\n", "d\n", 8),
        Replace("main/x.py", "e\n", "e\nf\n", 11),
        Replace("main/x.py", "g\n", "G\n", 14),
    )
    assert _fenced(diff) == expected
    assert [type(operation) for operation in _read(diff)] == [Replace] * 4


def test_a_fence_may_hold_a_hunk_without_its_header() -> None:
    assert _fenced("--- main/x\n+++ main/x\n a\n-b\n") == (Replace("main/x", "a\nb\n", "a\n", 4),)


def test_git_says_created_deleted_renamed_and_mode() -> None:
    diff = (
        "diff --git a/main/new.sh b/main/new.sh\nnew file mode 100755\nindex 0000000..1234567\n"
        "--- /dev/null\n+++ b/main/new.sh\n@@ -0,0 +1,2 @@\n+#!/bin/sh\n+ls\n"
        "diff --git a/main/old b/main/old\ndeleted file mode 100644\nindex 1234567..0000000\n"
        "--- a/main/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n"
        "diff --git a/main/p b/main/q\nold mode 100755\nnew mode 100644\nsimilarity index 80%\n"
        "rename from main/p\nrename to main/q\nindex 1..2 100644\n"
        "--- a/main/p\n+++ b/main/q\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/main/empty b/main/empty\nnew file mode 100644\nindex 0000000..e69de29\n"
    )
    expected = [
        Create("main/new.sh", "#!/bin/sh\nls\n", 0, executable=True),
        Delete("main/old", 0, "gone\n"),
        Rename("main/p", "main/q", 0),
        SetMode("main/q", False, 0),
        Replace("main/q", "a\n", "b\n", 0),
        Create("main/empty", "", 0),
    ]
    for operations in (_fenced(diff), _read(f"Here:\n\n{diff}")):
        assert [_without_line(operation) for operation in operations] == expected


def _without_line(operation: Operation) -> Operation:
    return replace(operation, line=0)


def test_a_mode_alone_and_a_rename_alone() -> None:
    mode = "diff --git a/main/a b b/main/a b\nold mode 100644\nnew mode 100755\n"
    assert _read(mode) == (SetMode("main/a b", True, 1),)
    rename = "diff --git a/m/x y b/m/z\nsimilarity index 100%\nrename from m/x y\nrename to m/z\n"
    assert _read(rename) == (Rename("m/x y", "m/z", 1),)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("a/main/x", "b/main/x", "main/x"),
        ("main/x", "main/x", "main/x"),
        ("a/x", "a/x", "a/x"),
        ("a/main/x\t2024-01-01 10:00:00", "b/main/x\t2024-01-01 10:00:01 +0100", "main/x"),
        ('"a/main/\\303\\244\\"b\\t"', '"b/main/\\303\\244\\"b\\t"', 'main/ä"b\t'),
        ("a/main/with space\t", "b/main/with space\t", "main/with space"),
    ],
)
def test_names(old: str, new: str, path: str) -> None:
    diff = f"--- {old}\n+++ {new}\n@@ -1 +1 @@\n-a\n+b\n"
    assert _read(diff) == (Replace(path, "a\n", "b\n", 3),)


@pytest.mark.parametrize(
    ("body", "search", "text"),
    [
        ("-a\n\\ No newline at end of file\n+a\n", "a", "a\n"),
        ("-a\n+a\n\\ No newline at end of file\n", "a\n", "a"),
        ("-a\n+b\n c\n\\ No newline at end of file\n", "a\nc", "b\nc"),
        (" a\n-b\n\\ No newline at end of file\n", "a\nb", "a\n"),
        ("-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n", "a", "a\nb"),
    ],
)
def test_a_missing_final_newline(body: str, search: str, text: str) -> None:
    for operations in (
        _fenced(f"--- a/x\n+++ b/x\n@@ @@\n{body}"),
        _read(f"--- a/x\n+++ b/x\n@@ @@\n{body}"),
    ):
        assert [_texts(operation) for operation in operations] == [(search, text)]


def _texts(operation: Operation) -> tuple[str, str]:
    assert isinstance(operation, Replace)
    return operation.search, operation.replace


def test_a_new_file_keeps_its_bytes() -> None:
    diff = "--- /dev/null\n+++ b/x.bat\n@@ @@\n+a\r\n+b\n+c\n\\ No newline at end of file\n"
    assert _read(diff) == (Create("x.bat", "a\r\nb\nc", 1),)


def test_a_carriage_return_before_a_line_feed_is_a_line_end_of_an_edit() -> None:
    assert _read("--- a/x\n+++ b/x\n@@ @@\n-a\rb\r\n+c\r\n\n") == (
        Replace("x", "a\rb\n", "c\n", 3),
    )


def test_a_carriage_return_at_the_very_end_is_content() -> None:
    diff = "--- a/x\n+++ b/x\n@@ @@\n-a\r\n\\ No newline at end of file\n+b\n"
    assert [_texts(operation) for operation in _read(diff)] == [("a\r", "b\n")]


def test_blank_context_that_lost_its_space() -> None:
    diff = "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n a\n\n-b\n+c\n\n"
    assert _read(f"{diff}Done.\n") == (Replace("x", "a\n\nb\n\n", "a\n\nc\n\n", 3),)
    unnumbered = diff.replace(" -1,4 +1,4", "")
    assert _read(f"{unnumbered}\n\nDone.\n") == (Replace("x", "a\n\nb\n", "a\n\nc\n", 3),)


def test_removed_lines_that_begin_with_dashes() -> None:
    diff = "--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,2 @@\n--- old note\n+++ new note\n x\n"
    assert _read(diff) == (Replace("q.sql", "-- old note\nx\n", "++ new note\nx\n", 3),)


def test_a_mail_ends_with_a_signature() -> None:
    diff = (
        "---\n x | 2 +-\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39.5\n"
    )
    assert _read(diff) == (Replace("x", "a\n", "b\n", 7),)


def test_prose_and_bullets_may_stand_around_a_bare_diff() -> None:
    reply = parse(
        "Look:\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\n- a list\n- goes on\n",
        closing_required=False,
    )
    assert reply.operations == (Replace("x", "a\n", "b\n", 4),)
    assert reply.prose == "Look:\n\n- a list\n- goes on"


_HEAD = "--- a/x\n+++ b/x\n"


@pytest.mark.parametrize(
    ("diff", "reason"),
    [
        (_HEAD, "line 1 of the reply: the diff names a file and holds no hunk"),
        (f"{_HEAD}@@ -1 +1 @@\n", "line 3 of the reply: the hunk holds no lines"),
        (f"{_HEAD}@@ -1,3 +1,3 @@\n a\n-b\n+c\n", "fewer lines than it counts"),
        (f"{_HEAD}@@ @@\n+b\n", "no line of the file says where"),
        (f"{_HEAD}@@ @@\n-a\nb\n", "line 5 of the reply: .* none of ' ', '\\+', '-': b"),
        (f"{_HEAD}@@ -1 +1 @@\n-a\n+b\n\n    go on\n", "line 7 of the reply: the diff may go on"),
        (f"{_HEAD}@@@ -1 -1 +1 @@@\n--a\n", "combined diff"),
        (f"{_HEAD}@@ @@\n-a\n\\ No newline\n-b\n", "not the last one of its side"),
        ("--- a/x\n+++ b/y\n@@ @@\n-a\n", "names two files, and renames none: x, y"),
        ("--- /dev/null\n+++ b/x\n@@ @@\n+a\n b\n", "holds lines of an old one"),
        ("--- /dev/null\n+++ b/x\n@@ @@\n+a\n@@ @@\n+b\n", "holds lines of an old one"),
        ("--- a/x\n+++ /dev/null\n@@ @@\n-a\n+b\n", "leaves lines of it"),
        ("--- /dev/null\n+++ /dev/null\n@@ @@\n+b\n", "names no file"),
        ("diff --git a/x b/x\n", "holds no change"),
        (f"--- a/{'x' * 50_000}\n+++ b/x\n@@ @@\n-a\n", "names are too long"),
        ("diff --git a/x b c/x\nold mode 100644\nnew mode 100755\n", "cannot be told apart"),
        ("diff --git a/x b/x\nold mode 100644\n", "lacks a mode"),
        ("diff --git a/x b/x\nnew file mode 120000\nindex 0..e69de29\n", "plain file's.*120000"),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 0000000..1234567\n", "lines are missing"),
        ("diff --git a/x b/x\nnew file mode 100644\n--- a/x\n+++ b/x\n@@ @@\n-a\n", "an old one"),
        (
            "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ b/x\n@@ @@\n-a\n",
            "a new one",
        ),
        ("diff --git a/x b/y\nrename from x\n", "lacks one of its paths"),
        (f"diff --git a/x b/y\nrename from p\nrename to q\n{_HEAD}@@ @@\n-a\n", "other files than"),
        ("diff --git a/x b/y\ncopy from x\ncopy to y\n", "a copy is not understood"),
        ("diff --git a/x b/x\nGIT binary patch\n", "line 2 of the reply: a binary file"),
        ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "a binary file"),
        ("*** a/x\n--- b/x\n***************\n*** 1,2 ****\n! a\n", "line 4 .* outside of a patch"),
        (
            "--- a/x\n@@ ... @@\n-a\n+b\n",
            "line 2 of the reply: the hunk stands below no file's name",
        ),
        ("@@ -1 +1 @@\n-a\n+b\n", "line 1 of the reply: the hunk stands below no file's name"),
    ],
)
def test_what_is_refused(diff: str, reason: str) -> None:
    with pytest.raises(EditsRefused, match=reason):
        _read(diff)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (f"```diff\n{_HEAD}@@ @@\n-a\n", "never closed: the reply was cut off"),
        (f"```diff\n{_HEAD}@@ @@\n-a\nb\n```\n", "none of ' '"),
        (f"```diff\n{_HEAD}@@ @@\n-a\n```\n+b\n```\n", "goes on behind its fence: .b"),
        ("```diff\n@@ -1 +1 @@\n-a\n+b\n```\n", "no lines that name its file"),
        ("1. So:\n   ```diff\n   --- a/x\n   +++ b/x\n   @@ @@\n   -a\n   ```\n", "no lines that"),
        ("main/x.py\n```diff\n-a\n+b\n```\n", "no lines that name its file"),
        (f"fix.patch\n```diff\n{_HEAD}@@ @@\n-a\n```\n", "a patch to apply or the content"),
        (f"```console\n$ git diff\n{_HEAD}@@ @@\n-a\n```\n", "line 3 .* stands in an example"),
        (f"````markdown\n```diff\n{_HEAD}@@ @@\n-a\n```\n````\n", "stands in an example"),
        (
            "```diff\n--- a/x.md\n+++ b/x.md\n@@ @@\n-a\n```\nmake\n```\n+b\n```\n",
            "line 8 of the reply: this fence may be content",
        ),
    ],
)
def test_fences_that_are_refused(reply: str, reason: str) -> None:
    with pytest.raises(EditsRefused, match=reason):
        _read(reply)


def test_a_sketch_of_a_diff_in_prose_is_prose() -> None:
    assert _read("For instance:\n\n```diff\n-old\n+new\n```\n") == ()


def test_a_fence_around_a_mail_or_below_subversions_lines() -> None:
    diff = f"{_HEAD}@@ -1 +1 @@\n-a\n+b\n"
    index = f"Index: x\n{'=' * 67}\n"
    for reply in (
        f"```\nFrom 12\nSubject: [PATCH] x\n\n{diff}-- \n2.39\n```\n",
        f"```\n{index}{diff}```\n",
        f"```diff\n{diff}{index}{diff}```\n",
    ):
        assert {operation.path for operation in _read(reply)} == {"x"}


def test_the_closing_line_may_stand_directly_below_a_hunk_or_in_its_fence() -> None:
    diff = f"{_HEAD}@@ @@\n-a\n+b\nEND OF EDITS: 1 file, 1 block\n"
    for reply in (diff, f"```diff\n{diff}```\n", f"```diff\n{diff}\n```\nDone.\n"):
        assert [operation.path for operation in parse(reply).operations] == ["x"]
        assert parse(reply).announced_blocks == 1


def test_a_bare_diff_needs_the_closing_line_where_ours_was_asked_for() -> None:
    diff = f"{_HEAD}@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(EditsRefused, match="the closing line is missing"):
        parse(diff)
    assert parse(f"{diff}\nEND OF EDITS: 1 file, 1 block\n").operations
    assert parse(f"```diff\n{diff}```\n").operations


def test_a_deleted_file_is_said_to_hold_the_removed_lines() -> None:
    diff = "--- a/x\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-a\n-\n-b\n\\ No newline at end of file\n"
    assert [_without_line(o) for o in _fenced(diff)] == [Delete("x", 0, "a\n\nb")]
    bare = "diff --git a/x b/x\ndeleted file mode 100644\n"
    assert [_without_line(o) for o in _fenced(bare)] == [Delete("x", 0)]


def test_a_hunk_from_line_zero_makes_a_new_file() -> None:
    diff = "--- a/x\n+++ b/x\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n"
    assert [_without_line(o) for o in _fenced(diff)] == [Create("x", "a\nb", 0)]
    for header in ("@@ -1,0 +2 @@", "@@ -10,0 +1 @@", "@@"):
        with pytest.raises(EditsRefused, match="no line of the file says where"):
            _fenced(f"--- a/x\n+++ b/x\n{header}\n+a\n")
