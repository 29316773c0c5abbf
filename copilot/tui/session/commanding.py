"""What happens when something is entered: questions, edits, and every slash command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.assist.session.commands import help_text, parse, paths_in
from copilot.assist.session.protocol import Edit, Kind, ModelChoice, SessionInfo, Turn, Wish
from copilot.errors import CopilotError, UsageError
from copilot.review.state import Decision, Review, decide_all
from copilot.tui.labels import count
from copilot.tui.review_screen import ReviewScreen
from copilot.tui.session.picker import Choice, Figure, LineDialog, Picker, narrowed

if TYPE_CHECKING:
    from copilot.tui.session.screen import SessionScreen

_WISHES = {
    "/add": Wish.RAISE, "/pin": Wish.PIN, "/lower": Wish.LOWER, "/drop": Wish.LEAVE_OUT,
    "/unwish": None,
}  # fmt: skip
# What does not disturb an answer that streams.
_ALWAYS = frozenset({"/context", "/copy", "/quit", *_WISHES})


class Commanding:
    """Does what was entered on a session's screen."""

    def __init__(self, screen: SessionScreen) -> None:
        self._screen = screen
        self._engine = screen.engine
        self._one = asyncio.Lock()
        self._doers: dict[str, Callable[[str], Awaitable[None]]] = {
            "/ask": self._ask, "/edit": self._edit, "/review": self._review,
            "/context": self._context, "/model": self._model, "/undo": self._undo,
            "/redo": self._redo, "/map": self._map, "/cost": self._cost, "/copy": self._copy,
            "/export": self._export, "/fork": self._fork, "/sessions": self._sessions,
            "/resume": self._resume, "/clear": self._clear, "/help": self._help,
            "/quit": self._quit,
        }  # fmt: skip

    def refusal(self, text: str) -> str:
        """Return why a text cannot be entered at present, or nothing."""
        entered = parse(text)
        if entered.command is None:
            return entered.problem
        if self._screen.work.is_busy and entered.command.name not in _ALWAYS:
            return f"{self._screen.work.doing}: wait for the end, or press esc to stop it"
        return ""

    async def do(self, text: str) -> None:
        """Do what was entered; what goes wrong is shown."""
        entered = parse(text)
        if entered.command is None:
            return
        name = entered.command.name
        try:
            if name in _WISHES:
                self._wish(name, entered.rest)
            elif name in _ALWAYS:
                await self._doers[name](entered.rest)
            else:
                async with self._one:
                    await self._doers[name](entered.rest)
        except CopilotError as error:
            self._screen.complain(error)

    async def _ask(self, text: str) -> None:
        engine = self._engine
        await self._screen.answered(Kind.ASK, text, lambda show: engine.ask(text, show), _itself)

    async def _edit(self, text: str) -> None:
        engine = self._engine
        edit = await self._screen.answered(
            Kind.EDIT, text, lambda show: engine.edit(text, show), _turn_of
        )
        await self._decided(edit, text)

    async def _review(self, rest: str) -> None:
        engine, asked = self._engine, f"/review {rest}".strip()
        edit = await self._screen.answered(
            Kind.REVIEW, asked, lambda show: engine.review(rest, show), _turn_of
        )
        await self._decided(edit, asked)

    async def _decided(self, edit: Edit, text: str) -> None:
        """Let the person decide on changes, if there are some, and write what he accepts."""
        if edit.review is None:
            return
        await self._screen.entered("the changes are ready: enter shows them")
        screen = ReviewScreen(edit.review, text, edit.outside)
        decided = await self._screen.app.push_screen_wait(screen)
        review = decided if decided is not None else _all_rejected(screen.review)
        turn = await self._screen.worked("applying", lambda: self._engine.apply(review))
        self._screen.transcript.replace_last(turn)

    async def _context(self, rest: str) -> None:
        self._screen.show_context(" ".join(paths_in(rest)))

    def _wish(self, name: str, rest: str) -> None:
        names, wish = paths_in(rest), _WISHES[name]
        self._engine.wish(names, wish)
        self._screen.wished(f"{wish.word if wish else 'no wish'}: {count(len(names), 'name')}")

    async def _model(self, rest: str) -> None:
        name: str | None = rest
        if not rest:
            choices = [_model_choice(model) for model in self._engine.models()]
            name = await self._screen.app.push_screen_wait(Picker("models", narrowed(choices)))
        if name:
            chosen = name
            await self._noted("changing the model", lambda: self._engine.use_model(chosen))

    async def _undo(self, _: str) -> None:
        await self._noted("taking back", self._engine.undo)

    async def _redo(self, _: str) -> None:
        await self._noted("writing again", self._engine.redo)

    async def _map(self, _: str) -> None:
        turn = await self._screen.worked("mapping", self._engine.map)
        self._add(turn)
        if turn.kind is Kind.NOTE:
            self._screen.app.push_screen(Figure(turn.answer))

    async def _cost(self, _: str) -> None:
        self._add(self._engine.note("/cost", self._engine.cost().line))

    async def _copy(self, rest: str) -> None:
        if not rest:
            answered = [n for n, turn in enumerate(self._engine.log) if _has_answer(turn)]
            if not answered:
                raise UsageError("there is no answer to copy yet", "ask something first")
            self._screen.copy_answer(answered[-1])
            return
        block = self._screen.transcript.said.block(_number(rest, "/copy") or 0)
        if block is None:
            raise UsageError(f"there is no code block {rest}", "their headers show the numbers")
        self._screen.copy(block.text, f"code block {block.number}")

    async def _export(self, rest: str) -> None:
        name: str | None = rest
        if not rest:
            proposed = f"session-{self._engine.id}.md"
            name = await self._screen.app.push_screen_wait(LineDialog("export to", proposed))
        if name:
            path = Path(name).expanduser()
            self._engine.export(path)
            self._screen.tell(f"exported to {path}")

    async def _fork(self, rest: str) -> None:
        number: str | None = rest
        if not rest and self._engine.log:
            choices = [_turn_choice(turn) for turn in reversed(self._engine.log)]
            picker = Picker("fork behind", narrowed(choices))
            number = await self._screen.app.push_screen_wait(picker)
        if number is None:
            return
        self._engine.fork(_number(number, "/fork"))
        self._screen.show_session("a new session, which begins like the other one")

    async def _sessions(self, _: str) -> None:
        choices = [_session_choice(info) for info in self._engine.sessions()]
        chosen = await self._screen.app.push_screen_wait(Picker("sessions", narrowed(choices)))
        if chosen and chosen != self._engine.id:
            await self._resume(chosen)

    async def _resume(self, rest: str) -> None:
        if not rest:
            await self._sessions("")
            return
        self._engine.resume(rest)
        self._screen.show_session("the session goes on")

    async def _clear(self, _: str) -> None:
        self._engine.clear()
        self._screen.show_session("a new session")

    async def _help(self, rest: str) -> None:
        keys = "" if rest else "\n\nF1 shows the keys, ctrl+p all that can be done."
        self._add(self._engine.note(f"/help {rest}".strip(), help_text(rest) + keys))

    async def _quit(self, _: str) -> None:
        self._screen.action_leave()

    async def _noted(self, doing: str, call: Callable[[], Turn]) -> None:
        self._add(await self._screen.worked(doing, call))

    def _add(self, turn: Turn) -> None:
        self._screen.transcript.add(turn)


def _has_answer(turn: Turn) -> bool:
    return turn.kind in {Kind.ASK, Kind.EDIT} and bool(turn.answer)


def _itself(turn: Turn) -> Turn:
    return turn


def _turn_of(edit: Edit) -> Turn:
    return edit.turn


def _all_rejected(review: Review) -> Review:
    return decide_all(review, Decision.REJECTED)


def _number(rest: str, command: str) -> int | None:
    """Read a number. Raises UsageError."""
    if not rest:
        return None
    if not rest.isdecimal():
        raise UsageError(f"{command} takes a number", f"such as {command} 2")
    return int(rest)


def _model_choice(model: ModelChoice) -> Choice:
    return model.name, f"{'*' if model.is_current else ' '} {model.name}  {model.about}"


def _turn_choice(turn: Turn) -> Choice:
    return str(turn.number), f"{turn.number}  {turn.asked}"


def _session_choice(info: SessionInfo) -> Choice:
    when = info.changed[:16].replace("T", " ")
    here = " (open)" if info.is_open else ""
    title = info.title or "nothing asked"
    return info.id, f"{when}  {count(info.turns, 'turn')}{here}  {title}  {info.model}"
