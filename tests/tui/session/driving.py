"""A session on a screen that is not there, driven by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from copilot.assist.session.protocol import (
    SessionEngine,
)
from copilot.tui.session.app import SessionApp
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
