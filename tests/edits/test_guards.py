from __future__ import annotations

import pytest

from copilot.edits.guards import marker_kinds, refused_text, shrinks


def _refused(path: str, new: str, old: str = "") -> str:
    lines = old.split("\n")
    return refused_text(path, [], new.split("\n"), lambda: marker_kinds(lines))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("<<<<<<< SEARCH", "edit"),
        ("<<<<<<<<< SEARCH", "edit"),
        ("<<<<< CREATE", "edit"),
        (">>>>>>> REPLACE", "edit"),
        (">>>>>>>> END  ", "edit"),
        ("END OF EDITS: 1 file, 2 blocks", "edit"),
        ("<<<<<<< HEAD", "merge conflict"),
        (">>>>>>> 1a2b3c (a commit)", "merge conflict"),
        ("||||||| base", "merge conflict"),
        ("<<<<<<<", "merge conflict"),
        ("*** Begin Patch", "patch"),
        ("*** End Patch", "patch"),
        ("*** Update File: a/b.py", "patch"),
        ("*** End of File", "patch"),
        ("diff --git a/x b/x", "diff"),
        ("@@ -1,2 +3,4 @@ def f():", "diff"),
        ("--- a/x\n+++ b/x", "diff"),
        ("--- /dev/null\t2020\n+++ b/x", "diff"),
    ],
)
def test_a_left_over_marker_is_refused_where_the_file_has_none(line: str, kind: str) -> None:
    text = f"one\n{line}\ntwo"
    assert kind in _refused("a.py", text)
    assert line.split("\n")[0].rstrip() in _refused("a.py", text)
    assert _refused("a.py", text, line) == ""
    assert _refused("a.patch", text) == ""


@pytest.mark.parametrize(
    "line",
    [
        "=======",
        "-------",
        "<<<<<< six",
        "<<<<<<<< HEAD",
        "x <<<<<<< HEAD",
        "    <<<<<<< HEAD",
        "<<<<<<<HEAD",
        "a >>>>>>> b",
        "@@ anchor",
        "@decorator",
        "*** bold ***",
        "*** Begin",
        "--- a/x",
        "---",
        "diff --git",
        "END OF EDITS",
        "<<~TEXT",
        ">>> 1 + 1",
        "|||||| |",
        "|---|---|",
    ],
)
def test_what_is_no_whole_marker_is_left_alone(line: str) -> None:
    assert _refused("a.md", f"Title\n{line}\ntext") == ""


def test_one_kind_of_marker_does_not_excuse_another() -> None:
    assert "conflict" in _refused("a.md", "<<<<<<< HEAD", "<<<<<<< SEARCH")


def test_an_elision_is_named_first() -> None:
    assert "`# ...` stands for text that was left out" in _refused("a.py", "# ...\n<<<<<<< HEAD")


def test_a_long_line_is_no_marker_and_is_quoted_short() -> None:
    assert _refused("a.py", "<<<<<<< " + "x" * 2000) == ""
    assert len(_refused("a.py", "<<<<<<< " + "x" * 900)) < 200


@pytest.mark.parametrize(
    ("old", "new", "shrunk"),
    [
        (19, 0, False),
        (20, 9, True),
        (20, 10, False),
        (20, 0, True),
        (1000, 499, True),
        (5, 9, False),
    ],
)
def test_a_great_loss(old: int, new: int, shrunk: bool) -> None:
    assert shrinks(old, new) is shrunk
