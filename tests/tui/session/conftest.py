"""A session engine that answers from a script, without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest

from copilot.assist.session.history import History
from copilot.assist.session.names import Names
from copilot.assist.session.protocol import (
    ContextFile,
    ContextView,
    Costs,
    Edit,
    Expected,
    Hear,
    Kind,
    ModelChoice,
    SessionInfo,
    Show,
    Turn,
    Wish,
)
from copilot.backends.protocol import Delta, Event, Usage
from copilot.context.model import Detail
from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import UsageError
from copilot.review.state import Review, accepted, start

FILES = (
    ContextFile("app/src/main.py", 1200, Detail.FULL, "named"),
    ContextFile("app/src/parser/tokens.py", 3400, Detail.FULL, "changes rarely"),
    ContextFile("app/src/parser/tree.py", 640, Detail.OUTLINE, "over budget", Wish.PIN, True),
    ContextFile("app/docs/[draft].md", 8, Detail.PATH, "over budget"),
    ContextFile("app/poetry.lock", 0, Detail.OMITTED, "lock file"),
)


class ScriptedEngine:
    """Answers with its `script`, and writes down what it was asked to do.

    While `gate` is clear, a request waits amid its script; `cancel` opens it.
    """

    def __init__(self, script: Sequence[Event] = (Delta("yes"),)) -> None:
        self.script = script
        self.log: tuple[Turn, ...] = ()
        self.model = "small-model"
        self.id = "20300102-abcd"
        self.history = History()
        self.names = Names(tuple(file.name for file in FILES), ("small-model", "large-model"))
        self.view = ContextView(FILES, 5200, 900, 640, limit=16_000, budget=16_000)
        self.calls: list[tuple[Any, ...]] = []
        self.gate = Flag()
        self.gate.set()
        self.ended = Flag()
        self.question = ""
        self.findings = ""
        self.failing: Turn | None = None
        self._stopped = False
        self._answer: Callable[[str], bool] = lambda _: False

    @property
    def title(self) -> str:
        return self.log[0].asked if self.log else ""

    def listen(
        self, hear: Hear, answer: Callable[[str], bool], *, own_figures: bool = False
    ) -> None:
        assert own_figures
        self._hear, self._answer = hear, answer

    def context(self) -> ContextView:
        return self.view

    def expect(self, kind: Kind, text: str) -> Expected:
        self.calls.append(("expect", kind, text))
        line = "about 6.8k tokens, 6.1k of them cached; about $0.01; first token in about 2 s"
        return Expected(6800, 6100, 2.0, 0.01, line=line)

    def ask(self, text: str, show: Show) -> Turn:
        self.calls.append(("ask", text))
        if self.question:
            self.calls.append(("answered", self._answer(self.question)))
        turn = self.failing or self._turn(Kind.ASK, text, self._streamed(show))
        self.ended.set()
        return self._kept(replace(turn, number=len(self.log) + 1, asked=text))

    def edit(self, text: str, show: Show) -> Edit:
        self.calls.append(("edit", text))
        answer = self._streamed(show)
        turn = self._kept(self._turn(Kind.EDIT, text, answer))
        change = FileChange("app", "src/main.py", b"one\ntwo\n", b"one\nTWO\n")
        return Edit(turn, start(ChangeSet((change,))))

    def review(self, text: str, show: Show) -> Edit:
        self.calls.append(("review", text))
        self._streamed(show)
        turn = self._kept(self._turn(Kind.REVIEW, f"/review {text}".strip(), self.findings))
        change = FileChange("app", "src/main.py", b"one\ntwo\n", b"one\nTWO\n")
        return Edit(turn, start(ChangeSet((change,))) if self.findings else None)

    def apply(self, review: Review) -> Turn:
        changes = accepted(review).changes
        self.calls.append(("apply", len(changes)))
        outcome = "applied" if changes else "not applied"
        said = ("1 file written; /undo takes it back",) if changes else ()
        turn = replace(self.log[-1], outcome=outcome, said=said)
        self.log = (*self.log[:-1], turn)
        return turn

    def undo(self) -> Turn:
        return self.note("/undo", "took back 1 file")

    def redo(self) -> Turn:
        return self.note("/redo", "wrote 1 file again")

    def map(self) -> Turn:
        return self.note("/map", "src  ████████ 5.2k")

    def use_model(self, name: str) -> Turn:
        self.model = name
        return self.note("/model", f"from now on {name} is asked")

    def wish(self, names: Sequence[str], wish: Wish | None) -> None:
        self.calls.append(("wish", tuple(names), wish))
        files = (replace(f, wish=wish) if f.name in names else f for f in self.view.files)
        self.view = replace(self.view, files=tuple(files))

    def models(self) -> tuple[ModelChoice, ...]:
        return tuple(ModelChoice(name, "", name == self.model) for name in self.names.models)

    def cost(self) -> Costs:
        asked = [turn for turn in self.log if turn.kind in (Kind.ASK, Kind.EDIT)]
        line = f"{len(asked)} requests"
        return Costs(
            len(asked), 6800 * len(asked), 0, 42 * len(asked), 0.01 * len(asked), "USD", line
        )

    def note(self, asked: str, text: str, hint: str = "") -> Turn:
        return self._kept(Turn(len(self.log) + 1, Kind.NOTE, asked, text, hint=hint))

    def cancel(self) -> None:
        self.calls.append(("cancel",))
        self._stopped = True
        self.gate.set()

    def sessions(self) -> tuple[SessionInfo, ...]:
        return (
            SessionInfo(self.id, self.title, ("app=/app",), "2030-01-02T03:04:05Z", len(self.log)),
            SessionInfo("20291231-beef", "the other one", ("app=/app",), "2029-12-31T09:00:00Z", 3),
        )

    def resume(self, session: str) -> None:
        if session not in {"last", "20291231-beef"}:
            raise UsageError(f"there is no session {session}", "/sessions lists them")
        self.calls.append(("resume", session))
        self.log = (Turn(1, Kind.ASK, "what was said", "this was said"),)

    def fork(self, at: int | None = None) -> None:
        self.calls.append(("fork", at))
        self.log = self.log[:at]

    def clear(self) -> None:
        self.log = ()

    def export(self, path: Path | None = None) -> str:
        if path is not None:
            path.write_text("# session\n")
        return "# session\n"

    def remove(self, session: str) -> None:
        self.calls.append(("remove", session))

    def close(self) -> None:
        self.calls.append(("close",))

    def _streamed(self, show: Show) -> str:
        self._stopped = False
        text = ""
        for number, event in enumerate(self.script):
            if number == len(self.script) - 1:
                self.gate.wait(20)
            if self._stopped:
                break
            show(event)
            text += event.text if isinstance(event, Delta) else ""
        return text

    def _turn(self, kind: Kind, asked: str, answer: str) -> Turn:
        usage = Usage(6800, 42, 6100)
        return Turn(
            len(self.log) + 1, kind, asked, answer, "2030-01-02T03:04:05Z", self.model,
            is_partial=self._stopped, usage=usage, seconds=3.2, cost=0.01,
        )  # fmt: skip

    def _kept(self, turn: Turn) -> Turn:
        self.log = (*self.log, turn)
        return turn


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedEngine]]:
    """Return a function that makes an engine; its requests are let go at the end."""
    made: list[ScriptedEngine] = []

    def make(*script: Event) -> ScriptedEngine:
        made.append(ScriptedEngine(script or (Delta("yes"),)))
        return made[-1]

    yield make
    for engine in made:
        engine.gate.set()


@pytest.fixture
def engine(scripted: Callable[..., ScriptedEngine]) -> ScriptedEngine:
    return scripted()
