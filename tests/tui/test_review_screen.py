"""The review screen's actions; most are run directly, since a key press is slow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.content import Content
from textual.widgets import OptionList, Static

from copilot.edits.changes import ChangeSet, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.review.state import Decision, Place, Review, accepted, decide, renewed, start
from copilot.tui.diff_view import DiffView
from copilot.tui.keys import DIFF, SCREEN, TREE, Key
from copilot.tui.line_input import LineInput
from copilot.tui.review_app import ReviewApp
from copilot.tui.review_screen import ReviewScreen
from copilot.tui.tree_view import TreeView

Make = Callable[..., Review]
WIDE = (120, 40)
ACCEPTED, REJECTED, UNDECIDED = Decision.ACCEPTED, Decision.REJECTED, Decision.UNDECIDED


def hunks(app: ReviewApp, file: int = 0) -> list[Decision | None]:
    shown = app.review.files[file]
    return [shown.hunk_decision(n) for n in range(len(shown.hunks))]


def shown_text(app: ReviewApp, name: str) -> str:
    return str(app.shown.query_one(name, Static).content)


@pytest.mark.parametrize(
    ("keys", "widgets"),
    [(SCREEN, (ReviewScreen, ReviewApp)), (TREE, (TreeView,)), (DIFF, (DiffView,))],
    ids=["screen", "tree", "diff"],
)
def test_every_key_has_an_action(keys: tuple[Key, ...], widgets: tuple[type, ...]) -> None:
    for key in keys:
        name = key.action.split("(")[0].removeprefix("app.")
        assert any(hasattr(widget, f"action_{name}") for widget in widgets), name


async def test_single_line_is_accepted(review_of: Make, two_hunks: FileChange) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE):
        app.shown.diff.go_to_line(Place(0, 0), 1)
        app.shown.action_decide_line("accepted")
        (change,) = accepted(app.review).changes
        assert b"line 3\nLINE 3\nline 4" in (change.after or b"")
        app.shown.action_decide_line("undecided")
        assert hunks(app) == [UNDECIDED, UNDECIDED]


async def test_toggle_is_about_the_line_or_the_hunk_the_cursor_is_on(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE):
        app.shown.diff.go_to_line(Place(0, 0), 0)
        app.shown.action_toggle_next()
        assert hunks(app) == [None, UNDECIDED]
        assert app.shown.diff.line == 1
        app.shown.diff.go_to(Place(0, 0))
        app.shown.action_toggle_next()
        assert hunks(app) == [ACCEPTED, UNDECIDED]
        assert app.shown.diff.place == Place(0, 1)


async def test_range_of_lines_over_two_hunks_is_accepted(
    review_of: Make, two_hunks: FileChange
) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        app.shown.diff.go_to_line(Place(0, 0), 1)
        await pilot.press("V")
        while (app.shown.diff.place, app.shown.diff.line) != (Place(0, 1), 0):
            app.shown.diff.action_row(1)
        await pilot.press("a")
        assert hunks(app) == [None, None]
        assert not app.shown.diff.selection()
        await pilot.press("u")
        assert hunks(app) == [UNDECIDED, UNDECIDED]


async def test_escape_ends_the_range_first(review_of: Make, two_hunks: FileChange) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        app.shown.diff.go_to_line(Place(0, 0), 0)
        await pilot.press("V", "escape")
        assert app.is_running
        assert not app.shown.diff.is_selecting
        await pilot.press("ctrl+c")
    assert app.return_value is None


async def test_click_on_a_mark_toggles_what_it_stands_for(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.click(DiffView, offset=(3, 1))
        assert app.review.files[0].decision is ACCEPTED


async def test_search_goes_both_ways(review_of: Make, two_hunks: FileChange) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("slash", *"LINE", "enter", "n")
        assert app.shown.diff.place == Place(0, 1)
        app.shown.action_search_next(-1)
        assert app.shown.diff.place == Place(0, 0)


async def test_files_are_accepted_rejected_and_undecided(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE):
        app.shown.diff.go_to_file(2)
        for decision in (ACCEPTED, REJECTED, UNDECIDED):
            app.shown.action_decide_file(decision.value)
            assert [file.decision for file in app.review.files] == [
                UNDECIDED, UNDECIDED, decision, UNDECIDED,
            ]  # fmt: skip


async def test_hunk_is_undecided_again(review_of: Make, two_hunks: FileChange) -> None:
    app = ReviewApp(review_of(two_hunks), "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("r")
        assert hunks(app) == [REJECTED, UNDECIDED]
        await pilot.press("minus")
        assert hunks(app) == [UNDECIDED, UNDECIDED]


async def test_next_and_previous_undecided(many_kinds: Review) -> None:
    review = decide(many_kinds, Place(0, 1), ACCEPTED)
    app = ReviewApp(review, "task")
    async with app.run_test(size=WIDE):
        app.shown.diff.go_to(Place(0, 0))
        app.shown.action_undecided(1)
        assert app.shown.diff.place == Place(1, 0)
        app.shown.action_undecided(-1)
        assert app.shown.diff.place == Place(0, 0)


async def test_next_proposal_with_other_files_takes_the_place_of_the_last(
    many_kinds: Review,
) -> None:
    old = many_kinds.files[0].change
    changes = (
        FileChange("app", "src/size.py", old.before, (old.after or b"") + b"y = 3\n"),
        FileChange("app", "a/more.py", None, b"more\n"),
    )
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE) as pilot:
        app.shown.diff.go_to_file(3)
        app.shown.show(renewed(many_kinds, ChangeSet(changes)))
        await pilot.pause()
        assert app.shown.tree_view.border_title == "2 files"
        app.shown.diff.go_to(Place(0, 0))
        app.shown.action_fresh()
        assert app.shown.diff.place == Place(0, 1)
        app.shown.action_fresh()
        assert app.shown.diff.place == Place(1, 0)
        app.shown.action_fresh()
        assert app.shown.diff.place == Place(0, 1)


async def test_hunk_is_split_at_the_cursor_and_where_lines_are_unchanged() -> None:
    before = b"a\nb\nc\nd\n"
    change = FileChange("app", "a", before, b"A\nb\nC\nd\n")
    app = ReviewApp(start(ChangeSet((change,))), "task")
    async with app.run_test(size=WIDE):
        app.shown.diff.go_to(Place(0, 0))
        app.shown.action_split()
        assert hunks(app) == [UNDECIDED] * 2
        app.shown.action_undo()
        assert hunks(app) == [UNDECIDED]
        app.shown.diff.go_to_line(Place(0, 0), 3)
        app.shown.action_split()
        assert [hunk.old_start for hunk in app.review.files[0].hunks] == [0, 2]


async def test_folder_in_the_tree_decides_all_beneath(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("tab", "home", "a")
        assert [file.decision for file in app.review.files] == [
            ACCEPTED, ACCEPTED, ACCEPTED, UNDECIDED,
        ]  # fmt: skip
        await pilot.press("left")
        assert app.shown.tree_view.virtual_size.height == 3
        await pilot.press("space", "tab")
        assert [file.decision for file in app.review.files][:3] == [REJECTED] * 3
        assert app.shown.diff.has_focus


async def test_tree_is_filtered_by_typing(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE) as pilot:
        tree = app.shown.tree_view
        await pilot.press("tab", "slash", *"OLD")
        assert tree.border_title == "1 of 4 files"
        await pilot.press("enter", "down", "enter")
        assert app.shown.diff.place == Place(2, 0)
        assert app.shown.diff.has_focus
        await pilot.press("escape")
        assert tree.border_title == "4 files"
        assert app.is_running


async def test_palette_does_what_no_key_was_pressed_for(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("ctrl+p", *"reject-file")
        while not app.screen.query_one(OptionList).option_count:
            await pilot.pause(0.05)
        while app.screen is not app.shown:
            await pilot.press("enter")
    assert app.review.files[0].decision is REJECTED


async def test_keys_are_remapped_by_name(review_of: Make, two_hunks: FileChange) -> None:
    keys = {"accept": "y,ctrl+y", "next-row": "down"}
    app = ReviewApp(review_of(two_hunks), "task", keys=keys)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("a")
        assert hunks(app) == [UNDECIDED, UNDECIDED]
        await pilot.press("y")
        assert hunks(app) == [ACCEPTED, UNDECIDED]
        await pilot.press("question_mark")
        content = app.screen.query_one(Static).content
        assert isinstance(content, Content)
        assert any(
            line.startswith("y ctrl+y") and line.endswith(" accept")
            for line in content.plain.splitlines()
        )


async def test_footer_keeps_its_order_whatever_the_keys(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task", keys={"reject": "d"})
    async with app.run_test(size=WIDE):
        shown = [one.binding for one in app.screen.active_bindings.values() if one.binding.show]
        assert [(one.key, one.description) for one in shown][:4] == [
            ("a", "Accept"), ("d", "Reject"), ("w", "Apply"), ("q", "Quit"),
        ]  # fmt: skip


async def test_help_names_every_key(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("question_mark")
        words = str(app.screen.query_one(Static).content).split()
        assert {key.name for key in (*SCREEN, *DIFF, *TREE)} <= set(words)
        await pilot.press("escape")
        assert app.is_running


async def test_why_of_a_flag_stands_at_the_bottom(many_kinds: Review) -> None:
    flags = {"app/a": (Flag(FlagKind.SYNTAX, "syntax broken\x1b[2J", 1),)}
    change = FileChange("app", "a", b"1\n2\n3\n", b"1\n)\n3\n")
    app = ReviewApp(start(ChangeSet((change,)), flags), "task")
    async with app.run_test(size=WIDE):
        app.shown.diff.go_to_line(Place(0, 0), 0)
        app.shown.show_why()
        assert shown_text(app, "#why") == "! syntax broken\\x1b[2J"


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (80, 24), (200, 60)])
async def test_screen_of_any_size_can_be_used(many_kinds: Review, size: tuple[int, int]) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=size) as pilot:
        await pilot.press("b", "tab", "tab", "a", "c", "escape")
        assert app.shown.query_one(DiffView).size.height >= 1
    assert hunks(app)[0] is ACCEPTED


async def test_line_for_typing_is_hidden_again(many_kinds: Review) -> None:
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=WIDE) as pilot:
        line = app.shown.query_one(LineInput)
        await pilot.press("slash", "x", "escape")
        assert not line.display
        assert app.shown.diff.has_focus
