"""The algebra of replies built from two texts, and of operations of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from copilot.edits.changes import ChangeSet, split_lines
from copilot.edits.diff import changed_ranges
from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    Target,
)
from copilot.edits.parse import parse
from copilot.edits.place import Placement, Refusal, place

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
_TEXTS = st.sampled_from(["", "a\n", "b\n", "a\nb\n", "\ud800\n"])
_OPERATIONS = st.one_of(
    st.builds(Replace, _PATHS, _TEXTS, _TEXTS, st.integers(1, 99)),
    st.builds(Create, _PATHS, _TEXTS, st.integers(1, 99)),
    st.builds(Overwrite, _PATHS, _TEXTS, st.integers(1, 99)),
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
