"""The laws of reading and placing, for every format of replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Rename,
    Replace,
    SetMode,
    Target,
)
from copilot.edits.parse import parse
from copilot.edits.place import Placement, place
from copilot.errors import EditsRefused

_PATH = "main/a b.py"
_TARGET = Target("main", "a b.py")
_NEW = Target("main", "c.py")

# What may be mistaken for something else, and what splits lines in other programs.
_STRANGE = """\
--- a/x
+++ b/x
-- a/x
++ b/x
@@ -1 +1 @@
@@
```
````
~~~
```py
<<<<<<< SEARCH
=======
>>>>>>> REPLACE
>>>>>>> END
--\x20
*** Begin Patch
*** End Patch
*** End of File
*** Move to: x
*** Update File: x
<think>
</think>
diff --git a/x b/x
END OF EDITS: 1 file, 1 block
main/b.py
\\ No newline at end of file
+a
-a
""".splitlines()
_PLAIN = st.one_of(
    st.sampled_from(
        ["", " ", "\t", "a", "b", "  a", "\u2028", "\x0c", "\x85", "a\rb", "é", "e\u0301"]
    ),
    st.text("ab \t\v\u2029;", max_size=4),
)
_LINE = st.one_of(
    st.sampled_from(_STRANGE),
    _PLAIN,
    st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=6),
)


def _text(
    line: st.SearchStrategy[str], final_newline: bool | None = None
) -> st.SearchStrategy[str]:
    ends = st.booleans() if final_newline is None else st.just(final_newline)
    lines = st.lists(line, max_size=8)
    return st.builds(
        lambda lines, ended: "".join(f"{line}\n" for line in lines) if ended else "\n".join(lines),
        lines,
        ends,
    )


_TEXT = _text(_LINE)
_LINES = _text(_LINE, final_newline=True)
_PLAIN_TEXT = _text(_PLAIN)
_PLAIN_LINES = _text(_PLAIN, final_newline=True)


def _read(reply: str, marker: int = 7) -> tuple[Operation, ...]:
    """Read the reply as it is, with Windows line ends, and with text around it: all are equal."""
    operations = parse(reply, marker, closing_required=False).operations
    windows = parse(reply.replace("\n", "\r\n"), marker, closing_required=False).operations
    assert windows == operations
    around = f"<think>\n```\n</think>\nWell.\n\n{reply}\nDone.\n"
    assert [*map(type, parse(around, marker, closing_required=False).operations)] == [
        *map(type, operations)
    ]
    return operations


def _placed(operations: Sequence[Operation], before: str | None, path: str = _PATH) -> bytes | None:
    """Place the operations on the one file, and return what it holds then."""
    original = None if before is None else before.encode()
    originals = {_TARGET: original, _NEW: None}
    placement: Placement = place(operations, originals, {_PATH: _TARGET, "main/c.py": _NEW})
    assert placement.refusals == ()
    changes = placement.changes.changes
    return changes[0].after if changes else original


@settings(deadline=None)
@given(_LINES.filter(bool), _LINES)
@pytest.mark.parametrize("form", ["own", "aider_diff", "aider_fenced"])
def test_blocks_give_the_second_text(
    render: ModuleType, form: str, before: str, after: str
) -> None:
    assume(before != after)
    marker = render.marker_for(before, after)
    assume(marker <= 20)
    operations = _read(getattr(render, form)(_PATH, before, after, marker), marker)
    assert [(o.search, o.replace) for o in operations if isinstance(o, Replace)] == [
        (before, after)
    ]


@settings(deadline=None)
@given(_LINES)
def test_new_files_give_their_text(render: ModuleType, text: str) -> None:
    marker = render.marker_for(text)
    replies = [
        render.own(_PATH, None, text, marker),
        render.aider_diff(_PATH, "", text, marker),
        render.v4a(_PATH, None, text),
        render.git(_PATH, None, text),
        render.in_fence(render.git(_PATH, None, text)),
    ]
    for reply in replies:
        assert [*_created(_read(reply, marker))] == [(_PATH, text)]


@settings(deadline=None)
@given(_TEXT.filter(bool))
def test_a_diff_creates_a_file_without_final_newline_too(render: ModuleType, text: str) -> None:
    for diff in (render.unified(_PATH, None, text), render.git(_PATH, None, text)):
        for reply in (diff, render.in_fence(diff)):
            assert [*_created(_read(reply))] == [(_PATH, text)]


def _created(operations: Sequence[Operation]) -> list[tuple[str, str]]:
    assert all(isinstance(operation, Create) for operation in operations)
    return [(o.path, o.text) for o in operations if isinstance(o, Create)]


@settings(deadline=None)
@given(_LINES)
def test_a_whole_file_gives_its_text_or_is_refused(render: ModuleType, text: str) -> None:
    reply = render.whole("main/b.py", text)
    if any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in text.split("\n")):
        with pytest.raises(EditsRefused):
            _read(reply)
        return
    starts = text.lstrip().startswith(
        ("*** Begin Patch", "diff --git", "--- ", "END OF EDITS", "@@")
    )
    assume(not starts and not text.lstrip().startswith("main/b.py"))
    [operation] = _read(reply)
    assert (operation.path, getattr(operation, "text", None)) == ("main/b.py", text)


_DIFFS: list[Callable[[ModuleType, str, str], str]] = [
    lambda render, before, after: render.unified(_PATH, before, after),
    lambda render, before, after: render.git(_PATH, before, after),
    lambda render, before, after: render.in_fence(render.git(_PATH, before, after)),
    lambda render, before, after: render.git(_PATH, before, after, context=99),
]


@settings(deadline=None)
@given(_TEXT.filter(bool), _TEXT.filter(bool))
@pytest.mark.parametrize("form", _DIFFS)
def test_diffs_give_the_second_text(
    render: ModuleType, form: Callable[[ModuleType, str, str], str], before: str, after: str
) -> None:
    assume(before != after)
    reply = form(render, before, after)
    if _adds_without_context(reply):
        with pytest.raises(EditsRefused, match="no line of the file says where"):
            _read(reply)
        return
    operations = _read(reply)
    cursor, new = 0, ""
    for operation in operations:
        assert isinstance(operation, Replace)
        at = before.index(operation.search, cursor)
        new += before[cursor:at] + operation.replace
        cursor = at + len(operation.search)
    if form is _DIFFS[-1]:
        assert new + before[cursor:] == after


def _adds_without_context(diff: str) -> bool:
    """Tell whether a hunk has no old line: git writes such a one for an empty file alone."""
    return "\n@@ -0,0 " in diff


@settings(deadline=None)
@given(_LINES.filter(bool), _LINES)
def test_v4a_gives_the_second_text(render: ModuleType, before: str, after: str) -> None:
    assume(before != after)
    [operation] = _read(render.v4a(_PATH, before, after))
    assert isinstance(operation, Replace)
    assert (operation.search, operation.replace) == (before, after)


def _whole(render: ModuleType, _before: str, after: str) -> str:
    return str(render.whole(_PATH, after))


_FORMS: list[Callable[[ModuleType, str, str], str]] = [
    lambda render, before, after: render.own(_PATH, before, after, 9),
    lambda render, before, after: render.aider_diff(_PATH, before, after, 9),
    lambda render, before, after: render.aider_fenced(_PATH, before, after, 9),
    _whole,
    lambda render, before, after: render.v4a(_PATH, before, after),
    lambda render, before, after: render.unified(_PATH, before, after, context=99),
    lambda render, before, after: render.git(_PATH, before, after, context=99),
    lambda render, before, after: render.in_fence(render.unified(_PATH, before, after, context=99)),
    lambda render, before, after: render.in_fence(
        render.unified(_PATH, before, after, context=99, numbers=False)
    ),
]


@settings(deadline=None)
@given(_PLAIN_LINES.filter(bool), _PLAIN_LINES)
@pytest.mark.parametrize("form", _FORMS)
def test_what_is_placed_is_the_second_text(
    render: ModuleType, form: Callable[[ModuleType, str, str], str], before: str, after: str
) -> None:
    assume(before != after)
    assert _placed(_read(form(render, before, after), 9), before) == after.encode()


@settings(deadline=None)
@given(_PLAIN_TEXT.filter(bool), _PLAIN_TEXT.filter(bool))
@pytest.mark.parametrize("form", _FORMS[5:])
def test_a_diff_gives_and_takes_the_final_newline(
    render: ModuleType, form: Callable[[ModuleType, str, str], str], before: str, after: str
) -> None:
    assume(before != after)
    assert _placed(_read(form(render, before, after)), before) == after.encode()


@settings(deadline=None)
@given(_PLAIN_TEXT)
def test_a_diff_creates_the_bytes_it_shows(render: ModuleType, text: str) -> None:
    assert _placed(_read(render.git(_PATH, None, text)), None) == text.encode()


def test_renames_deletions_and_modes(render: ModuleType) -> None:
    rename = render.git(_PATH, "a\n", "b\n", new_path="main/c.py", new_mode="100755")
    assert _read(rename) == (
        Rename(_PATH, "main/c.py", 1),
        SetMode("main/c.py", True, 1),
        Replace("main/c.py", "a\n", "b\n", 9),
    )
    moved = _read(render.v4a(_PATH, "a\n", "b\n", new_path="main/c.py"))
    assert [type(operation) for operation in moved] == [Rename, Replace]
    for reply in (
        render.own(_PATH, "a\n", None, 7),
        render.git(_PATH, "a\n", None),
        render.unified(_PATH, "a\n", None),
        render.v4a(_PATH, "a\n", None),
    ):
        assert [type(operation) for operation in _read(reply)] == [Delete]


_BEFORE = {
    "a.py": b"one\ntwo\nthree\n",
    "run.sh": b"#!/bin/sh\nls\n",
    "gone.txt": b"gone\n",
    'old "name".txt': b"".join(b"line %d\n" % number for number in range(20)),
    'quo"t\u00e4.txt': b"a\nb",
    "windows.bat": b"one\r\ntwo\r\nthree\r\n",
    "ends.txt": b"a\nb\n",
}
_AFTER = {
    "a.py": b"zero\none\nthree\n",
    "run.sh": b"#!/bin/sh\nls\n",
    "new name.txt": b"".join(b"line %d\n" % number for number in range(20) if number != 7),
    'quo"t\u00e4.txt': b"a\nb\n",
    "windows.bat": b"one\r\n2\r\nthree\r\n",
    "ends.txt": b"a\nc",
    "tool": b"#!/bin/sh\r\nrm\n",
    "empty": b"",
}


def test_what_git_itself_writes(git: Callable[..., str], tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "core.autocrlf", "false")
    for name, data in _BEFORE.items():
        (tmp_path / name).write_bytes(data)
    git(tmp_path, "add", "-A")
    tree = git(tmp_path, "write-tree").strip()
    for name in _BEFORE.keys() - _AFTER.keys():
        (tmp_path / name).unlink()
    for name, data in _AFTER.items():
        (tmp_path / name).write_bytes(data)
    for name in ("run.sh", "tool"):
        (tmp_path / name).chmod(0o755)
    git(tmp_path, "add", "-A")
    for options in ([], ["--no-prefix", "-U1"], ["--full-index", "-U99"]):
        diff = git(tmp_path, "diff", "--cached", "-M", *options, tree)
        assert 'rename from "old \\"name\\".txt"' in diff
        for reply in (diff, f"Here:\n```diff\n{diff}```\n"):
            assert _applied(parse(reply, closing_required=False).operations) == _AFTER


def _applied(operations: Sequence[Operation]) -> dict[str, bytes]:
    modes = {o.path: o.executable for o in operations if isinstance(o, SetMode | Create)}
    assert modes == {"run.sh": True, "tool": True, "empty": False}
    targets = {name: Target("main", name) for name in _BEFORE | _AFTER}
    originals = {target: _BEFORE.get(name) for name, target in targets.items()}
    placement = place(operations, originals, targets)
    assert placement.refusals == ()
    files = dict(_BEFORE)
    for change in placement.changes.changes:
        files.pop(change.old_path or change.path, None)
        if change.after is not None:
            files[change.path] = change.after
    return files


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_reply_is_read_or_refused(render: ModuleType, data: st.DataObject) -> None:
    before, after = data.draw(_LINES.filter(bool)), data.draw(_LINES)
    replies = [
        render.own(_PATH, before, after, 7),
        render.aider_diff(_PATH, before, after, 7),
        render.whole(_PATH, after),
        render.in_fence(render.git(_PATH, before, after)),
        render.unified(_PATH, before, after, numbers=False),
        render.v4a(_PATH, before, after),
    ]
    reply = "\n".join(data.draw(st.lists(st.sampled_from(replies), min_size=1, max_size=3)))
    for _ in range(data.draw(st.integers(1, 4))):
        reply = _damaged(reply, data)
    for required in (True, False):
        try:
            parse(reply, data.draw(st.integers(5, 9)), closing_required=required)
        except EditsRefused:
            continue


def _damaged(reply: str, data: st.DataObject) -> str:
    lines = reply.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    kind = data.draw(st.sampled_from(["cut", "cut in line", "double", "change", "drop"]))
    if kind == "cut in line":
        return reply[: data.draw(st.integers(0, len(reply)))]
    replacement = {
        "cut": lines[:at],
        "double": [*lines[:at], lines[at], *lines[at:]],
        "change": [*lines[:at], data.draw(_LINE), *lines[at + 1 :]],
        "drop": [*lines[:at], *lines[at + 1 :]],
    }
    return "\n".join(replacement[kind])


@settings(deadline=None)
@given(_LINES.filter(bool), _LINES, st.data())
@pytest.mark.parametrize("form", ["own", "aider_diff", "v4a", "git", "whole"])
def test_a_reply_cut_anywhere_gives_nothing_or_all(
    render: ModuleType, form: str, before: str, after: str, data: st.DataObject
) -> None:
    assume(before != after)
    reply = {
        "own": lambda: render.own(_PATH, before, after, 20),
        "aider_diff": lambda: render.aider_diff(_PATH, before, after, 20),
        "v4a": lambda: render.v4a(_PATH, before, after),
        "git": lambda: render.in_fence(render.git(_PATH, before, after)),
        "whole": lambda: render.whole("main/b.py", after),
    }[form]()
    try:
        complete = parse(reply, 20, closing_required=False).operations
    except EditsRefused:
        return
    cut = reply[: data.draw(st.integers(0, len(reply)))]
    try:
        operations = parse(cut, 20, closing_required=False).operations
    except EditsRefused:
        return
    assert operations in ((), complete)
