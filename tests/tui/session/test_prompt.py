"""What is typed into a session: completed, searched, pasted, and taken back."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.events import Paste
from textual.widgets import Input

from copilot.backends.protocol import Delta
from tests.tui.session.driving import Make, running, shown, until


async def test_commands_and_paths_are_completed(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        await pilot.press("/", "h", "tab")
        assert screen.prompt.text == "/help "
        screen.prompt.put("see @tok")
        await pilot.pause()
        assert screen.prompt.suggestions.display
        await pilot.press("tab")
        assert screen.prompt.text == "see @app/src/parser/tokens.py "
        screen.prompt.put("/mod")
        await pilot.pause()
        await pilot.press("enter")
        assert screen.prompt.text == "/model "


async def test_suggestion_is_taken_by_a_click(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("see @main")
        await pilot.pause()
        await pilot.click(screen.prompt.suggestions, offset=(4, 1))
        await until(pilot, lambda: screen.prompt.text == "see @app/src/main.py ")
        assert screen.prompt.has_focus


async def test_escape_closes_the_suggestions_first(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("/")
        await pilot.pause()
        await pilot.press("escape")
        assert not screen.prompt.suggestions.display
        assert screen.prompt.text == "/"


async def test_older_entries_come_back_and_the_draft_stays(engine: Any) -> None:
    for text in ("first", "second\nline"):
        engine.history.add(text)
    async with running(engine) as (screen, pilot):
        screen.prompt.put("draft")
        await pilot.press("up")
        assert screen.prompt.text == "second\nline"
        screen.prompt.action_older()
        screen.prompt.action_older()
        assert screen.prompt.text == "first"
        for _ in range(3):
            screen.prompt.action_newer()
        assert screen.prompt.text == "draft"


async def test_history_is_searched(engine: Any) -> None:
    for text in ("find the parser", "count lines"):
        engine.history.add(text)
    async with running(engine) as (screen, pilot):
        await pilot.press("ctrl+r")
        pilot.app.screen.query_one(Input).value = "parser"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: screen.prompt.text == "find the parser")


async def test_large_paste_is_a_chip_and_sent_whole(engine: Any) -> None:
    text = "\n".join("line" for _ in range(1234))
    async with running(engine) as (screen, pilot):
        screen.prompt.post_message(Paste(text))
        await until(pilot, lambda: screen.prompt.text == "[pasted 1,234 lines]")
        await pilot.press("ctrl+j")
        screen.prompt.insert("what is it?")
        screen.prompt.action_send()
        await until(pilot, lambda: bool(engine.log))
        assert ("ask", f"{text}\nwhat is it?") in engine.calls


async def test_control_c_empties_then_asks_then_quits(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("something")
        await pilot.press("ctrl+c")
        assert screen.prompt.text == ""
        await pilot.press("ctrl+c")
        assert pilot.app.is_running
        screen.action_interrupt()
        await until(pilot, lambda: pilot.app._exit)
    assert pilot.app.return_code == 0


async def test_control_d_quits_only_where_nothing_is_written(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("x")
        screen.prompt.action_delete_or_leave()
        await pilot.pause()
        assert not pilot.app._exit
        screen.prompt.put("")
        await pilot.press("ctrl+d")
        await until(pilot, lambda: pilot.app._exit)


async def test_editor_is_named_where_there_is_none(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("draft")
        await pilot.press("ctrl+g")
        assert screen.prompt.text == "draft"


async def test_two_that_are_entered_at_once_run_one_after_the_other(scripted: Make) -> None:
    engine = scripted(Delta("yes"))
    async with running(engine) as (screen, pilot):
        for text in ("one", "two"):
            screen.start(partial(screen.commanding.do, text), "")
        await until(pilot, lambda: len(engine.log) == 2)
        await until(pilot, lambda: shown(screen).count("small-model") == 2)
        assert shown(screen).index("one\n\nyes") < shown(screen).index("two\n\nyes")


async def test_first_text_is_entered_at_once(engine: Any) -> None:
    async with running(engine, first="why?") as (screen, pilot):
        await until(pilot, lambda: "yes" in shown(screen))


async def test_what_is_typed_takes_the_place_of_a_refused_text(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("/bogus/export x")
        screen.prompt.action_send()
        await until(pilot, lambda: screen.prompt.selected_text == "/bogus/export x")
        await pilot.press("w")
        assert screen.prompt.text == "w"
        assert engine.calls == []
