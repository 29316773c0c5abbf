"""One session: its conversation, its context and its turns on disk, for a screen to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from copilot.assist.session import record
from copilot.assist.session.history import History
from copilot.assist.session.names import Names
from copilot.assist.session.new_file import write_new
from copilot.assist.session.protocol import (
    ContextView,
    Costs,
    Expected,
    Hear,
    Kind,
    ModelChoice,
    Show,
    Turn,
    Wish,
)
from copilot.cli.prepare import record as record_run
from copilot.cli.session_context import (
    TASK_TOKENS,
    expected_of,
    resolved,
    tokens_of,
    view_of,
    wish_of,
)
from copilot.cli.session_core import with_answer
from copilot.cli.session_land import reverse
from copilot.cli.session_map import map_of
from copilot.cli.session_review import Checking
from copilot.cli.session_store import Kept
from copilot.cli.show import say_usage
from copilot.context.entries import Shape
from copilot.context.model import Detail
from copilot.errors import CopilotError, UsageError
from copilot.runs.sessions import remove_session
from copilot.text import one_line


class Engine(Checking):
    """A session on the roots of a setup; see `SessionEngine`, which this is one of."""

    @property
    def id(self) -> str:
        return self._kept.id

    @property
    def title(self) -> str:
        return record.title_of(self._kept.turns)

    @property
    def log(self) -> tuple[Turn, ...]:
        return self._kept.turns

    @property
    def model(self) -> str:
        return self._model.name

    @property
    def history(self) -> History:
        return self._history

    @property
    def names(self) -> Names:
        return self._names

    def listen(
        self, hear: Hear, answer: Callable[[str], bool], *, own_figures: bool = False
    ) -> None:
        self._hear, self._answer, self._has_figures = hear, answer, own_figures

    def show_again_by(self, show: Show) -> None:
        """Show what the model answers to a review there, where the reviewer shows nothing."""
        self._show_again = show

    # --- blocking

    def context(self) -> ContextView:
        with self._working(None):
            ready = self._connected()
            packed, due = self._shown(ready)
            limit = self._limit(ready)
            self._learn(packed)
            return view_of(
                packed,
                [message.content for message in self._talk.said],
                ready,
                limit=limit,
                budget=self._setup.config.budget,
                due=due,
                wishes=dict(self._kept.wishes),
            )

    def expect(self, kind: Kind, text: str) -> Expected:
        ready = self._model.connected
        packed = self._talk.spoken or self._preview
        if packed is None or ready is None:
            with self._working(None):
                ready = self._model.ready()
                packed, _ = self._shown(ready)
        wanted = self._wanted()
        total = packed.prompt.total_tokens + sum(tokens_of(m.content) for m in self._talk.said)
        names, _ = self._mentioned(text)
        new = sum(self._tokens_in_full(name) for name in {*names, *wanted.full})
        asked = TASK_TOKENS.get(str(kind), 0) + tokens_of(text) + new
        is_anew = bool(self._standing.why_anew)
        same = self._talk.cache == ready.cache and not is_anew
        held = self._talk.spoken.prompt.total_tokens if self._talk.spoken and same else 0
        reusable = held or (0 if self._talk.spoken else self._cached)
        return expected_of(
            total + asked,
            reusable,
            ready.chosen.settings,
            self._model.past,
            limit=self._limit(ready),
            is_anew=is_anew,
        )

    def ask(self, text: str, show: Show) -> Turn:
        with self._working(show) as work:
            turn = self._kept.begin(Kind.ASK, text, self.model)
            try:
                ready, question, answer = self._answered("ask", text, work)
            except (CopilotError, KeyboardInterrupt) as stop:
                return self._stopped(turn, work, stop)
            self._take(question, ready, (), answer.text)
            say_usage(answer)
            record_run(self._setup, "ask", text, question, ready, answer, answer.outcome)
            return self._kept.end(with_answer(turn, answer, ready, work))

    def undo(self) -> Turn:
        return self._noted("/undo", lambda: reverse(self._kept, self._setup, is_undo=True))

    def redo(self) -> Turn:
        return self._noted("/redo", lambda: reverse(self._kept, self._setup, is_undo=False))

    def map(self) -> Turn:
        def draw() -> str:
            packed, _ = self._shown(self._connected())
            return map_of(packed.prompt, self._limit(self._model.connected))

        return self._noted("/map", draw)

    def use_model(self, name: str) -> Turn:
        def change() -> str:
            self._model.use(name)
            self._kept.choose_model(name)
            self._preview = None
            self._cached = 0
            return f"{one_line(name)} is asked from now on; it reads everything anew"

        return self._noted(f"/model {name}", change)

    # --- at once

    def wish(self, names: Sequence[str], wish: Wish | None) -> None:
        meant = [self._meant(name) for name in names]
        if wish is Wish.LOWER:
            meant = [file for name in meant for file in self._below(name)]
        anew = {Wish.LOWER, Wish.LEAVE_OUT}
        before = {wish_of(name, self._kept.wishes) for name in meant}
        for name in meant if wish is Wish.LOWER else ():
            lower = Shape.PATH if self._details.get(name) is Detail.OUTLINE else Shape.OUTLINE
            self._levels[name] = lower
        self._kept.wish(meant, wish)
        if wish in anew or before & anew:
            self._wished += 1
            self._preview = None

    def _meant(self, name: str) -> str:
        """Return what a name means: with alias, a folder with `/`. Raises UsageError."""
        if found := resolved(name, self._files, self._setup.roots, Path.cwd()):
            return found
        is_folder = name.endswith("/") and any(file.startswith(name) for file in self._files)
        if is_folder or name in self._kept.wishes:
            return name
        raise UsageError(
            f"{one_line(name)} is no file or folder of this session",
            "/context lists the files; a path may begin with the repository's name",
        )

    def models(self) -> tuple[ModelChoice, ...]:
        return self._model.choices()

    def cost(self) -> Costs:
        return record.costs_of(self._kept.turns)

    def note(self, asked: str, text: str, hint: str = "") -> Turn:
        turn = self._kept.begin(Kind.NOTE, asked, "")
        return self._kept.end(replace(turn, answer=text, hint=hint))

    def cancel(self) -> None:
        self._is_cancelled.set()
        self._model.stop()

    def resume(self, session: str) -> None:
        if session != self.id:
            self._go_on_with(Kept.opened(self._folder, session, self._roots))

    def fork(self, at: int | None = None) -> None:
        self._go_on_with(self._kept.fork(at))

    def clear(self) -> None:
        self._go_on_with(Kept(self._folder, self._roots, self.model))

    def export(self, path: Path | None = None) -> str:
        text = record.as_markdown(self.title, self._roots, self._kept.turns)
        if path is not None:
            write_new(path, text)
        return text

    def remove(self, session: str) -> None:
        remove_session(self._folder, session)

    def close(self) -> None:
        self._model.close()
        self._kept.close()
