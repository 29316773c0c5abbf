"""Warnings: on the hunk that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from copilot.assist.warn import Known, flags_of
from copilot.edits.changes import ChangeSet, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.edits.operations import Target
from copilot.edits.place import Placed
from copilot.edits.rungs import Rung
from copilot.review.state import start
from copilot.workspace.masks.placeholders import Mask

BEFORE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(6)).encode()


def flags(
    change: FileChange, placed: Sequence[Placed] = (), known: Known | None = None
) -> tuple[Flag, ...]:
    return flags_of(ChangeSet((change,)), placed, known or Known()).get(change.name, ())


def edited(*pairs: tuple[bytes, bytes]) -> FileChange:
    after = BEFORE
    for old, new in pairs:
        after = after.replace(old, new)
    return FileChange("app", "a.py", BEFORE, after)


def test_a_sound_change_has_no_flag() -> None:
    assert flags(edited((b"return 1", b"return 11"))) == ()


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_the_hunk_that_breaks_the_file_is_flagged(broken: int) -> None:
    numbers = (0, 2, 5)
    pairs = [
        (f"return {n}".encode(), f"return {'(' if index == broken else ''}{n}0".encode())
        for index, n in enumerate(numbers)
    ]
    change = edited(*pairs)
    (flag,) = flags(change)
    assert flag.kind is FlagKind.SYNTAX
    (file,) = start(ChangeSet((change,)), {"app/a.py": (flag,)}).files
    assert [bool(file.hunk_flags(index)) for index in range(3)] == [
        index == broken for index in range(3)
    ]
    assert file.file_flags == ()


def test_an_error_far_below_is_laid_to_the_hunk_that_breaks_the_file_alone() -> None:
    before = b'x = "a"\n' + b"y = 1\n" * 20 + b"z = 2\n"
    after = before.replace(b'"a"', b'"""a').replace(b"z = 2", b"z = 3")
    change = FileChange("app", "a.py", before, after)
    (flag,) = flags(change)
    assert flag.old_line == 0


def test_an_indent_shift_is_told_where_it_is() -> None:
    change = edited((b"return 3", b"return 33"))
    target = Target("app", "a.py")
    # The edit begins with a line that it keeps.
    placed = [Placed(target, 1, Rung.INDENT, 12, "4 spaces more"), Placed(target, 9, Rung.EXACT, 1)]
    assert flags(change, placed) == (
        Flag(FlagKind.INDENT, "placed by an indent shift: 4 spaces more", 13),
    )


def test_an_indent_shift_in_a_moved_file_is_told_too() -> None:
    change = edited((b"return 3", b"return 33"))
    moved = replace(change, path="b.py", old_path=change.path)
    (flag,) = flags(moved, [Placed(Target("app", "b.py"), 1, Rung.INDENT, 12)])
    assert (flag.kind, flag.old_line) == (FlagKind.INDENT, 13)


def test_protected_unseen_and_stale_files() -> None:
    change = FileChange("app", ".github/workflows/ci.yml", b"a: 1\n", b"a: 2\n")
    known = Known({change.name: "the model did not see this file"}, frozenset({change.name}))
    found = flags(change, (), known)
    assert [flag.kind for flag in found] == [
        FlagKind.PROTECTED,
        FlagKind.UNSEEN,
        FlagKind.STALE,
    ]


def test_a_new_file_was_never_seen_and_that_is_right() -> None:
    change = FileChange("app", "new.txt", None, b"n\n")
    assert flags(change, (), Known({"app/new.txt": "the model did not see this file"})) == ()


def test_a_protected_file_is_not_renamed_in_silence() -> None:
    change = FileChange("app", "x.yml", b"a\n", b"a\n", ".gitlab-ci.yml")
    assert [flag.kind for flag in flags(change)] == [FlagKind.PROTECTED]


def test_a_masked_secret_in_a_hunk() -> None:
    change = FileChange(
        "app", "a.txt", b"k=hunter22\nb\nc\nd\ne\nf\n", b"k=hunter22 \nb\nc\nd\ne\nF\n"
    )
    known = Known(masks={"app/a.txt": (Mask(1, "password", "MASKED_PASSWORD_1", "hunter22"),)})
    assert flags(change, (), known) == (
        Flag(FlagKind.MASK, "holds a secret that the model saw masked", 0),
    )
