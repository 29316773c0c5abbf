"""`copilot --plain`: a session line by line, for screen readers and for any terminal."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from copilot.assist.session.blocks import code_blocks
from copilot.assist.session.commands import help_text, parse, paths_in
from copilot.assist.session.protocol import Edit, Kind, SessionInfo, Turn, Wish
from copilot.backends.protocol import Delta, Event, Reading, Thinking
from copilot.cli.lines import ASKS, Lines
from copilot.cli.pack_out import copy
from copilot.cli.reviewers import review
from copilot.cli.reviewing import Reviewing
from copilot.cli.session_engine import Engine
from copilot.cli.show import put
from copilot.cli.talk import voice
from copilot.errors import CopilotError, ExitCode, UsageError
from copilot.review.state import Decision, Review, decide_files
from copilot.settings.config import Config
from copilot.text import one_line, visible

_MOST_LISTED = 40
_QUARTERS = 4
_DEPTH = 3


class PlainSession:
    """Reads a line, does what it says, and tells what came of it, until there are no more."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self._engine = engine
        self._config = config
        self._is_leaving = False
        self._speaker = _Speaker()
        self._lines = Lines(engine.history.entries, lambda: engine.names)
        self._commands: dict[str, Callable[[str], None]] = {
            "/ask": self._ask,
            "/edit": self._edit,
            "/review": self._review,
            "/context": self._context,
            "/add": lambda rest: self._wish(rest, Wish.RAISE),
            "/pin": lambda rest: self._wish(rest, Wish.PIN),
            "/lower": lambda rest: self._wish(rest, Wish.LOWER),
            "/drop": lambda rest: self._wish(rest, Wish.LEAVE_OUT),
            "/unwish": lambda rest: self._wish(rest, None),
            "/model": self._model,
            "/undo": lambda _rest: _tell_turn(engine.undo()),
            "/redo": lambda _rest: _tell_turn(engine.redo()),
            "/map": lambda _rest: self._map(),
            "/cost": lambda _rest: _tell(engine.cost().line),
            "/copy": self._copy,
            "/export": self._export,
            "/fork": self._fork,
            "/sessions": lambda _rest: self._sessions(),
            "/resume": self._resume,
            "/clear": lambda _rest: self._clear(),
            "/help": lambda rest: put(f"{help_text(rest)}\n"),
            "/quit": lambda _rest: self._leave(),
        }

    def run(self) -> ExitCode:
        """Go on until the person leaves; with Ctrl-C twice, the code says so."""
        engine = self._engine
        engine.listen(self._hear, _agrees)
        engine.show_again_by(self._speaker.show)
        self._retell()
        _tell("a session begins; /help lists the commands, /quit leaves")
        was_interrupted = False
        while not self._is_leaving:
            try:
                text = self._lines.read()
                was_interrupted = False
                if text is None:
                    break
                self._do(text)
            except KeyboardInterrupt:
                if was_interrupted:
                    return ExitCode.INTERRUPTED
                was_interrupted = True
                _tell("\nctrl-c once more leaves, and so does ctrl-d")
        if engine.id:
            _tell(f"the session is kept: copilot --resume {engine.id}")
        return ExitCode.OK

    def _do(self, text: str) -> None:
        if not text.strip():
            return
        self._engine.history.add(text)
        entered = parse(text)
        if entered.command is None:
            _tell(entered.problem)
            return
        try:
            self._commands[entered.command.name](entered.rest)
        except CopilotError as error:
            _tell(error.message)
            if error.hint:
                _tell(f"hint: {error.hint}")

    def _hear(self, line: str) -> None:
        self._speaker.end()
        _tell(line)

    def _ask(self, text: str) -> None:
        turn = self._engine.ask(text, self._speaker.show)
        self._speaker.end()
        _tell_end(turn)

    def _edit(self, text: str) -> None:
        edit = self._engine.edit(text, self._speaker.show)
        self._speaker.end()
        self._decide(edit, text)

    def _review(self, rest: str) -> None:
        edit = self._engine.review(rest, self._speaker.show)
        self._speaker.end()
        if edit.turn.kind is Kind.REVIEW and edit.turn.answer:
            put(f"{edit.turn.answer.rstrip()}\n")
        self._decide(edit, f"/review {rest}".strip())

    def _decide(self, edit: Edit, text: str) -> None:
        """Let the person decide on changes, if there are some, and write what he accepts."""
        under, outside = edit.review, edit.outside
        if not isinstance(outside, Reviewing):
            _tell_end(edit.turn)
            return
        while under is not None:
            decided = review(under, text, self._config, outside, plain=True)
            turn = self._engine.apply(decided)
            under = _to_be_seen(decided, outside) if turn.outcome == "not applied" else None

    def _context(self, rest: str) -> None:
        view = self._engine.context()
        limit = f" of {view.limit:,}" if view.limit else ""
        _tell(
            f"{view.used:,} tokens{limit}: base {view.base:,}, conversation "
            f"{view.conversation:,}, focus {view.focus:,}"
        )
        wanted = paths_in(rest)
        shown = [f for f in view.files if not wanted or any(path in f.name for path in wanted)]
        for file in shown[:_MOST_LISTED]:
            notes = [str(file.detail), f"{file.tokens:,} tokens"]
            notes += [f"wish: {file.wish.word}"] if file.wish else []
            notes += ["told anew with the next question"] if file.is_due else []
            put(f"{one_line(file.name)}: {', '.join(notes)}\n")
        if more := len(shown) - _MOST_LISTED:
            _tell(f"and {more} more: /context PATH" if more > 0 else "")

    def _map(self) -> None:
        """Tell what the largest folders take: a picture helps nobody who has lines read out."""
        view = self._engine.context()
        tokens: Counter[str] = Counter()
        for file in view.files:
            tokens["/".join(file.name.split("/")[:-1][:_DEPTH])] += file.tokens
        for folder, size in tokens.most_common(_MOST_LISTED):
            if size:
                put(f"{one_line(folder)}/: {size:,} tokens, {size / max(view.used, 1):.0%}\n")

    def _wish(self, rest: str, wish: Wish | None) -> None:
        names = paths_in(rest)
        self._engine.wish(names, wish)
        _tell(f"{wish.word if wish else 'as planned'}: {', '.join(map(one_line, names))}")

    def _model(self, rest: str) -> None:
        if rest:
            _tell_turn(self._engine.use_model(rest))
            return
        for choice in self._engine.models():
            mark = "*" if choice.is_current else " "
            put(f"{mark} {one_line(choice.name)}: {one_line(choice.about)}\n")

    def _copy(self, rest: str) -> None:
        text = copied_text(self._engine.log, rest)
        try:
            copy(text)
        except UsageError as error:
            error.hint = "install xclip or wl-clipboard, or write the session: /export FILE"
            raise
        _tell("copied")

    def _export(self, rest: str) -> None:
        names = paths_in(rest)
        if names:
            self._engine.export(Path(names[0]).expanduser())
            _tell(f"written: {names[0]}")
        else:
            put(self._engine.export())

    def _fork(self, rest: str) -> None:
        if rest and not rest.isdecimal():
            raise UsageError(f"{rest} is no number of a turn", "say /fork, or /fork 3")
        self._engine.fork(int(rest) if rest else None)
        _tell(f"this is a new session, with {len(self._engine.log)} turns: {self._engine.id}")

    def _sessions(self) -> None:
        for info in self._engine.sessions():
            put(f"{session_line(info)}\n")

    def _resume(self, rest: str) -> None:
        self._engine.resume(rest or "last")
        self._retell()

    def _retell(self) -> None:
        """Show the turns of a session that goes on, and name an edit that was never decided."""
        for turn in self._engine.log:
            _retell(turn)
            if turn.kind is Kind.EDIT and not (turn.outcome or turn.is_partial):
                _tell(
                    "this edit was under review when the session ended; to review it: copilot "
                    f"sessions show {self._engine.id} --turn {turn.number} > reply.txt; "
                    "copilot apply reply.txt"
                )

    def _clear(self) -> None:
        self._engine.clear()
        _tell("a new session begins")

    def _leave(self) -> None:
        self._is_leaving = True


def copied_text(turns: tuple[Turn, ...], number: str) -> str:
    """Return the last answer, or its code block of a number. Raises UsageError."""
    answers = (t.answer for t in reversed(turns) if t.kind in {Kind.ASK, Kind.EDIT})
    answer = next((answer for answer in answers if answer), "")
    if not answer:
        raise UsageError("there is no answer to copy yet", "ask something first")
    if not number:
        return answer
    blocks = code_blocks(answer)
    if not number.isdecimal() or not 0 < int(number) <= len(blocks):
        raise UsageError(
            f"the last answer has {len(blocks)} code blocks, and none is number {number}",
            "say /copy for the whole answer",
        )
    return blocks[int(number) - 1].text


def session_line(info: SessionInfo) -> str:
    """Return what a list shows of a session."""
    turns = f"{info.turns} turn{'' if info.turns == 1 else 's'}"
    state = ", open" if info.is_open else ""
    return one_line(f"{info.id}  {turns}{state}  {info.model}  {info.title}")


class _Speaker:
    """Says an answer as it comes, and by quarters how much of the prompt is read."""

    def __init__(self) -> None:
        self._quarter = 0
        self._is_at_end = True
        self._is_thinking = False

    def show(self, event: Event) -> None:
        if isinstance(event, Delta):
            put(event.text)
            self._is_at_end = event.text.endswith("\n")
        elif isinstance(event, Reading) and event.total:
            quarter = _QUARTERS * event.done // event.total
            if self._quarter < quarter < _QUARTERS:
                _tell(f"reading: {event.done:,} of {event.total:,} tokens")
            self._quarter = quarter
        elif isinstance(event, Thinking) and not self._is_thinking:
            self._is_thinking = True
            _tell("thinking")

    def end(self) -> None:
        """End the line that the answer stopped in."""
        if not self._is_at_end:
            put("\n")
        self._is_at_end, self._is_thinking, self._quarter = True, False, 0


def _tell(text: str) -> None:
    if not voice.quiet:
        print(visible(text), file=sys.stderr, flush=True)


def _tell_turn(turn: Turn) -> None:
    _tell(turn.answer)
    if turn.hint:
        _tell(f"hint: {turn.hint}")


def _tell_end(turn: Turn) -> None:
    """Tell how an answer ended, if not as it should."""
    if turn.kind is Kind.ERROR:
        _tell(turn.answer)
    elif turn.is_partial:
        _tell("this answer is partial")
    if turn.hint:
        _tell(f"hint: {turn.hint}")


def _retell(turn: Turn) -> None:
    """Show a turn of a session that goes on."""
    if turn.asked:
        put(f"{ASKS}{turn.asked}\n")
    if turn.answer:
        put(f"{turn.answer.rstrip()}\n")
    if turn.outcome or turn.is_partial:
        _tell(turn.outcome or "this answer is partial")


def _agrees(question: str) -> bool:
    print(f"{visible(question)} ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    return line.strip().lower() in {"y", "yes"}


def _to_be_seen(decided: Review, outside: Reviewing) -> Review | None:
    """Return the review of what changed on disk meanwhile, placed anew and undecided there.

    None if nothing changed. Raises EditsRefused where it has no place any longer.
    """
    touched = [decided.files[index].change.source for index in outside.changed_on_disk(decided)]
    if not touched:
        return None
    again = outside.placed_again(decided)
    _tell("files changed meanwhile; the changes are placed on them as they are: look once more")
    indices = [n for n, file in enumerate(again.files) if file.change.source in touched]
    return decide_files(again, indices, Decision.UNDECIDED)
