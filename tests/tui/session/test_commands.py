"""The commands of a session, by word, key, list and palette."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from copilot.assist.session.commands import COMMANDS
from copilot.assist.session.protocol import (
    Wish,
)
from copilot.backends.protocol import Delta
from copilot.tui.dialogs import Help
from copilot.tui.session.picker import LineDialog, Picker
from copilot.tui.session.screen import SessionScreen
from tests.tui.session.driving import CODE, Make, entered, running, shown, until


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


async def test_without_an_answer_nothing_is_copied(engine: Any) -> None:
    async with running(engine) as (screen, pilot):
        await screen.commanding.do("/help")
        await screen.commanding.do("/copy")
        assert pilot.app.clipboard == ""
        await entered(screen, pilot, "why?")
        await screen.commanding.do("/help")
        await screen.commanding.do("/copy")
        assert pilot.app.clipboard == "yes"
