"""The session's panes, and how what the engine does gets onto them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import Worker

from copilot.assist.estimate import money
from copilot.assist.session.commands import parse
from copilot.assist.session.complete import Completer
from copilot.assist.session.names import Names
from copilot.assist.session.protocol import ContextView, Kind, SessionEngine, Show, Turn
from copilot.errors import CopilotError
from copilot.text import one_line, visible
from copilot.tui.labels import count
from copilot.tui.session.amounts import tokens_text
from copilot.tui.session.budget import BudgetBar
from copilot.tui.session.context_view import ContextTree
from copilot.tui.session.prompt import Prompt
from copilot.tui.session.threads import in_thread
from copilot.tui.session.transcript import Transcript
from copilot.tui.session.turns import asked_text
from copilot.tui.session.work import Work

T = TypeVar("T")

_FRAME_SECONDS = 0.05
_ASKING = {"/ask": Kind.ASK, "/edit": Kind.EDIT}
_IDLE = "enter sends · shift+enter or ctrl+j new line · /help commands · F1 keys"


class SessionBase(Screen[None], inherit_bindings=False):
    """Shows a session.

    Whatever reads files or waits for the model runs in a thread; what it tells is drawn once a
    frame.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    DEFAULT_CSS = """
    SessionBase {
        #head { height: 1; background: $panel; padding: 0 1; }
        #title { width: 1fr; height: 1; text-style: bold; }
        #title, #figures, #clock, #expected { text-wrap: nowrap; text-overflow: ellipsis; }
        #figures { width: auto; max-width: 70%; padding-left: 2; height: 1; }
        #body { height: 1fr; }
        #talk { width: 1fr; }
        #transcript, #context {
            height: 1fr;
            border: round $foreground 30%;
            border-title-color: $text-muted;
            border-subtitle-color: $text-muted;
        }
        #transcript:focus, #context:focus { border: round $primary; }
        #transcript:focus:nocolor, #context:focus:nocolor { border: heavy $primary; }
        #side { width: 36%; min-width: 36; max-width: 64; }
        #clock { display: none; height: 1; padding: 0 1; color: $text-accent; }
        #expected { height: 1; padding: 0 1; color: $text-muted; }
    }
    SessionBase.-working #clock { display: block; }
    SessionBase.-wide.-no-context #side { display: none; }
    SessionBase.-narrow #side { display: none; }
    SessionBase.-narrow.-context #side { display: block; width: 100%; max-width: 100%; }
    SessionBase.-narrow.-context #talk { display: none; }
    """

    def __init__(self, engine: SessionEngine) -> None:
        super().__init__()
        self.engine = engine
        self.work = Work()
        self.transcript = Transcript()
        self.prompt = Prompt()
        self.context = ContextTree()
        self._budget = BudgetBar()
        self._names = Names()
        self._expected_seconds: float | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(id="title")
            yield Static(id="figures")
        with Horizontal(id="body"):
            with Vertical(id="talk"):
                yield self.transcript
            with Vertical(id="side"):
                yield self.context
                yield self._budget
        yield Static(id="clock")
        yield self.prompt.suggestions
        yield self.prompt
        yield Static(id="expected")
        yield Footer(compact=True)

    def begin(self) -> None:
        """Listen to the engine and show what it holds; when the screen is mounted."""
        self.work.open(self.app)
        self.engine.listen(self.work.hear, self.work.answer, own_figures=True)
        self.transcript.show(self.engine.log)
        self.set_interval(_FRAME_SECONDS, self._draw)
        self._show_head()
        self._show_expected("")
        self.read_context()

    # --- what the rest asks of the panes

    async def answered(
        self, kind: Kind, text: str, call: Callable[[Show], T], turn_of: Callable[[T], Turn]
    ) -> T:
        """Show a question and its answer as it streams, and return what the call returned."""
        self.transcript.begin(asked_text(kind, text))
        self._show_head(text)
        result = await self._working("asking", call, self._expected_seconds)
        self.transcript.finish(turn_of(result))
        self._changed()
        return result

    async def worked(self, doing: str, call: Callable[[], T]) -> T:
        """Run a blocking call that streams nothing."""
        result = await self._working(doing, lambda _: call(), None)
        self._changed()
        return result

    async def entered(self, line: str) -> None:
        """Say something where the model's progress is shown, and wait for enter."""
        self.set_class(True, "-working")
        self.show_clock(line)
        try:
            await self.prompt.next_enter()
        finally:
            self.set_class(self.work.is_busy, "-working")

    def show_session(self, what: str) -> None:
        """Show the session that the engine holds, which is another one."""
        self.transcript.show(self.engine.log)
        self._changed()
        self.tell(what)

    def show_context(self, wanted: str) -> None:
        """Show the context, and of it what has these letters."""
        self.set_context(shown=True)
        self.context.filter(wanted)
        self.context.focus()

    def wished(self, what: str) -> None:
        """Say what was wished, and show what comes of it."""
        self.tell(what)
        self.read_context()

    def copy(self, text: str, what: str) -> None:
        """Put a text into the clipboard, through the terminal."""
        self.app.copy_to_clipboard(visible(text))
        self.tell(f"copied {what}: {count(text.count(chr(10)) or 1, 'line')}")

    def copy_answer(self, index: int) -> None:
        """Copy the answer of a turn."""
        log = self.engine.log
        if 0 <= index < len(log):
            self.copy(log[index].answer, "the answer")

    def tell(self, text: str) -> None:
        """Say something for a moment."""
        self.notify(one_line(text), markup=False, timeout=4)

    def complain(self, error: CopilotError) -> None:
        """Say what went wrong and what to do next, for a moment."""
        hint = f"\nhint: {one_line(error.hint)}" if error.hint else ""
        text = one_line(error.message) + hint
        self.notify(text, severity="error", markup=False, timeout=10)

    # --- inside

    def start(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Run something beside the screen; in a named group, in the place of what ran there."""
        _: Worker[None] = self.run_worker(work, group=group or "default", exclusive=bool(group))

    async def _working(self, doing: str, call: Callable[[Show], T], expected: float | None) -> T:
        self.set_class(True, "-working")
        try:
            return await self.work.run(doing, call, expected)
        finally:
            self._draw()
            self.set_class(self.work.is_busy, "-working")

    def _draw(self) -> None:
        """Show what came since the last frame."""
        text = self.work.taken()
        if text:
            self.transcript.feed(text)
        said = self.work.said()
        if self.work.is_busy:
            self.show_clock(self.work.line())
        elif said:
            self.tell(said[-1])

    def show_clock(self, line: str) -> None:
        """Show how far a model is."""
        self.query_one("#clock", Static).update(Content(line))

    def _changed(self) -> None:
        """Show what a turn may have changed beside the conversation."""
        self._show_head()
        self.read_context()

    def _show_head(self, first: str = "") -> None:
        title = self.engine.title or first or "a new session"
        self.query_one("#title", Static).update(Content(one_line(title)))
        self.query_one("#figures", Static).update(Content(self._figures()))

    def _figures(self) -> str:
        costs = self.engine.cost()
        parts = [one_line(self.engine.model)]
        if costs.requests:
            read, written = tokens_text(costs.prompt_tokens), tokens_text(costs.reply_tokens)
            parts.append(f"{read} read, {written} written")
        if costs.cost is not None:
            parts.append(money(costs.cost, costs.currency))
        return " · ".join(part for part in parts if part)

    def read_context(self) -> None:
        self.start(self._show_read_context, "context")

    async def _show_read_context(self) -> None:
        try:
            view, completer = await in_thread(self._context_and_names)
        except CopilotError as error:
            self.complain(error)
            self.context.fail(error.message)
            return
        self.context.show(view)
        self._budget.show(view)
        if completer is not None:
            self.prompt.use(completer)

    def _context_and_names(self) -> tuple[ContextView, Completer | None]:
        """Read the context, and what can be completed if that is other than before; blocks."""
        view, names = self.engine.context(), self.engine.names
        if names is self._names:
            return view, None
        self._names = names
        completer = Completer(names)
        completer.prepare()
        return view, completer

    def expect(self) -> None:
        self.start(self._show_read_expected, "expect")

    async def _show_read_expected(self) -> None:
        """Say what asking would take."""
        entered = parse(self.prompt.whole_text)
        name = entered.command.name if entered.command else ""
        if self.work.is_busy or name not in _ASKING or not entered.rest:
            self._show_expected("")
            return
        kind = _ASKING[name]
        try:
            expected = await in_thread(lambda: self.engine.expect(kind, entered.rest))
        except CopilotError as error:
            self._show_expected(error.message)
            return
        self._expected_seconds = expected.seconds
        self._show_expected(expected.line)

    def _show_expected(self, text: str) -> None:
        self.query_one("#expected", Static).update(Content(one_line(text) or _IDLE))

    def set_context(self, *, shown: bool) -> None:
        self.set_class(shown, "-context")
        self.set_class(not shown, "-no-context")
        if not shown and self.context.has_focus:
            self.prompt.focus()
