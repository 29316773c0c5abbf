from __future__ import annotations

import pytest

from copilot.edits.located import Edit, Standing, Unplaced, locate, overwritten
from copilot.edits.match import TextFile, text_file
from copilot.edits.operations import Replace
from copilot.edits.rungs import Rung

_CLASSES = """\
class A:
    def run(self):
        return 1

class B:
    def run(self):
        return 1
"""


def _file(text: str) -> TextFile:
    file = text_file(text.encode())
    assert file is not None
    return file


def _edit(text: str, search: str, new: str, *anchors: str, at_end: bool = False) -> Edit:
    located = locate(_file(text), Replace("f", search, new, 1, anchors, at_end))
    assert isinstance(located, Edit), located
    return located


def _after(text: str, search: str, new: str, *anchors: str, at_end: bool = False) -> str:
    edit = _edit(text, search, new, *anchors, at_end=at_end)
    raw = _file(text).raw
    return b"".join([*raw[: edit.start], *edit.lines, *raw[edit.start + edit.count :]]).decode()


def _unplaced(
    text: str,
    search: str,
    new: str,
    *anchors: str,
    at_end: bool = False,
    is_stale: bool = False,
) -> Unplaced:
    operation = Replace("f", search, new, 1, anchors, at_end)
    located = locate(_file(text), operation, is_stale=is_stale)
    assert isinstance(located, Unplaced), located
    return located


def _stands(text: str, search: str, new: str, *anchors: str, at_end: bool = False) -> bool:
    operation = Replace("f", search, new, 1, anchors, at_end)
    return isinstance(locate(_file(text), operation), Standing)


def test_trailing_white_space_of_context_is_the_files() -> None:
    text = "Title  \n\nbreak  \nlast\n"
    assert _after(text, "Title\n\nbreak\nlast\n", "Title\n\nbreak\nnew\n") == (
        "Title  \n\nbreak  \nnew\n"
    )
    assert _edit(text, "break\nlast\n", "break\nnew\n").rung is Rung.TRAILING


def test_blank_edges_are_dropped_on_both_sides() -> None:
    assert _after("a\nb\nc\n", "\nb\n\n", "\nB\n\n") == "a\nB\nc\n"
    assert _after("a\nb\nc\n", "\n\nb\n", "\nB\n") == "a\nB\nc\n"
    assert _after("a\nb\nc\n", "\nb\n", "\n\nB\n") == "a\n\nB\nc\n"
    assert _after("a\nb\nc\n", "\nb\n", "") == "a\nc\n"


def test_a_shifted_block_shifts_what_replaces_it() -> None:
    edit = _edit("if x:\n    a\n\n    b\n", "a\n\nb\n", "a\nif y:\n\n    c\nb\n")
    assert b"".join(edit.lines) == b"    a\n    if y:\n\n        c\n    b\n"
    assert edit.rung is Rung.INDENT
    assert edit.note == "4 spaces more in front of each line"
    assert _after("\ta\n\tb\n", "a\nb\n", "a\n\tc\n") == "\ta\n\t\tc\n"
    assert _after("a\nb\n", "    a\n    b\n", "    a\n\n      c\n") == "a\n\n  c\n"


def test_a_line_that_cannot_be_shifted_back_is_refused() -> None:
    refused = _unplaced("a\nb\n", "    a\n    b\n", "    a\n  c\n")
    assert "4 spaces fewer" in refused.reason
    assert "line 2 of REPLACE" in refused.reason


@pytest.mark.parametrize(
    ("text", "search", "reason", "candidates"),
    [
        ("a\nb\na\n", "a\n", "SEARCH occurs 2 times, at lines 1, 3", (0, 2)),
        ("a \nb\na\t\n", "a\n", "2 times, at lines 1, 3, white space behind", (0, 2)),
        ("  a\n  b\n a\n b\n", "a\nb\n", "2 times, at lines 1, 3, with other white", (0, 2)),
        ("a\n" * 20, "a\n", "more than 10 times, first at lines 1, 2, ", tuple(range(10))),
        ("a\nb\n", "c\n", "SEARCH occurs nowhere in the file", ()),
        ("a\n", "", "SEARCH is empty", ()),
        ("a\n", "x\n", "changes nothing", ()),
        ("a\n", "a", "SEARCH ends without a line end, but the file's last line has one", ()),
    ],
)
def test_what_has_no_one_place_is_refused(
    text: str, search: str, reason: str, candidates: tuple[int, ...]
) -> None:
    refused = _unplaced(text, search, "x\n")
    assert reason in refused.reason
    assert refused.candidates == candidates


def test_candidates_are_quoted() -> None:
    detail = _unplaced(_CLASSES, "        return 1\n", "        return 2\n").detail
    assert "     2      def run(self):\n     3          return 1" in detail
    assert "     7          return 1" in detail


def test_a_file_without_final_line_end_is_matched_as_the_reply_says() -> None:
    assert _after("b\nb", "b", "c\n") == "b\nc\n"
    assert _after("b\nb", "b", "c") == "b\nc"
    assert _after("a\nb\n", "b\n", "c") == "a\nc"
    assert _after("a\nb", "b\n", "c\n") == "a\nc"
    assert "not at the file's end" in _unplaced("a\nb\n", "a\n", "c").reason


@pytest.mark.parametrize(
    ("text", "search", "new"),
    [
        ("new\ntail\n", "old\n", "new\n"),
        ("import os\nimport sys\n", "import os\n", "import os\nimport sys\n"),
        ("import os  \nimport sys\n", "import os\n", "import os\nimport sys\n"),
        ("  a\n  b\n  c\n", "a\nb\n", "a\nb\nc\n"),
        ("a\nc\n", "a\nb\nc\n", "a\nc\n"),
        ("a\nb\n", "a\nb", "a\nb\n"),
    ],
)
def test_what_is_there_already_is_said(text: str, search: str, new: str) -> None:
    assert _stands(text, search, new)


@pytest.mark.parametrize(
    ("text", "search", "new"),
    [
        ("if x:\n    pass\n", "    y()\n", "    pass\n"),
        ("{\n}\n", "x();\n", "}\n"),
        ("{\n    return;\n}\n", "    x();\n}\n", "    return;\n}\n"),
        ("new\nnew\n", "old\n", "new\n"),
        ("tail\n", "old\n", ""),
        ("\n", "old\n", "\n"),
        ("  new\n", "old\n", "new\n"),
    ],
)
def test_a_trivial_or_doubled_or_empty_replacement_says_nothing(
    text: str, search: str, new: str
) -> None:
    assert _unplaced(text, search, new).reason == "SEARCH occurs nowhere in the file"


def test_an_anchor_picks_one_of_several() -> None:
    search, new = "        return 1\n", "        return 2\n"
    edit = _edit(_CLASSES, search, new, "class B:")
    assert (edit.start, edit.rung) == (6, Rung.ANCHOR)
    assert _edit(_CLASSES, search, new, "class A:", "def run(self):").start == 2
    assert _edit("a\nb\na\n", "a\n", "c\n", at_end=True).start == 2


@pytest.mark.parametrize(
    ("anchors", "reason"),
    [
        (("def run(self):",), "the anchor `def run(self):` occurs 2 times"),
        (("class C:",), "the anchor `class C:` occurs nowhere, and SEARCH stands at several"),
    ],
)
def test_an_anchor_that_picks_none_is_refused(anchors: tuple[str, ...], reason: str) -> None:
    assert reason in _unplaced(_CLASSES, "        return 1\n", "x\n", *anchors).reason


def test_an_anchor_whose_block_has_both_or_none_picks_none() -> None:
    text = "def f():\n    x\n    x\n"
    assert "2 times" in _unplaced(text, "    x\n", "    y\n", "def f():").reason
    text = "x\nx\ndef f():\n    y\n"
    assert "2 times" in _unplaced(text, "x\n", "z\n", "def f():").reason


def test_an_anchor_picks_on_the_exact_rung_only() -> None:
    text = _CLASSES.replace("return 1", "return 1 ")
    refused = _unplaced(text, "        return 1\n", "        return 2\n", "class B:")
    assert "white space behind lines aside" in refused.reason


def test_the_only_place_must_not_lie_outside_its_anchor() -> None:
    text = _CLASSES.replace("return 1", "return 2", 1)
    search, new = "        return 1\n", "        return 3\n"
    assert _edit(text, search, new, "class B:").rung is Rung.EXACT
    assert "not below its anchor" in _unplaced(text, search, new, "class A:").reason
    assert "stands nowhere" in _unplaced(text, search, new, "class Z:").reason
    assert _edit("import os\na\nb\n", "b\n", "c\n", "import os").start == 2
    assert "not below" in _unplaced("b\na\nimport os\n", "b\n", "c\n", "import os").reason


def test_insertions_go_below_their_anchor_or_to_the_end() -> None:
    assert _after("def f():\n    a\n", "", "    b\n", "def f():") == "def f():\n    b\n    a\n"
    assert _after("a\n", "", "b\n", at_end=True) == "a\nb\n"
    assert _after("a", "", "b\n", at_end=True) == "a\nb"
    assert _after("a\r\nb", "", "c\n", "b") == "a\r\nb\r\nc"
    assert _after("a\n", "", "b", at_end=True) == "a\nb"
    assert _after("", "", "b\n", at_end=True) == "b\n"
    assert _stands("a\nb\n", "", "b\n", at_end=True)
    assert _stands("a\nb\nc\n", "", "b\n", "a")


@pytest.mark.parametrize(
    ("anchors", "new", "reason"),
    [
        (("def run(self):",), "x\n", "occurs 2 times"),
        (("class C:",), "x\n", "occurs nowhere"),
        (("class A:",), "x", "not the file's end"),
        (("class A:",), "", "SEARCH is empty"),
    ],
)
def test_an_insertion_without_one_place_is_refused(
    anchors: tuple[str, ...], new: str, reason: str
) -> None:
    assert reason in _unplaced(_CLASSES, "", new, *anchors).reason


def test_a_stale_file_is_matched_exactly_or_not_at_all() -> None:
    exact = locate(_file("a\n"), Replace("f", "a\n", "b\n", 1), is_stale=True)
    assert isinstance(exact, Edit)
    for text, search, anchors in (
        ("a \n", "a\n", ()),
        ("  a\n  b\n", "a\nb\n", ()),
        ("a\n", "", ("a",)),
    ):
        refused = _unplaced(text, search, "x\n", *anchors, is_stale=True)
        assert "the file changed since the model saw it" in refused.reason
    assert "2 times" in _unplaced("c\na\nc\n", "c\n", "x\n", "a", is_stale=True).reason


def test_a_whole_text_keeps_line_ends_unless_it_shows_its_own() -> None:
    def after(data: bytes, text: str) -> bytes:
        file = text_file(data)
        assert file is not None
        edit = overwritten(file, text)
        return data if isinstance(edit, Standing) else b"".join([file.bom, *edit.lines])

    assert after(b"a\r\nb\r\n", "a\nc\n") == b"a\r\nc\r\n"
    assert after(b"a\r\nb\n", "a\nb\nc\n") == b"a\r\nb\nc\n"
    assert after(b"a\r\nb", "a\nc\n") == b"a\r\nc"
    assert after(b"a\nb\n", "a\nc") == b"a\nc"
    assert after(b"a\nb\n", "a\r\nb\n") == b"a\r\nb\n"
    assert after(b"\xef\xbb\xbfa\n", "\ufeffb\n") == b"\xef\xbb\xbfb\n"
    assert after(b"a\r\n", "a\n") == b"a\r\n"
    assert after(b"a\n", "") == b""
