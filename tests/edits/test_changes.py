from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from copilot.edits.changes import (
    EXECUTABLE_MODE,
    JOIN_GAP_LINES,
    PLAIN_MODE,
    ChangeKind,
    DiffLine,
    FileChange,
    Hunk,
    compose,
    split_lines,
    with_hunk_lines,
)
from copilot.errors import EditsRefused

_TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n"]), max_size=20).flatmap(
    lambda lines: st.sampled_from([b"".join(lines), b"".join(lines) + b"end"])
)
_NUMBERED = b"".join(b"%d\n" % number for number in range(20))


def _change(before: bytes | None, after: bytes | None, old_path: str | None = None) -> FileChange:
    return FileChange("main", "f", before, after, old_path)


def test_kinds_and_names() -> None:
    assert _change(None, b"").kind is ChangeKind.CREATE
    assert _change(b"", None).kind is ChangeKind.DELETE
    assert _change(b"", b"").kind is ChangeKind.UPDATE
    assert _change(b"", b"", "g").kind is ChangeKind.RENAME
    assert _change(b"", b"").name == "main/f"


@given(st.binary(max_size=20) | _TEXTS)
def test_split_lines_joined_again_is_the_text(data: bytes) -> None:
    lines = split_lines(data)
    assert b"".join(lines) == data
    assert all(line.endswith(b"\n") for line in lines[:-1])
    assert all(line and line.count(b"\n") <= 1 for line in lines)


@settings(deadline=None)
@given(_TEXTS, _TEXTS)
def test_hunks_tell_both_texts(before: bytes, after: bytes) -> None:
    for hunk in _change(before, after).hunks:
        old = split_lines(before)[hunk.old_start : hunk.old_start + hunk.old_count]
        new = split_lines(after)[hunk.new_start : hunk.new_start + hunk.new_count]
        assert [line.data for line in hunk.lines if line.tag != "+"] == old
        assert [line.data for line in hunk.lines if line.tag != "-"] == new
        tags = [line.tag for line in hunk.lines]
        assert hunk.line_counts == (tags.count("+"), tags.count("-"))
        assert hunk.lines[0].tag != " "
        assert hunk.lines[-1].tag != " "


def test_changes_with_few_equal_lines_between_are_one_hunk() -> None:
    for gap, count in ((JOIN_GAP_LINES, 1), (JOIN_GAP_LINES + 1, 2)):
        after = _NUMBERED.replace(b"3\n", b"x\n", 1).replace(b"\n%d\n" % (4 + gap), b"\ny\n")
        assert len(_change(_NUMBERED, after).hunks) == count


def test_hunks_of_new_deleted_and_renamed_files() -> None:
    assert _change(None, b"a\n").hunks == (Hunk("create", 0, 0, (DiffLine("+", b"a\n"),)),)
    assert _change(b"a", None).hunks == (Hunk("delete", 0, 0, (DiffLine("-", b"a"),)),)
    assert _change(None, b"").hunks == (Hunk("create", 0, 0, ()),)
    assert _change(b"a\n", b"b\n", "g").hunks == (
        Hunk("rename", 0, 0, ()),
        Hunk("text", 0, 0, (DiffLine("-", b"a\n"), DiffLine("+", b"b\n"))),
    )


@settings(deadline=None)
@given(_TEXTS, _TEXTS, st.sets(st.integers(0, 20)), st.booleans())
def test_compose_takes_the_accepted_hunks_and_nothing_else(
    before: bytes, after: bytes, wanted: set[int], renamed: bool
) -> None:
    change = _change(before, after, "g" if renamed else None)
    accepted = [index for index in sorted(wanted) if index < len(change.hunks)]
    composed = compose(change, accepted)
    result = before if composed is None or composed.after is None else composed.after
    kept = b"".join(_with_hunks(before, [change.hunks[index] for index in accepted]))
    assert result == kept
    moved = any(change.hunks[index].kind == "rename" for index in accepted)
    assert composed is None or composed.path == ("f" if moved or not renamed else "g")


def _with_hunks(before: bytes, hunks: list[Hunk]) -> list[bytes]:
    """Put hunks into the text from the last to the first, each in its own place."""
    lines = split_lines(before)
    for hunk in reversed(hunks):
        if hunk.kind == "text":
            new = [line.data for line in hunk.lines if line.tag != "-"]
            lines[hunk.old_start : hunk.old_start + hunk.old_count] = new
    return lines


@settings(deadline=None)
@given(_TEXTS | st.none(), _TEXTS | st.none(), st.booleans())
def test_all_hunks_are_the_change_and_none_is_nothing(
    before: bytes | None, after: bytes | None, renamed: bool
) -> None:
    assume(before is not None or after is not None)
    change = _change(before, after, "g" if renamed and None not in (before, after) else None)
    everything = compose(change, range(len(change.hunks)))
    assert everything == (change if change.hunks else None)
    assert compose(change, []) is None


@settings(deadline=None)
@given(_TEXTS, _TEXTS)
def test_hunks_accepted_one_after_the_other_give_the_whole(before: bytes, after: bytes) -> None:
    text = before
    while hunks := _change(text, after).hunks:
        step = compose(_change(text, after), [len(hunks) - 1])
        assert step is not None
        assert step.after is not None
        text = step.after
    assert text == after


def _edited(*tagged: str) -> tuple[DiffLine, ...]:
    tags: dict[str, Literal[" ", "-", "+"]] = {" ": " ", "-": "-", "+": "+"}
    return tuple(DiffLine(tags[line[0]], f"{line[1:]}\n".encode()) for line in tagged)


def test_an_edited_hunk_leaves_the_others() -> None:
    after = _NUMBERED.replace(b"\n3\n", b"\nthree\n").replace(b"\n13\n", b"\nthirteen\n")
    change = _change(_NUMBERED, after)
    change = with_hunk_lines(change, change.hunks[0], _edited("-3", "+drei", "+trois"))
    assert change.after == after.replace(b"three\n", b"drei\ntrois\n")
    assert change.before == _NUMBERED


def test_an_edited_hunk_may_keep_an_old_line() -> None:
    change = _change(b"a\nb\n", b"x\n")
    change = with_hunk_lines(change, change.hunks[0], _edited("-a", " b", "+x"))
    assert change.after == b"b\nx\n"


def test_a_new_file_can_be_edited() -> None:
    change = _change(None, b"a\nb\n")
    change = with_hunk_lines(change, change.hunks[0], _edited("+b", "+c"))
    assert (change.before, change.after) == (None, b"b\nc\n")


@pytest.mark.parametrize(
    ("before", "after", "old_path", "lines", "message"),
    [
        (b"a\n", b"b\n", None, _edited("+b"), "old lines are not the file's"),
        (b"a\n", b"b\n", None, _edited("-b", "+c"), "old lines are not the file's"),
        (b"a\n", None, None, _edited("-a"), "a delete has no lines to edit"),
        (b"a\n", b"b\n", "g", (), "a rename has no lines to edit"),
        (b"a\nb\n", b"x\nb\n", None, (DiffLine("-", b"a\n"), DiffLine("+", b"x")), "line end"),
        (b"a", b"b", None, (DiffLine(" ", b"a"), DiffLine("+", b"b")), "without line end"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(
    before: bytes, after: bytes, old_path: str | None, lines: tuple[DiffLine, ...], message: str
) -> None:
    change = _change(before, after, old_path)
    with pytest.raises(EditsRefused, match=message):
        with_hunk_lines(change, change.hunks[0], lines)


def _moded(before: bytes, after: bytes, old_path: str | None = None) -> FileChange:
    return FileChange("main", "f", before, after, old_path, PLAIN_MODE, EXECUTABLE_MODE)


def test_a_new_mode_is_a_hunk_without_lines() -> None:
    assert [hunk.kind for hunk in _moded(b"a\n", b"a\n").hunks] == ["mode"]
    assert [hunk.kind for hunk in _moded(b"a\n", b"b\n", "g").hunks] == ["rename", "mode", "text"]
    assert not FileChange("main", "f", b"", b"", None, PLAIN_MODE, PLAIN_MODE).hunks
    created = FileChange("main", "f", None, b"", mode=EXECUTABLE_MODE)
    assert [hunk.kind for hunk in created.hunks] == ["create"]
    assert compose(created, [0]) == created


@pytest.mark.parametrize("accepted", [*map(set, ([0], [1], [2], [0, 1], [0, 2], [1, 2]))])
def test_move_mode_and_text_are_accepted_one_by_one(accepted: set[int]) -> None:
    composed = compose(_moded(b"a\n", b"b\n", "g"), accepted)
    assert composed is not None
    assert (composed.path, composed.old_path) == (("f", "g") if 0 in accepted else ("g", None))
    modes = (PLAIN_MODE, EXECUTABLE_MODE) if 1 in accepted else (None, None)
    assert (composed.old_mode, composed.mode) == modes
    assert composed.after == (b"b\n" if 2 in accepted else b"a\n")


def test_a_mode_has_no_lines_to_edit_and_stays_beside_edited_ones() -> None:
    change = _moded(b"a\n", b"b\n")
    with pytest.raises(EditsRefused, match="a mode change has no lines to edit"):
        with_hunk_lines(change, change.hunks[0], ())
    edited = with_hunk_lines(change, change.hunks[1], _edited("-a", "+c"))
    assert (edited.after, edited.mode) == (b"c\n", EXECUTABLE_MODE)


@given(st.text(), st.text(), st.sampled_from(["utf-16", "utf-32"]))
def test_text_in_wide_characters_is_one_hunk(old: str, new: str, encoding: str) -> None:
    change = _change(old.encode(encoding), new.encode(encoding))
    assert len(change.hunks) == (old != new)
    assert compose(change, range(len(change.hunks))) == (change if old != new else None)
