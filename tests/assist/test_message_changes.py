from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.message_changes import Change, told

SMALL = Change("modified a.py (+1 -0)", ("@@", "+one"))
LARGE = Change("modified b.py (+99 -0)", ("@@", *(f"+line {number}" for number in range(99))))


def test_what_fits_is_told_whole() -> None:
    assert told([SMALL, LARGE], 10_000).count("\n+") == 100


def test_a_small_change_is_told_whole_before_a_large_one() -> None:
    text = told([LARGE, SMALL], 600)
    assert "=== modified a.py (+1 -0)\n@@\n+one" in text
    assert "=== modified b.py (+99 -0)\n@@\n+line 0\n" in text
    assert "lines of it are not shown" in text
    assert "+line 98" not in text


def test_without_room_for_lines_the_files_are_named() -> None:
    assert told([SMALL, LARGE], 100) == (
        "=== modified a.py (+1 -0)\n@@\n+one\n"
        "=== modified b.py (+99 -0)\n=== 100 lines of it are not shown"
    )


def test_of_very_many_files_the_rest_is_counted_by_folders() -> None:
    changes = [Change(f"added b/{n}", folder="b/") for n in range(2000)]
    text = told([Change("added top"), *changes, Change("added c/x", folder="c/")], 100)
    assert text == (
        "=== added top\n=== added b/0\n=== added b/1\n=== added b/2\n=== added b/3\n"
        "=== and 1,997 files more: b/ 1,996; c/ 1"
    )


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(0, 3000))
def test_the_room_is_kept(sizes: list[int], room: int) -> None:
    changes = [
        Change(f"added {at}", tuple("+" + "x" * 9 for _ in range(size)))
        for at, size in enumerate(sizes)
    ]
    lines = told(changes, room).split("\n") if changes else []
    shown = [line for line in lines if line.startswith("+")]
    assert len("\n".join(shown)) <= room
    heads = [line for line in lines if line.startswith("=== added")]
    assert len("\n".join(heads)) <= max(room // 2, 20) + 4 * len(heads)
    if room >= 2 * sum(change.size + len(change.head) + 1 for change in changes):
        assert (len(heads), len(shown)) == (len(changes), sum(sizes))
