"""One change set after another is one that leads to the same files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.chained import chained
from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, FileChange

Disk = dict[str, tuple[bytes, bool]]

_PATHS = st.sampled_from(["a", "b", "c", "d"])
_DATA = st.sampled_from([b"", b"1\n", b"2\n", b"3\n"])


def _applied(disk: Disk, changes: ChangeSet) -> Disk:
    """Apply changes all at once, and check that each begins with what is there."""
    after = dict(disk)
    for change in changes.changes:
        old = change.old_path or change.path
        if change.before is None:
            assert old not in disk
        else:
            data, runs = disk[old]
            assert data == change.before
            assert change.old_mode is None or (change.old_mode == EXECUTABLE_MODE) == runs
            del after[old]
    for change in changes.changes:
        if change.after is not None:
            assert change.path not in after
            runs = disk.get(change.old_path or change.path, (b"", False))[1]
            runs = runs if change.mode is None else change.mode == EXECUTABLE_MODE
            after[change.path] = (change.after, runs)
    return after


@st.composite
def _changes(draw: st.DrawFn, disk: Disk) -> ChangeSet:
    """Draw changes of a few files, as the placing of edits makes them."""
    made: list[FileChange] = []
    taken: set[str] = set()
    for path in draw(st.lists(_PATHS, unique=True)):
        if path in taken:
            continue
        if path not in disk:
            mode = draw(st.sampled_from([None, EXECUTABLE_MODE]))
            made.append(FileChange("r", path, None, draw(_DATA), mode=mode))
        else:
            made.append(_change(draw, disk, path, taken))
        taken |= {path, made[-1].path}
    return ChangeSet(tuple(change for change in made if change.hunks))


def _change(draw: st.DrawFn, disk: Disk, path: str, taken: set[str]) -> FileChange:
    data, runs = disk[path]
    modes = (EXECUTABLE_MODE, PLAIN_MODE) if runs else (PLAIN_MODE, EXECUTABLE_MODE)
    if draw(st.booleans()):
        return FileChange("r", path, data, None, old_mode=modes[0] if runs else None)
    old_mode, mode = modes if draw(st.booleans()) else (None, None)
    new = draw(_PATHS.filter(lambda one: one == path or one not in disk.keys() | taken))
    old_path = path if new != path else None
    return FileChange("r", new, data, draw(_DATA), old_path, old_mode, mode)


@given(st.data())
def test_both_lead_to_the_same_files(data: st.DataObject) -> None:
    disk = data.draw(st.dictionaries(_PATHS, st.tuples(_DATA, st.booleans())))
    first = data.draw(_changes(disk))
    between = _applied(disk, first)
    second = data.draw(_changes(between))
    both = chained(first, second)
    # Nobody tells the mode of a file that only moves, nor that of one that goes.
    every = (*first.changes, *second.changes)
    vague = {path for c in every if c.old_path or c.after is None for path in (c.path, c.old_path)}
    after, wanted = _applied(disk, both), _applied(between, second)
    assert {path: data for path, (data, _) in after.items()} == {
        path: data for path, (data, _) in wanted.items()
    }
    assert all(after[path][1] == wanted[path][1] for path in after.keys() - vague)
    assert all(change.hunks for change in both.changes)


def test_what_is_taken_back_is_no_change() -> None:
    there = FileChange("r", "a", b"1\n", b"2\n")
    back = FileChange("r", "a", b"2\n", b"1\n")
    assert not chained(ChangeSet((there,)), ChangeSet((back,)))


def test_an_edited_rename_stays_one() -> None:
    move = FileChange("r", "b", b"1\n", b"1\n", "a")
    edit = FileChange("r", "b", b"1\n", b"2\n")
    assert chained(ChangeSet((move,)), ChangeSet((edit,))) == ChangeSet(
        (FileChange("r", "b", b"1\n", b"2\n", "a"),)
    )


def test_a_path_that_is_taken_again_is_updated() -> None:
    gone = FileChange("r", "a", b"1\n", None)
    made = FileChange("r", "a", None, b"2\n")
    assert chained(ChangeSet((gone,)), ChangeSet((made,))) == ChangeSet(
        (FileChange("r", "a", b"1\n", b"2\n"),)
    )


def test_a_renamed_file_whose_path_is_taken_is_created_and_the_path_updated() -> None:
    move = FileChange("r", "b", b"1\n", b"1\n", "a")
    made = FileChange("r", "a", None, b"2\n")
    assert chained(ChangeSet((move,)), ChangeSet((made,))) == ChangeSet(
        (FileChange("r", "a", b"1\n", b"2\n"), FileChange("r", "b", None, b"1\n"))
    )
