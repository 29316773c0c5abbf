"""The part of the stream on the screen, and the cursor."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import Place, Review, start
from copilot.tui.folds import Folds
from copilot.tui.stream import Spot, Stream
from copilot.tui.viewport import Viewport

Make = Callable[..., Review]

BODY = b"".join(b"%d\n" % number for number in range(100))
CHANGED = BODY.replace(b"\n20\n", b"\ntwenty\n").replace(b"\n70\n", b"\nseventy\n")


def view_of(files: int, height: int = 10) -> Viewport:
    changes = (FileChange("app", f"{number}.txt", BODY, CHANGED) for number in range(files))
    view = Viewport(Stream(start(ChangeSet(tuple(changes)))))
    view.resize(height)
    return view


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(-30, 30)),
        st.tuples(st.just("scroll"), st.integers(-30, 30)),
        st.tuples(st.just("scroll_to"), st.integers(0, 200)),
        st.tuples(st.just("to_edge"), st.sampled_from([-1, 1])),
        st.tuples(st.just("go_to_file"), st.integers(0, 3)),
        st.tuples(st.just("fold"), st.integers(0, 3)),
        st.tuples(st.just("resize"), st.integers(1, 40)),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=60)
def test_cursor_is_always_on_the_screen_and_the_screen_is_full(
    steps: list[tuple[str, int]],
) -> None:
    view = view_of(4)
    for name, number in steps:
        if name == "fold":
            kept = view.kept()
            view.stream.fold(number, Folds(is_folded=True))
            view.restore(kept)
        else:
            getattr(view, name)(number)
        spots = view.spots
        assert view.cursor in spots
        every = len(view.stream.from_spot(Spot(0, 0), 10_000))
        assert len(spots) == min(view.height, every)


def test_rows_on_the_screen_stay_when_files_above_turn_out_otherwise() -> None:
    view = view_of(50)
    view.scroll_to(500)
    before = view.spots
    for file in range(50):
        view.stream.layout(file)
    assert view.spots == before


def test_fold_keeps_the_cursor_where_it_is_on_the_screen() -> None:
    view = view_of(3, height=20)
    view.go_to_hunk(Place(1, 0))
    above = view.spots.index(view.cursor)
    kept = view.kept()
    view.stream.fold(1, Folds(is_whole=True))
    view.restore(kept)
    assert view.row.kind == "hunk"
    assert view.spots.index(view.cursor) == above


def test_range_spans_hunks_of_one_file_and_no_other() -> None:
    view = view_of(2, height=50)
    view.go_to_hunk(Place(0, 0))
    view.move(4)
    assert view.selected() == []
    view.anchor = view.cursor
    assert view.selected() == [(Place(0, 0), 0, 0)]
    view.move(1)
    assert view.selected() == [(Place(0, 0), 0, 1)]
    view.move(1000)
    assert view.cursor.file == 0
    assert view.selected() == [(Place(0, 0), 0, 1), (Place(0, 1), 0, 1)]
    view.to_edge(-1)
    assert view.cursor == Spot(0, 0)
    assert view.selected() == [(Place(0, 0), 0, 0)]
    view.go_to_hunk(Place(0, 1))
    assert view.selected() == [(Place(0, 0), 0, 1)]
    view.go_to_hunk(Place(1, 0))
    assert view.anchor is None


def test_range_of_pairs_holds_both_sides() -> None:
    view = view_of(1, height=50)
    view.stream.arrange(is_split=True, box_width=70)
    view.go_to_hunk(Place(0, 0))
    view.move(4)
    view.anchor = view.cursor
    assert view.row.lines == (0, 1)
    assert view.selected() == [(Place(0, 0), 0, 1)]


def test_jump_shows_as_much_of_the_hunk_as_fits() -> None:
    view = view_of(3, height=12)
    view.go_to_hunk(Place(2, 1))
    rows = [view.stream.row(spot) for spot in view.spots]
    assert view.row.kind == "hunk"
    assert {row.tag for row in rows if row.kind == "line"} == {" ", "-", "+"}
