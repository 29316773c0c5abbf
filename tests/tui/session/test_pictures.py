"""Pictures of the session, looked at before they were frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from copilot.assist.session.protocol import Kind, Turn
from copilot.backends.protocol import Usage
from copilot.tui.session.app import SessionApp

Compare = Callable[..., bool]

WIDE, NARROW = (120, 36), (80, 24)

ANSWER = """\
`parse` **drops** the last token, see [the docs](https://docs.example/parse):

1. It reads *up to* the end
2. The end is never [yielded]

```python
def parse(text: str) -> list[str]:
    \"\"\"Split a text.\"\"\"
    return text.split()[:-1]  # here
```

| case | tokens |
|------|-------:|
| `a b` | 1 |
| \u202ereversed\x1b[2J | 0 |

> The last token is the end.
"""
ASKED = Turn(
    1, Kind.ASK, "Why is the last token lost?", ANSWER, model="small-model",
    usage=Usage(6800, 142, 6100), seconds=9.34, cost=0.0123,
)  # fmt: skip
EDITED = Turn(
    2, Kind.EDIT, "keep the last token",
    "app/src/main.py\n<<<<<<< SEARCH\n    return text.split()[:-1]\n=======\n"
    "    return text.split()\n>>>>>>> REPLACE\n",
    model="small-model", outcome="applied", said=("wrote 1 file; /undo takes it back",),
    usage=Usage(7100, 60, 6800), seconds=4.2, cost=0.004,
)  # fmt: skip
FAILED = Turn(
    3, Kind.ERROR, "And now?", "no answer from http://127.0.0.1:8080", hint="start the server"
)


@pytest.fixture
def log() -> tuple[Turn, ...]:
    return ASKED, EDITED, FAILED


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the context is there, and stop what moves by itself."""
    app = pilot.app
    assert isinstance(app, SessionApp)
    while app.session.context.row is None:
        await pilot.pause(0.02)
    app.session.prompt.cursor_blink = False
    await pilot.pause()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_picture_of_a_conversation(
    snap_compare: Compare, engine: Any, log: tuple[Turn, ...], size: tuple[int, int]
) -> None:
    engine.log = log
    assert snap_compare(SessionApp(engine), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("theme", ["light", "high-contrast"])
def test_picture_in_other_themes(
    snap_compare: Compare, engine: Any, log: tuple[Turn, ...], theme: str
) -> None:
    engine.log = log
    app = SessionApp(engine, theme=theme)
    assert snap_compare(app, terminal_size=WIDE, run_before=settled)


def test_picture_without_colours(
    snap_compare: Compare, engine: Any, log: tuple[Turn, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    engine.log = log
    assert snap_compare(SessionApp(engine), terminal_size=WIDE, run_before=settled)


def test_picture_of_an_answer_that_streams(snap_compare: Compare, engine: Any) -> None:
    app = SessionApp(engine)

    async def stream(pilot: Pilot[None]) -> None:
        await settled(pilot)
        session = app.session
        session.transcript.begin("Why is the last token lost?")
        session.transcript.feed(ANSWER[:300])
        session.set_class(True, "-working")
        session.show_clock(
            "0:03 reading the prompt · [##########..........] 50% · 3,400 of 6,800 tokens"
            " · 0:03 left · esc stops"
        )
        await pilot.pause()

    assert snap_compare(app, terminal_size=WIDE, run_before=stream)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_picture_of_the_context(snap_compare: Compare, engine: Any, size: tuple[int, int]) -> None:
    app = SessionApp(engine)

    async def focus(pilot: Pilot[None]) -> None:
        await settled(pilot)
        app.session.show_context("")
        app.session.context.action_row(4)
        app.session.context.action_wish("raise")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=focus)


def test_picture_of_a_budget_that_is_nearly_used_up(snap_compare: Compare, engine: Any) -> None:
    engine.view = replace(engine.view, base=128_000, conversation=65_400, focus=1200, limit=200_000)
    assert snap_compare(SessionApp(engine), terminal_size=(200, 60), run_before=settled)


def test_picture_of_suggestions(snap_compare: Compare, engine: Any) -> None:
    app = SessionApp(engine)

    async def begin(pilot: Pilot[None]) -> None:
        await settled(pilot)
        app.session.prompt.put("/")
        await pilot.pause()

    assert snap_compare(app, terminal_size=NARROW, run_before=begin)


def test_picture_of_the_sessions(snap_compare: Compare, engine: Any) -> None:
    app = SessionApp(engine)

    async def choose(pilot: Pilot[None]) -> None:
        await settled(pilot)
        app.session.action_slash("/sessions")
        while app.screen is app.session:
            await pilot.pause(0.02)
        await pilot.pause()

    assert snap_compare(app, terminal_size=NARROW, run_before=choose)
