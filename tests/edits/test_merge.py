from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.edits.changes import split_lines
from copilot.edits.merge import Conflict, Merged, merge3

_TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n"]), max_size=10).flatmap(
    lambda lines: st.sampled_from([b"".join(lines), b"".join(lines) + b"end"])
)
_NUMBERED = b"".join(b"%d\n" % number for number in range(10))


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        (b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nC\n", b"A\nb\nC\n"),
        (b"a\nb\nc\n", b"x\na\nb\nc\n", b"a\nb\nc\ny\n", b"x\na\nb\nc\ny\n"),
        (b"a\nb\nc\n", b"b\nc\n", b"a\nb\nc\nd", b"b\nc\nd"),
        (b"a\nb\nc\n", b"a\nX\nc\n", b"a\nX\nc\n", b"a\nX\nc\n"),
        (b"a\r\nb\nc\n", b"a\r\nb\nC\n", b"A\r\nb\nc\n", b"A\r\nb\nC\n"),
        (b"", b"a\n", b"", b"a\n"),
        (b"a\nb\nc", b"a\nb\nc\n", b"A\nb\nc", b"A\nb\nc\n"),
    ],
)
def test_changes_apart_are_both_taken(
    base: bytes, ours: bytes, theirs: bytes, merged: bytes
) -> None:
    assert merge3(base, ours, theirs) == Merged(merged)


def test_a_conflict_names_the_lines_of_all_three() -> None:
    ours = b"new\n" + _NUMBERED.replace(b"5\n", b"five\n")
    theirs = _NUMBERED.replace(b"5\n6\n", "fünf\n".encode())
    assert merge3(_NUMBERED, ours, theirs) == Merged(
        None, (Conflict(5, 7, (b"five\n", b"6\n"), ("fünf\n".encode(),), 6, 5),)
    )


def test_changes_that_touch_are_a_conflict_and_one_line_between_is_enough() -> None:
    upper = _NUMBERED.replace(b"5\n", b"five\n")
    assert merge3(_NUMBERED, upper, _NUMBERED.replace(b"6\n", b"six\n")).data is None
    assert merge3(_NUMBERED, upper, _NUMBERED.replace(b"7\n", b"seven\n")).data == upper.replace(
        b"7\n", b"seven\n"
    )


def test_two_insertions_at_one_place_are_a_conflict_unless_equal() -> None:
    one, other = _NUMBERED.replace(b"5\n", b"5\nx\n"), _NUMBERED.replace(b"5\n", b"5\ny\n")
    (conflict,) = merge3(_NUMBERED, one, other).conflicts
    assert (conflict.base_start, conflict.base_end) == (6, 6)
    assert merge3(_NUMBERED, one, one) == Merged(one)


@settings(deadline=None)
@given(_TEXTS, _TEXTS, _TEXTS)
def test_laws(base: bytes, ours: bytes, theirs: bytes) -> None:
    assert merge3(base, ours, base) == Merged(ours)
    assert merge3(base, base, theirs) == Merged(theirs)
    assert merge3(base, ours, ours) == Merged(ours)
    merged, turned = merge3(base, ours, theirs), merge3(base, theirs, ours)
    assert merged.data == turned.data
    assert [(c.base_start, c.base_end, c.ours, c.theirs) for c in merged.conflicts] == [
        (c.base_start, c.base_end, c.theirs, c.ours) for c in turned.conflicts
    ]


@settings(deadline=None)
@given(_TEXTS, _TEXTS, _TEXTS)
def test_conflicts_quote_what_stands_there(base: bytes, ours: bytes, theirs: bytes) -> None:
    merged = merge3(base, ours, theirs)
    assert (merged.data is None) == bool(merged.conflicts)
    for conflict in merged.conflicts:
        our_end = conflict.ours_start + len(conflict.ours)
        their_end = conflict.theirs_start + len(conflict.theirs)
        assert tuple(split_lines(ours)[conflict.ours_start : our_end]) == conflict.ours
        assert tuple(split_lines(theirs)[conflict.theirs_start : their_end]) == conflict.theirs
        assert conflict.ours != conflict.theirs


_STEPS = st.lists(st.sampled_from(["keep"] * 5 + ["drop", "change", "insert"]), max_size=14)


def _edited(steps: list[str], base: list[bytes], name: bytes) -> bytes:
    """Return the base with steps taken on its lines; what is new is in no other text."""
    lines: list[bytes] = []
    for number, line in enumerate(base):
        step = steps[number] if number < len(steps) else "keep"
        if step in ("change", "insert"):
            lines.append(b"%s %d\n" % (name, number))
        if step in ("keep", "insert"):
            lines.append(line)
    return b"".join(lines)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(_STEPS, _STEPS, st.booleans())
def test_git_merges_the_same(
    tmp_path_factory: pytest.TempPathFactory, mine: list[str], yours: list[str], alike: bool
) -> None:
    base = [b"line %d\n" % number for number in range(14)]
    ours = _edited(mine, base, b"new")
    theirs = _edited(yours, base, b"new" if alike else b"other")
    merged = merge3(b"".join(base), ours, theirs)
    folder = tmp_path_factory.getbasetemp()
    done = _git_merge(folder, b"".join(base), ours, theirs)
    assert len(merged.conflicts) == done.returncode
    assert merged.data in (None, done.stdout)


def _git_merge(
    folder: Path, base: bytes, ours: bytes, theirs: bytes
) -> subprocess.CompletedProcess[bytes]:
    """Run `git merge-file`, whose status is the number of conflicts."""
    names = ["ours", "base", "theirs"]
    for name, text in zip(names, [ours, base, theirs], strict=True):
        (folder / name).write_bytes(text)
    return subprocess.run(
        ["git", "merge-file", "-p", "--diff3", *names],
        cwd=folder,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"},
    )
