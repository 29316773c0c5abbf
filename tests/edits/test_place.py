"""The algebra of replies built from two texts, and of operations of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, split_lines
from copilot.edits.diff import changed_ranges
from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    SetMode,
    Target,
    Write,
)
from copilot.edits.parse import parse
from copilot.edits.place import Placed, Placement, Refusal, place
from copilot.edits.rungs import Rung

# A patch may hold the markers of edits.
_A = Target("main", "a.patch")
_LINES = st.lists(
    st.sampled_from(["a", "b", "c", "", "  a", "=======", "<<<<<<< SEARCH", ">>>>>>> END"]),
    max_size=12,
)
# Longer than every marker among the lines.
_MARKER = 8
# Lines of the old text and of the new one: (old from, old to, new from, new to), ends excluded.
_Block = tuple[int, int, int, int]


def _blocks_for(before: Sequence[str], after: Sequence[str], final_newline: bool) -> list[_Block]:
    """Return the differing runs, each with the context that makes it placeable."""
    blocks: list[_Block] = [*changed_ranges(_encoded(before), _encoded(after))]
    while True:
        good = [_is_placeable(block, before, after, final_newline) for block in blocks]
        if all(good):
            return blocks
        blocks = _widened(blocks, good.index(False), len(before))


def _operations(
    blocks: Sequence[_Block], before: Sequence[str], after: Sequence[str]
) -> list[Operation]:
    """Write the blocks as a reply and parse it."""
    texts = [
        f"main/a\n{'<' * _MARKER} SEARCH\n{_joined(before[i1:i2])}{'=' * _MARKER}\n"
        f"{_joined(after[j1:j2])}{'>' * _MARKER} REPLACE\n"
        for i1, i2, j1, j2 in blocks
    ]
    closing = f"END OF EDITS: {len(texts)} files, {len(texts)} blocks\n"
    return [*parse("".join(texts) + closing, _MARKER).operations]


def _encoded(lines: Sequence[str]) -> list[bytes]:
    return [line.encode() for line in lines]


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _stands(lines: Sequence[str], part: Sequence[str]) -> int:
    starts = range(len(lines) - len(part) + 1)
    return sum(list(lines[s : s + len(part)]) == list(part) for s in starts)


def _is_placeable(
    block: _Block, before: Sequence[str], after: Sequence[str], final_newline: bool
) -> bool:
    i1, i2, j1, j2 = block
    search, text = before[i1:i2], after[j1:j2]
    takes_the_end_away = i2 == len(before) and not text and bool(after) and not final_newline
    standing = bool(text) and _stands(text, search) > 0 and _stands(before, text) > 0
    return bool(search) and _stands(before, search) == 1 and not (standing or takes_the_end_away)


def _widened(blocks: list[_Block], index: int, old_count: int) -> list[_Block]:
    """Join a block with a neighbour it touches, else give it a line more on each side."""
    i1, i2, j1, j2 = blocks[index]
    if index and blocks[index - 1][1] == i1:
        upper = blocks[index - 1]
        return [*blocks[: index - 1], (upper[0], i2, upper[2], j2), *blocks[index + 1 :]]
    if index + 1 < len(blocks) and blocks[index + 1][0] == i2:
        return _widened(blocks, index + 1, old_count)
    up, down = int(i1 > 0), int(i2 < old_count)
    return [*blocks[:index], (i1 - up, i2 + down, j1 - up, j2 + down), *blocks[index + 1 :]]


def _place_text(before: bytes, operations: Sequence[Operation]) -> Placement:
    return place(operations, {_A: before}, {"main/a": _A})


@settings(deadline=None)
@given(_LINES, _LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_reply_built_from_two_texts_gives_the_second_byte_for_byte(
    before: list[str], after: list[str], end: str, final_newline: bool
) -> None:
    assume(before)
    assume(final_newline or (before[-1] and (not after or after[-1])))
    last = end if final_newline else ""
    old = (end.join(before) + last).encode()
    assume(end == "\n" or end.encode() in old)
    new = (end.join(after) + last).encode() if after else b""
    blocks = _blocks_for(before, after, final_newline)
    placement = _place_text(old, _operations(blocks, before, after))
    assert placement.refusals == ()
    assert placement.already_applied == ()
    assert [change.after for change in placement.changes.changes] == ([new] if old != new else [])


@settings(deadline=None)
@given(_LINES, _LINES, st.lists(st.sampled_from(["\n", "\r\n"]), min_size=12, max_size=12))
def test_blocks_may_come_in_any_order_and_mixed_ends_stay_outside_them(
    before: list[str], after: list[str], ends: list[str]
) -> None:
    assume(before)
    old = [(line + end).encode() for line, end in zip(before, ends, strict=False)]
    blocks = _blocks_for(before, after, True)
    operations = _operations(blocks, before, after)
    placement = _place_text(b"".join(old), operations)
    assert _place_text(b"".join(old), operations[::-1]).changes == placement.changes
    changes = placement.changes.changes
    new = split_lines((changes[0].after or b"") if changes else b"".join(old))
    assert [line.replace(b"\r\n", b"\n") for line in new] == split_lines(_joined(after).encode())
    fixed = [(0, 0, 0, 0), *blocks, (len(before), len(before), len(after), len(after))]
    for (_, old_from, _, new_from), (old_to, _, new_to, _) in pairwise(fixed):
        assert new[new_from:new_to] == old[old_from:old_to]


def _written(before: Mapping[str, bytes], changes: ChangeSet) -> dict[str, bytes]:
    files = dict(before)
    for change in changes.changes:
        old_name = f"{change.repository}/{change.old_path or change.path}"
        assert files.pop(old_name, None) == change.before
        if change.after is not None:
            files[change.name] = change.after
    return files


_PATHS = st.sampled_from(["main/a", "main/b", "main/c"])
_TEXTS = st.sampled_from(["", "a\n", "b\n", "a\nb\n", "\ud800\n", "b", " a\n b\n", "# ...\n"])
_OPERATIONS = st.one_of(
    st.builds(Replace, _PATHS, _TEXTS, _TEXTS, st.integers(1, 99)),
    st.builds(Create, _PATHS, _TEXTS, st.integers(1, 99)),
    st.builds(Overwrite, _PATHS, _TEXTS, st.integers(1, 99)),
    st.builds(Write, _PATHS, _TEXTS, st.integers(1, 99)),
    st.builds(SetMode, _PATHS, st.booleans(), st.integers(1, 99)),
    st.builds(
        Replace,
        _PATHS,
        _TEXTS,
        _TEXTS,
        st.integers(1, 99),
        st.tuples(st.sampled_from(["a", "b", "", "\ud800"])),
        st.booleans(),
    ),
    st.builds(Delete, _PATHS, st.integers(1, 99)),
    st.builds(Rename, _PATHS, _PATHS, st.integers(1, 99)),
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(_OPERATIONS, max_size=4),
    st.lists(st.sampled_from([None, b"", b"a\nb\n", b"b", b"a\r\na\r\n", b"\xff"]), min_size=3),
)
def test_any_operations_are_placed_whole_or_not_at_all(
    operations: list[Operation], contents: list[bytes | None]
) -> None:
    targets = {f"main/{name}": Target("main", name) for name in "abc"}
    originals = dict(zip(targets.values(), contents, strict=False))
    placement = place(operations, originals, targets)
    if placement.refusals:
        assert not placement.changes
        assert {r.line for r in placement.refusals} <= {o.line for o in operations}
    before = {target.name: data for target, data in originals.items() if data is not None}
    _written(before, placement.changes)
    ends = [change.path for change in placement.changes.changes]
    assert len(set(ends)) == len(ends)


def test_a_path_that_means_no_file_is_refused() -> None:
    operation = Rename("main/a", "nowhere", 3)
    assert place([operation], {_A: b""}, {"main/a": _A}).refusals == (
        Refusal(3, "nowhere", "the path is no file of a repository"),
    )


def test_a_text_without_final_line_feed_ends_the_file() -> None:
    operation = Replace("main/a", "a", "c", 1)
    placement = _place_text(b"a\nab\na", [operation])
    assert [change.after for change in placement.changes.changes] == [b"a\nab\nc"]
    assert _place_text(b"ab\na\n", [operation]).refusals


def test_create_over_the_same_text_is_applied_already() -> None:
    placement = _place_text(b"a\n", [Create("main/a", "a\n", 1)])
    assert (placement.refusals, placement.changes) == ((), ChangeSet())
    assert placement.already_applied


_CODE = "".join(f"line {number}\n" for number in range(30))
_B = Target("main", "b")
_TARGETS = {"main/a": _A, "main/b": _B}


def _reasons(placement: Placement) -> list[str]:
    return [refusal.reason for refusal in placement.refusals]


def test_what_found_its_place_is_told_also_beside_a_refusal() -> None:
    operations: list[Operation] = [
        Replace("main/a", "line 3\nline 4\n", "x\n", 5),
        Replace("main/a", "nowhere\n", "x\n", 9),
        Replace("main/a", "  line 7\n  line 8\n", "  y\n  line 8\n", 2),
        Create("main/b", "z\n", 1),
    ]
    placement = place(operations, {_A: _CODE.encode(), _B: None}, _TARGETS)
    assert not placement.changes
    assert placement.placed == (
        Placed(_B, 1, Rung.WHOLE, 0),
        Placed(_A, 2, Rung.INDENT, 7, "2 spaces fewer in front of each line"),
        Placed(_A, 5, Rung.EXACT, 3),
    )


def test_a_renamed_file_is_named_as_the_change_names_it() -> None:
    operations: list[Operation] = [
        Rename("main/a", "main/b", 1),
        Replace("main/a", "line 3\n", "x\n", 2),
    ]
    placement = place(operations, {_A: _CODE.encode(), _B: None}, _TARGETS)
    assert [placed.target for placed in placement.placed] == [_B, _B]


def test_files_where_all_is_applied_are_named() -> None:
    operations = [
        Replace("main/a", "old\n", "line 3\n", 1),
        Replace("main/a", "older\n", "line 4\n", 2),
        Replace("main/b", "older\n", "line 4\n", 3),
        Replace("main/b", "line 5\n", "new\n", 4),
    ]
    data = _CODE.encode()
    placement = place(operations, {_A: data, _B: data}, _TARGETS)
    assert placement.already == (_A,)
    assert len(placement.already_applied) == 3
    assert [change.path for change in placement.changes.changes] == ["b"]


@pytest.mark.parametrize(
    "operation",
    [
        Overwrite("main/a", _CODE + "x\n", 1),
        Write("main/a", _CODE + "x\n", 1),
        Delete("main/a", 1),
        Rename("main/a", "main/b", 1),
        Replace("main/a", "line 3 \n", "x\n", 1),
        Replace("main/a", " line 3\n line 4\n", " x\n", 1),
    ],
)
def test_a_stale_file_is_not_touched_as_a_whole_nor_loosely(operation: Operation) -> None:
    originals = {_A: _CODE.encode(), _B: None}
    assert place([operation], originals, _TARGETS).changes
    placement = place([operation], originals, _TARGETS, stale={_A})
    assert all("the file changed since the model saw it" in r for r in _reasons(placement))
    assert placement.refusals


def test_a_stale_file_takes_exact_edits_and_modes() -> None:
    operations: list[Operation] = [
        Replace("main/a", "line 3\n", "x\n", 1),
        SetMode("main/a", True, 2),
    ]
    placement = place(operations, {_A: _CODE.encode()}, _TARGETS, stale={_A})
    assert placement.refusals == ()
    assert place(
        [Overwrite("main/a", _CODE, 1)], {_A: _CODE.encode()}, _TARGETS, stale={_A}
    ).already


@pytest.mark.parametrize("verb", [Overwrite, Write])
def test_a_whole_text_may_not_lose_most_of_a_file(verb: type[Overwrite | Write]) -> None:
    short = verb("main/a", "line 1\n" * 14, 3)
    placement = place([short], {_A: _CODE.encode()}, _TARGETS)
    assert _reasons(placement) == ["the whole new text has 14 lines, the file has 30"]
    assert "SEARCH blocks" in placement.refusals[0].detail
    assert place([verb("main/a", "line 1\n" * 15, 3)], {_A: _CODE.encode()}, _TARGETS).changes


def test_write_makes_a_file_or_overwrites_it() -> None:
    for original in (None, b"a\r\n"):
        (change,) = place([Write("main/a", "b\n", 1)], {_A: original}, _TARGETS).changes.changes
        assert change.before == original
        assert change.after == (b"b\r\n" if original else b"b\n")


def test_a_mode_is_set_once() -> None:
    on, off = SetMode("main/b", True, 1), SetMode("main/b", False, 1)
    (change,) = place([on], {_B: b"a"}, _TARGETS).changes.changes
    assert (change.old_mode, change.mode) == (PLAIN_MODE, EXECUTABLE_MODE)
    assert place([on], {_B: b"a"}, _TARGETS, executable={_B}).already == (_B,)
    (change,) = place([off], {_B: b"\xff\0"}, _TARGETS, executable={_B}).changes.changes
    assert (change.old_mode, change.mode, change.after) == (EXECUTABLE_MODE, PLAIN_MODE, b"\xff\0")
    assert place([off], {_B: b"a"}, _TARGETS).already == (_B,)
    assert _reasons(place([on], {_B: None}, _TARGETS)) == ["there is no such file"]


def test_a_new_file_may_be_executable_and_end_without_a_line_end() -> None:
    (change,) = place(
        [Create("main/b", "#!/bin/sh", 1, executable=True)], {_B: None}, _TARGETS
    ).changes.changes
    assert (change.after, change.old_mode, change.mode) == (b"#!/bin/sh", None, EXECUTABLE_MODE)


def test_rename_mode_and_text_are_one_change() -> None:
    operations: list[Operation] = [
        SetMode("main/b", True, 1),
        Rename("main/a", "main/b", 2),
        Replace("main/b", "line 3\n", "x\n", 3),
    ]
    (change,) = place(operations, {_A: _CODE.encode(), _B: None}, _TARGETS).changes.changes
    assert (change.path, change.old_path, change.mode) == ("b", "a.patch", EXECUTABLE_MODE)
    assert [hunk.kind for hunk in change.hunks] == ["rename", "mode", "text"]


_ENCODINGS = st.sampled_from(["cp1252", "iso8859_15", "utf-16", "utf-32", "cp932", "gb18030"])


@given(
    _ENCODINGS,
    st.lists(st.sampled_from(["a", "b", "", "é", "日本", "\u0a0a", "c\r"]), max_size=8),
    st.integers(0, 7),
    st.sampled_from(["new", "é", "日", ""]),
)
def test_bytes_of_any_encoding_stay_outside_the_edit(
    encoding: str, lines: list[str], at: int, new: str
) -> None:
    text = "".join(f"{line}\n" for line in [*lines[:at], "HERE", *lines[at:]])
    try:
        original, wanted = (t.encode(encoding) for t in (text, text.replace("HERE", new)))
    except UnicodeEncodeError:
        assume(False)
    operation = Replace("main/b", "HERE\n", f"{new}\n", 1)
    placement = place([operation], {_B: original}, _TARGETS, encodings={_B: encoding})
    (change,) = placement.changes.changes
    assert _as_lf(change.after, encoding) == _as_lf(wanted, encoding)
    before, _, behind = text.partition("HERE")
    assert (change.after or b"").startswith(before.encode(encoding))
    assert (change.after or b"").decode(encoding).endswith(behind[1:])


def _as_lf(data: bytes | None, encoding: str) -> str:
    return (data or b"").decode(encoding).replace("\r\n", "\n")


def test_text_that_an_encoding_cannot_hold_is_refused() -> None:
    operation = Replace("main/b", "é\n", "日\n", 1)
    placement = place([operation], {_B: b"\xe9\n"}, _TARGETS, encodings={_B: "cp1252"})
    assert _reasons(placement) == ["its text holds characters that the file's cp1252 cannot hold"]
    placement = place([operation], {_B: b"\xe9\n"}, _TARGETS)
    assert _reasons(placement) == ["the file is no UTF-8 text"]
    placement = place([operation], {_B: b"\x81\n"}, _TARGETS, encodings={_B: "cp1252"})
    assert _reasons(placement) == ["the file is not kept whole in cp1252"]


def test_two_insertions_at_one_place_overlap_and_touching_edits_do_not() -> None:
    def below(text: str, line: int) -> Replace:
        return Replace("main/a", "", text, line, anchors=("line 3",))

    data = {_A: _CODE.encode()}
    twice = place([below("x\n", 1), below("y\n", 2)], data, _TARGETS)
    assert _reasons(twice) == ["overlaps the block at line 1"]
    touching = [
        Replace("main/a", "line 3\n", "three\n", 1),
        below("x\n", 2),
        Replace("main/a", "line 4\n", "four\n", 3),
    ]
    for operations in (touching, touching[::-1]):
        (change,) = place(operations, data, _TARGETS).changes.changes
        assert b"\nthree\nx\nfour\n" in (change.after or b"")
    inside = place(
        [Replace("main/a", "line 3\nline 4\n", "3\n", 1), below("x\n", 2)], data, _TARGETS
    )
    assert _reasons(inside) == ["overlaps the block at line 1"]


def test_an_elision_and_a_marker_are_refused_on_every_way_into_a_file() -> None:
    code = {Target("main", "a.py"): _CODE.encode(), Target("main", "b.py"): None}
    targets = {f"main/{target.path}": target for target in code}
    for text in ("x\n# ... existing code ...\n", "<<<<<<< HEAD\nx\n"):
        for operation in (
            Replace("main/a.py", "line 3\n", text, 1),
            Replace("main/a.py", "", text, 1, at_end=True),
            Overwrite("main/a.py", _CODE + text, 1),
            Write("main/a.py", _CODE + text, 1),
            Write("main/b.py", text, 1),
            Create("main/b.py", text, 1),
        ):
            (reason,) = _reasons(place([operation], code, targets))
            assert "existing code" in reason or "merge conflict" in reason


_WHOLE_LINES = st.lists(st.sampled_from(["new 1", "new 2", "a", "b", "e"]), max_size=3)


@st.composite
def _given_text(draw: st.DrawFn) -> str:
    """Return lines, the last of which may lack its line feed."""
    text = "".join(f"{line}\n" for line in draw(_WHOLE_LINES))
    return text.removesuffix("\n") if draw(st.booleans()) else text


_SMALL_EDITS = st.builds(
    Replace,
    st.just("main/b"),
    _given_text(),
    _given_text(),
    st.integers(1, 99),
    st.sampled_from([(), (), ("a",), ("e",)]),
    st.booleans(),
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(_SMALL_EDITS, min_size=1, max_size=3),
    st.sampled_from([b"a\nb\nc\nd\ne", b"a\r\nb\nc\r\nd\ne\n", b"e", b""]),
)
def test_lines_are_never_glued_nor_split(operations: list[Replace], original: bytes) -> None:
    for change in place(operations, {_B: original}, _TARGETS).changes.changes:
        after = (change.after or b"").decode().replace("\r\n", "\n").split("\n")
        assert {*after} <= {"", "new 1", "new 2", *"abcde"}


@pytest.mark.parametrize(
    ("before", "text", "fits"),
    [
        (b"a\nb\n", "a\nb\n", True),
        (b"a\nb", "a\nb\n", True),
        (b"\xef\xbb\xbfa \r\nb\r\n", "\ufeffa\nb\n", True),
        (b"", "", True),
        (b"a\nb\n", None, True),
        (b"a\nb\n", "a\n", False),
        (b"a\nb\n", "a\nb\n\n", False),
        (b"\ta\n", "a\n", False),
        (b"a\n", "", False),
        (b"", "a\n", False),
        (b"a\xff\n", "a\n", False),
        (b"a\n", "a\ud800\n", False),
    ],
)
def test_a_file_is_deleted_where_it_holds_just_what_the_diff_removes(
    before: bytes, text: str | None, fits: bool
) -> None:
    placement = place([Delete("main/a", 1, text)], {_A: before}, _TARGETS)
    assert bool(placement.changes) == fits
    assert bool(placement.refusals) != fits
