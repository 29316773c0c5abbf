"""The session's screen, driven by keys; a key press is slow, so each test presses few."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.events import Paste
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection
from textual.widgets import Input, OptionList, Static

from copilot.assist.session.commands import COMMANDS
from copilot.assist.session.names import Names
from copilot.assist.session.protocol import (
    ContextFile,
    ContextView,
    Kind,
    SessionEngine,
    Turn,
    Wish,
)
from copilot.backends.protocol import Delta, Reading
from copilot.context.model import Detail
from copilot.errors import UsageError
from copilot.tui.dialogs import Help, Question
from copilot.tui.review_screen import ReviewScreen
from copilot.tui.session.app import SessionApp
from copilot.tui.session.picker import LineDialog, Picker
from copilot.tui.session.screen import SessionScreen

Make = Callable[..., Any]

CODE = "see:\n```python\nx = 1\n```\n[red]b[/red]\n"


@asynccontextmanager
async def running(
    engine: SessionEngine, size: tuple[int, int] = (120, 40), first: str = ""
) -> AsyncIterator[tuple[SessionScreen, Pilot[None]]]:
    app = SessionApp(engine, first)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: bool(app.session.prompt.is_mounted and app.session.context.row))
        yield app.session, pilot


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    for _ in range(500):
        if holds():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    raise AssertionError("it did not come")


async def entered(screen: SessionScreen, pilot: Pilot[None], text: str) -> None:
    """Enter a text and wait for its turn."""
    known = len(screen.engine.log)
    screen.prompt.put(text)
    screen.prompt.action_send()
    await until(pilot, lambda: len(screen.engine.log) > known and not screen.work.is_busy)


def shown(screen: SessionScreen) -> str:
    return "\n".join(line.text for line in screen.transcript.said.layout.lines())


def words(screen: SessionScreen, selector: str) -> str:
    return str(screen.query_one(selector, Static).content)


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


async def test_code_block_is_copied_by_number_and_saved(
    scripted: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(scripted(Delta(CODE))) as (screen, pilot):
        await entered(screen, pilot, "show")
        await pilot.press("tab", "1", "y")
        assert screen.transcript.has_focus
        await until(pilot, lambda: pilot.app.clipboard == "x = 1\n")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, LineDialog))
        assert pilot.app.screen.query_one(Input).value == "block-1.py"
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "block-1.py").exists())
        assert (tmp_path / "block-1.py").read_text() == "x = 1\n"


async def test_answers_and_blocks_are_copied_by_command(scripted: Make) -> None:
    async with running(scripted(Delta(CODE))) as (screen, pilot):
        await entered(screen, pilot, "show")
        await screen.commanding.do("/copy")
        assert pilot.app.clipboard == CODE
        await screen.commanding.do("/copy 1")
        assert pilot.app.clipboard == "x = 1\n"
        await screen.commanding.do("/copy 9")
        assert pilot.app.clipboard == "x = 1\n"


async def test_markup_and_controls_of_a_model_are_text(scripted: Make) -> None:
    async with running(scripted(Delta("[bold]a[/bold] \x1b]0;b\x07"))) as (screen, pilot):
        await entered(screen, pilot, "show")
        assert "[bold]a[/bold] \\x1b]0;b\\x07" in shown(screen)
        row = screen.transcript.render_line(2)
        assert "[bold]a[/bold]" in row.text


async def test_context_takes_wishes_by_key(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.context.focus()
        screen.context.filter("main")
        screen.context.action_edge(1)
        await pilot.press("p", "p", "x")
        names = ("app/src/main.py",)
        wishes = [call for call in engine.calls if call[0] == "wish"]
        assert wishes == [
            ("wish", names, Wish.PIN),
            ("wish", names, None),
            ("wish", names, Wish.LEAVE_OUT),
        ]
        await pilot.press("enter")
        assert screen.prompt.text == "@app/src/main.py "
        assert screen.prompt.has_focus


async def test_wishes_by_command(engine: Any) -> None:
    async with running(engine) as (screen, _):
        await screen.commanding.do("/pin src/main.py 'a b.py'")
        await screen.commanding.do("/unwish src/")
        assert engine.calls == [
            ("wish", ("src/main.py", "a b.py"), Wish.PIN), ("wish", ("src/",), None),
        ]  # fmt: skip


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


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/undo", "took back 1 file"),
        ("/redo", "wrote 1 file again"),
        ("/map", "src  ████████ 5.2k"),
        ("/cost", "0 requests"),
        ("/help undo", "/undo  Take back the last change that was written."),
        ("/model large-model", "from now on large-model is asked"),
    ],
)
async def test_command_says_what_it_did(engine: Any, command: str, answer: str) -> None:
    async with running(engine) as (screen, pilot):
        await screen.commanding.do(command)
        await pilot.pause()
        assert answer in shown(screen)


async def test_session_and_model_are_chosen_from_lists(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        await choose(screen, pilot, "/model", "large")
        assert engine.model == "large-model"
        await choose(screen, pilot, "/sessions", "other one")
        assert engine.calls == [("resume", "20291231-beef")]
        assert "this was said" in shown(screen)


async def choose(screen: SessionScreen, pilot: Pilot[None], command: str, typed: str) -> None:
    screen.prompt.put(command)
    screen.prompt.action_send()
    await until(pilot, lambda: isinstance(pilot.app.screen, Picker))
    pilot.app.screen.query_one(Input).value = typed
    await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 1)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen is screen)


async def test_fork_clear_and_export(scripted: Make, tmp_path: Path) -> None:
    engine = scripted(Delta("yes"))
    async with running(engine) as (screen, pilot):
        await entered(screen, pilot, "one")
        await entered(screen, pilot, "two")
        await choose(screen, pilot, "/fork", "one")
        assert "one" in shown(screen)
        assert "two" not in shown(screen)
        await screen.commanding.do(f"/export {tmp_path}/out.md")
        assert (tmp_path / "out.md").read_text() == "# session\n"
        await screen.commanding.do("/clear")
        assert shown(screen) == ""


async def test_unknown_commands_and_wrong_words_are_said_and_nothing_else(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("/undoo")
        screen.prompt.action_send()
        await screen.commanding.do("/resume nowhere")
        await screen.commanding.do("/fork two")
        await pilot.pause()
        assert screen.prompt.text == "/undoo"
        assert engine.calls == []
        assert engine.log == ()


async def test_every_action_is_in_the_palette_and_in_the_help(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        names = [key.name for key, _ in screen.commands()]
        assert len(names) == len(set(names))
        assert {command.name for command in COMMANDS} < set(names)
        for key, node in screen.commands():
            action = key.action.partition("(")[0].rpartition(".")
            target: Any = {"app": pilot.app, "screen": screen}.get(action[0], node)
            assert hasattr(target, f"action_{action[2]}")
        await pilot.press("f1")
        assert isinstance(pilot.app.screen, Help)


async def test_palette_runs_a_command(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.action_slash("/undo")
        await until(pilot, lambda: "took back 1 file" in shown(screen))
        screen.action_slash("/edit")
        assert screen.prompt.text == "/edit "


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


async def test_editor_is_named_where_there_is_none(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("draft")
        await pilot.press("ctrl+g")
        assert screen.prompt.text == "draft"


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


async def test_what_is_typed_takes_the_place_of_a_refused_text(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        screen.prompt.put("/bogus/export x")
        screen.prompt.action_send()
        await until(pilot, lambda: screen.prompt.selected_text == "/bogus/export x")
        await pilot.press("w")
        assert screen.prompt.text == "w"
        assert engine.calls == []


async def test_without_an_answer_nothing_is_copied(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        await screen.commanding.do("/help")
        await screen.commanding.do("/copy")
        assert pilot.app.clipboard == ""
        await entered(screen, pilot, "why?")
        await screen.commanding.do("/help")
        await screen.commanding.do("/copy")
        assert pilot.app.clipboard == "yes"
