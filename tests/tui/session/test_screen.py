"""The session's screen, driven by keys; a key press is slow, so each test presses few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.content import Content
from textual.geometry import Offset
from textual.selection import Selection

from copilot.assist.session.names import Names
from copilot.assist.session.protocol import (
    ContextFile,
    ContextView,
    Kind,
    Turn,
)
from copilot.backends.protocol import Delta, Reading
from copilot.context.model import Detail
from copilot.errors import UsageError
from copilot.tui.dialogs import Question
from copilot.tui.review_screen import ReviewScreen
from copilot.tui.session.app import SessionApp
from tests.tui.session.driving import CODE, Make, entered, running, shown, until, words


async def test_question_is_answered_and_figures_are_shown(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        await pilot.press(*"why?", "enter")
        await until(pilot, lambda: "42 written" in words(screen, "#figures"))
        assert "yes" in shown(screen)
        assert screen.prompt.text == ""
        assert words(screen, "#title") == "why?"


async def test_what_asking_takes_is_said_before(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("/edit rename it")
        await until(pilot, lambda: "6.1k of them cached" in words(screen, "#expected"))
        assert engine.calls == [("expect", Kind.EDIT, "rename it")]


async def test_reading_is_shown_and_escape_keeps_the_partial_answer(scripted: Make) -> None:
    engine = scripted(Reading(50, 100), Reading(100, 200), Delta("half"), Delta(" whole"))
    engine.gate.clear()
    async with running(engine) as (screen, pilot):
        screen.prompt.put("why?")
        screen.prompt.action_send()
        await until(pilot, lambda: "half" in shown(screen))
        assert "esc stops" in words(screen, "#clock")
        screen.prompt.put("another")
        screen.prompt.action_send()
        await pilot.press("escape")
        await until(pilot, lambda: bool(engine.log))
        assert "the answer is partial" in shown(screen)
        assert "whole" not in shown(screen)
        assert screen.prompt.text == "another"


async def test_edit_is_reviewed_and_applied(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("/edit shout")
        screen.prompt.action_send()
        await until(pilot, lambda: "enter shows them" in words(screen, "#clock"))
        await pilot.press("a", "w")
        assert pilot.app.screen is screen
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
        assert screen.prompt.text == "aw"
        await pilot.press("a", "w", "enter")
        await until(
            pilot, lambda: "» " in [line.lead for line in screen.transcript.said.layout.lines()]
        )
        assert engine.calls[-1] == ("apply", 1)
        assert "applied" in shown(screen)
        assert "/edit shout" in shown(screen)


async def test_review_that_is_left_applies_nothing(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("/edit shout")
        screen.prompt.action_send()
        await until(pilot, lambda: "enter shows them" in words(screen, "#clock"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
        await pilot.press("q")
        await until(pilot, lambda: "not applied" in shown(screen))
        assert engine.calls[-1] == ("apply", 0)


async def test_findings_are_shown_and_what_they_suggest_is_decided(engine: Any) -> None:
    engine.findings = "a.py:1: *odd* (error)\n      1 | x\n    - x\n    + y\n\n1 finding"
    async with running(engine) as (screen, pilot):
        screen.prompt.put("/review --worktree")
        screen.prompt.action_send()
        await until(pilot, lambda: "enter shows them" in words(screen, "#clock"))
        assert engine.calls[-1] == ("review", "--worktree")
        kinds = [line.kind for line in screen.transcript.said.layout.lines()]
        assert kinds[:8] == [
            "user", "text", "outcome", "code", "removed", "added", "text", "outcome",
        ]  # fmt: skip
        assert "a.py:1: *odd* (error)" in shown(screen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
        await pilot.press("a", "w", "enter")
        await until(pilot, lambda: engine.calls[-1] == ("apply", 1))


async def test_error_is_a_turn_with_its_hint(engine: Any) -> None:
    engine.failing = Turn(1, Kind.ERROR, "", "no answer from [host]", hint="start the server")
    async with running(engine) as (screen, pilot):
        await entered(screen, pilot, "why?")
        assert "no answer from [host]\nhint: start the server" in shown(screen)


async def test_engine_s_question_waits_for_the_person(engine: Any) -> None:
    engine.question = "this costs about $3: go on?"
    async with running(engine) as (screen, pilot):
        screen.prompt.put("why?")
        screen.prompt.action_send()
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        await pilot.press("y")
        await until(pilot, lambda: bool(engine.log))
        assert ("answered", True) in engine.calls


async def test_leaving_amid_a_question_says_no(engine: Any) -> None:
    engine.question = "this costs about $3: go on?"
    async with running(engine) as (screen, pilot):
        screen.prompt.put("why?")
        screen.prompt.action_send()
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        pilot.app.exit()
    engine.ended.wait(20)
    assert ("answered", False) in engine.calls


async def test_harmful_names_and_pastes_are_shown_as_escapes(engine: Any) -> None:
    engine.names = Names(("app/a\x1b[2J.py",))
    engine.view = replace(engine.view, files=(ContextFile("a[b]\x1b.py", 1, Detail.FULL, "[b]"),))
    async with running(engine) as (screen, pilot):
        screen.prompt.put("@2J")
        await pilot.pause()
        screen.prompt.action_complete()
        screen.prompt.insert(screen.prompt.pastes.taken("x\x1b[m"))
        assert screen.prompt.text == "@app/a\\x1b[2J.py x\\x1b[m"
        screen.context.focus()
        await pilot.pause()
        assert Content.from_markup(str(screen.context.border_title)).plain == "full: [b]"
        assert "a[b]\\x1b.py" in screen.context.render_line(0).text


async def test_markup_and_controls_of_a_model_are_text(scripted: Make) -> None:
    async with running(scripted(Delta("[bold]a[/bold] \x1b]0;b\x07"))) as (screen, pilot):
        await entered(screen, pilot, "show")
        assert "[bold]a[/bold] \\x1b]0;b\\x07" in shown(screen)
        row = screen.transcript.render_line(2)
        assert "[bold]a[/bold]" in row.text


async def test_narrow_screen_shows_the_context_on_a_key(engine: Any) -> None:
    async with running(engine, (80, 24)) as (screen, pilot):
        assert not screen.query_one("#side").display
        await pilot.press("f2")
        assert screen.query_one("#side").display
        assert not screen.query_one("#talk").display
        screen.action_to_input()
        await pilot.pause()
        assert screen.query_one("#talk").display


async def test_wide_screen_hides_the_context_on_a_key(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        await pilot.press("f2")
        assert not screen.query_one("#side").display


async def test_quitting_stops_what_runs(scripted: Make) -> None:
    engine = scripted(Delta("half"), Delta("whole"))
    engine.gate.clear()
    async with running(engine) as (screen, pilot):
        screen.prompt.put("why?")
        screen.prompt.action_send()
        await until(pilot, lambda: "half" in shown(screen))
        await screen.commanding.do("/quit")
        await until(pilot, lambda: pilot.app._exit)
    assert ("cancel",) in engine.calls


async def test_repository_that_cannot_be_read_is_said(engine: Any) -> None:
    def context() -> ContextView:
        raise UsageError("there is no [such] model", "add one")

    engine.context = context
    app = SessionApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        line = app.session.context.render_line
        await until(pilot, lambda: line(0).text.startswith("there is no [such] model"))


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (8, 3)])
async def test_tiny_terminals_do_no_harm(scripted: Make, size: tuple[int, int]) -> None:
    async with running(scripted(Delta(CODE)), size) as (screen, pilot):
        await entered(screen, pilot, "show")
        screen.action_toggle_context()
        await pilot.pause()
        assert "[red]b[/red]" in shown(screen)


async def test_selection_of_the_mouse_is_the_text_without_its_frame(scripted: Make) -> None:
    text = "one two\n```\na\n  b\n```\n" + "word " * 40
    async with running(scripted(Delta(text))) as (screen, pilot):
        await entered(screen, pilot, "show")
        selected = screen.transcript.get_selection(Selection(Offset(6, 2), None))
        assert selected is not None
        lines = selected[0].split("\n")
        assert lines[:3] == ["two", "a", "  b"]
        assert lines[3] == ("word " * 40).strip()
        await pilot.mouse_down(screen.transcript, offset=(3, 3))
        await pilot.hover(screen.transcript, offset=(10, 3))
        await pilot.mouse_up(screen.transcript, offset=(10, 3))
        assert screen.get_selected_text() == "one two"
        screen.action_interrupt()
        assert pilot.app.clipboard == "one two"


async def test_kept_session_is_shown(engine: Any) -> None:
    engine.log = (Turn(1, Kind.ASK, "before", "an answer"),)
    async with running(engine) as (screen, _):
        assert shown(screen).startswith("before\n\nan answer")


async def test_scrolling_up_stays_while_text_comes(engine: Any) -> None:
    engine.log = tuple(Turn(n, Kind.ASK, f"{n}", "line\n" * 30) for n in range(5))
    async with running(engine) as (screen, pilot):
        transcript = screen.transcript
        assert transcript.scroll_offset.y == transcript.max_scroll_y > 0
        transcript.action_edge(-1)
        await pilot.pause()
        transcript.begin("new")
        transcript.action_edge(-1)
        await pilot.pause()
        transcript.feed("more\n" * 50)
        await pilot.pause()
        assert transcript.scroll_offset.y == 0
        transcript.action_edge(1)
        await pilot.pause()
        transcript.feed("more\n" * 50)
        await pilot.pause()
        assert transcript.scroll_offset.y == transcript.max_scroll_y


async def test_resize_keeps_the_line_at_the_top(engine: Any) -> None:
    engine.log = tuple(Turn(n, Kind.ASK, f"q{n}", "long words " * 40) for n in range(300))
    async with running(engine) as (screen, pilot):
        transcript = screen.transcript
        transcript.scroll_to(y=1000, animate=False)
        await pilot.pause()
        at = transcript.said.layout.at(1000)
        assert at is not None
        await pilot.resize_terminal(70, 30)
        await until(pilot, lambda: transcript.said.layout.is_counted)
        now = transcript.said.layout.at(transcript.scroll_offset.y)
        assert now is not None
        assert now[0] == at[0]


def test_keys_of_the_session_are_remapped_by_name_and_checked(engine: Any) -> None:
    app = SessionApp(engine, keys={"said-copy": "c", "accept": "ctrl+a"})
    assert app.remapped == {"said-copy": "c", "accept": "ctrl+a"}
    with pytest.raises(UsageError, match="said-save"):
        SessionApp(engine, keys={"said-copy": "s"})
