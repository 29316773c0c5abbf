"""Golden cases in cases/*.txt, and the algebra of replies built from two texts.

A case is `%%% name` and sections: `%% file NAME` before, `%% reply`, then `%% after NAME`,
`%% gone NAME`, `%% applied COUNT`, or `%% refused REASON` with `%% detail TEXT`. Files that a case
does not name afterwards must be as before. The spellings in _TOKENS stand for bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
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
from copilot.edits.paths import qualify
from copilot.edits.place import Placement, Refusal, place
from copilot.errors import EditsRefused

_CASES = Path(__file__).parent / "cases"
_TOKENS = {
    "«NOEOL»\n": b"",
    "«CR»": b"\r",
    "«BOM»": b"\xef\xbb\xbf",
    "«FF-CHAR»": "\f\u2028\x85".encode(),
    "«BYTE-FF»": b"\xff",
    "·": b" ",
}


@dataclass
class _Case:
    before: dict[str, bytes] = field(default_factory=dict)
    reply: str = ""
    after: dict[str, bytes] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    applied: int = 0
    refused: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)


@dataclass
class _Outcome:
    files: dict[str, bytes]
    applied: int
    refused: str
    details: str


def _cases() -> Iterator[tuple[str, str]]:
    for path in sorted(_CASES.glob("*.txt")):
        for text in path.read_text().split("%%% ")[1:]:
            name, _, body = text.partition("\n")
            yield f"{path.stem}: {name}", body


def _bytes(text: str) -> bytes:
    data = text.encode()
    for token, replacement in _TOKENS.items():
        data = data.replace(token.encode(), replacement)
    return data


def _read_case(body: str) -> _Case:
    """Read the sections; the one blank line between two cases belongs to none."""
    case = _Case()
    sections = f"\n{body[:-2] if body.endswith(chr(10) * 2) else body[:-1]}".split("\n%% ")[1:]
    for section in sections:
        head, filled, content = section.partition("\n")
        word, _, value = head.partition(" ")
        data = _bytes(content + "\n") if filled else b""
        if word == "reply":
            case.reply = data.decode()
        elif word in ("file", "after"):
            (case.before if word == "file" else case.after)[value] = data
        elif word == "applied":
            case.applied = int(value)
        else:
            {"gone": case.gone, "refused": case.refused, "detail": case.details}[word].append(value)
    return case


def _run(before: Mapping[str, bytes], reply: str) -> _Outcome:
    """Take a reply through parse, qualify and place, as the caller does."""
    aliases = {"main"} | {name.split("/")[0] for name in before}
    try:
        operations = parse(reply).operations
    except EditsRefused as refusal:
        return _Outcome(dict(before), 0, refusal.message, "")
    targets: dict[str, Target] = {}
    for raw in _raw_paths(operations):
        target = qualify(raw, aliases, lambda alias, path: f"{alias}/{path}" in before)
        if isinstance(target, str):
            return _Outcome(dict(before), 0, f"{raw} {target}", "")
        targets[raw] = target
    originals = {target: before.get(target.name) for target in targets.values()}
    placement = place(operations, originals, targets)
    return _Outcome(
        _written(before, placement.changes),
        len(placement.already_applied),
        "\n".join(f"line {r.line}: {r.reason}" for r in placement.refusals),
        "\n".join(r.detail for r in placement.refusals),
    )


def _raw_paths(operations: Sequence[Operation]) -> Iterator[str]:
    for operation in operations:
        yield operation.path
        if isinstance(operation, Rename):
            yield operation.new_path


def _written(before: Mapping[str, bytes], changes: ChangeSet) -> dict[str, bytes]:
    files = dict(before)
    for change in changes.changes:
        old_name = f"{change.repository}/{change.old_path or change.path}"
        assert files.pop(old_name, None) == change.before
        if change.after is not None:
            files[change.name] = change.after
    return files


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in _cases()])
def test_golden_case(body: str) -> None:
    case = _read_case(body)
    outcome = _run(case.before, case.reply)
    for text in case.refused:
        assert text in outcome.refused
    assert bool(outcome.refused) == bool(case.refused)
    assert all(text in outcome.details for text in case.details)
    expected = {**case.before, **case.after}
    assert outcome.files == {n: data for n, data in expected.items() if n not in case.gone}
    assert outcome.applied == case.applied


def test_there_are_enough_golden_cases_and_no_name_twice() -> None:
    names = [name for name, _ in _cases()]
    assert len(names) >= 45
    assert len(set(names)) == len(names)


_A = Target("main", "a")
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


def test_a_text_without_final_line_feed_is_still_whole_lines() -> None:
    placement = _place_text(b"ab\na\n", [Replace("main/a", "a", "c", 1)])
    assert [change.after for change in placement.changes.changes] == [b"ab\nc\n"]


def test_create_over_the_same_text_is_applied_already() -> None:
    placement = _place_text(b"a\n", [Create("main/a", "a\n", 1)])
    assert (placement.refusals, placement.changes) == ((), ChangeSet())
    assert placement.already_applied
