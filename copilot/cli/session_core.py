"""What a session does within: connect, read, ask, and keep what comes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from copilot.assist.ask import Answer
from copilot.assist.pack import Packed, limit_of, pack
from copilot.assist.reuse import last_store, reuse_with
from copilot.assist.session import record
from copilot.assist.session.going_on import due_names
from copilot.assist.session.history import History
from copilot.assist.session.names import Names
from copilot.assist.session.opening import FREE_SHARE
from copilot.assist.session.protocol import (
    Hear,
    Kind,
    SessionInfo,
    Show,
    Turn,
    Wish,
)
from copilot.assist.session.spoken import Asked, Spoken, begun, sendable
from copilot.backends import catalogue
from copilot.backends.protocol import Message
from copilot.cli.answer import hear, why_cut
from copilot.cli.fit import narrowed
from copilot.cli.log_run import cost_of_answer
from copilot.cli.options import Whom
from copilot.cli.prepare import Question, recorded_if_broken
from copilot.cli.ready import Ready
from copilot.cli.session_context import (
    named_files,
    wish_of,
)
from copilot.cli.session_hear import Heard
from copilot.cli.session_model import SessionModel
from copilot.cli.session_store import Kept
from copilot.cli.session_talk import (
    IN_FULL,
    Talk,
    Wanted,
    exchanges,
    narrowed_scope,
    next_question,
    scope_of,
    wanted_of,
)
from copilot.cli.setup import Setup
from copilot.cli.talk import heard_by, progress_bar
from copilot.context.entries import Shape
from copilot.context.model import Detail
from copilot.errors import BudgetExceeded, CopilotError
from copilot.runs.sessions import list_sessions
from copilot.settings.modes import Mode
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.settings.windows import keep_window

OTHER_FILES = "you wish to see other files, or less of some"
_MOST_LISTED = 200


@dataclass
class Work:
    """What is under way: the answer that is heard, what was said, and the prompt."""

    heard: Heard
    said: list[str] = field(default_factory=list)
    question: Question | None = None


class Core:
    """The state of a session, and what changes it."""

    def __init__(self, setup: Setup, whom: Whom, resume: str = "") -> None:
        """Begin a session, or go on with a kept one. Raises UsageError if there is none such."""
        self._setup = setup
        self._roots = tuple(f"{root.alias}={root.path}" for root in setup.roots)
        self._folder = setup.paths.sessions
        kept = Kept.opened(self._folder, resume, self._roots) if resume else None
        named = whom.model or whom.base_url
        if kept and kept.model and not named and kept.model in _known(setup):
            whom = Whom(kept.model)
        self._model = SessionModel(setup, whom)
        self._kept = kept or Kept(self._folder, self._roots, self._model.name)
        self._history = History(setup.paths.history_file)
        self._talk = Talk()
        # Counts wishes that need another layout: of all, of those last asked with, and laid out by.
        self._wished = self._asked_with = self._laid_out_by = 0
        self._preview: Packed | None = None
        self._cached = 0
        self._levels: dict[str, Shape] = {}
        self._details: dict[str, Detail] = {}
        self._names = Names()
        self._busy = threading.Lock()
        self._is_cancelled = threading.Event()
        self._hear: Hear = ignore
        self._answer: Callable[[str], bool] | None = None
        self._has_figures = False

    @contextmanager
    def _working(self, show: Show | None, *, is_note: bool = False) -> Iterator[Work]:
        """Do one thing at a time; what is said meanwhile is heard, and kept with its turn.

        What is said of a note is its text.
        """
        with self._busy:
            self._is_cancelled.clear()
            if ready := self._model.connected:
                ready.backend.begin()
            work = Work(Heard(self._kept, show or ignore))

            def take(line: str) -> None:
                work.said.append(line)
                if show is not None:
                    self._kept.store(record.said(line))
                if not is_note:
                    self._hear(line)

            with heard_by(take, self._answer, own_figures=self._has_figures):
                yield work

    def _connected(self) -> Ready | None:
        """Return the model, or None with a word about why it cannot be had."""
        try:
            return self._model.ready()
        except CopilotError as error:
            self._hear(f"{error.message}{f' ({error.hint})' if error.hint else ''}")
            return None

    def _answered(self, kind: str, text: str, work: Work) -> tuple[Ready, Question, Answer]:
        """Ask, and once more where the model's window proves to be smaller."""
        ready, question = self._question(kind, text, work)
        try:
            answer = self._heard(kind, text, question, ready, work)
        except BudgetExceeded as refusal:
            ready = narrowed(ready, question, refusal)
            self._model.narrow(ready)
            keep_window(self._setup.paths.windows_file, ready.endpoint, ready.found_window or 0)
            self._talk = replace(self._talk, why_anew="the model's window is smaller")
            ready, question = self._question(kind, text, work)
            answer = self._heard(kind, text, question, ready, work)
        return ready, question, answer

    def _heard(self, kind: str, text: str, question: Question, ready: Ready, work: Work) -> Answer:
        with recorded_if_broken(self._setup, kind, text, question, ready):
            return hear(question, ready, listener=work.heard.listen)

    def _question(self, kind: str, text: str, work: Work) -> tuple[Ready, Question]:
        ready = self._model.ready()
        if not self._details and any(name.endswith("/") for name in self._kept.wishes):
            self._learn(self._shown(ready)[0])
        files, folders = self._mentioned(text)
        wanted = self._wanted()
        wanted = replace(wanted, full=tuple(dict.fromkeys((*wanted.full, *files))))
        setup = replace(self._setup, focus=(*self._setup.focus, *folders))
        note = self._note()
        self._asked_with = self._wished
        asked = Asked(kind, text, note, wanted.full, wanted.lowered, wanted.left_out)
        past = exchanges(self._kept.turns)
        work.question = next_question(setup, ready, self._standing, asked, past, wanted)
        if self._is_cancelled.is_set():
            raise KeyboardInterrupt
        return ready, work.question

    def _note(self) -> str:
        """Return what the model is to know of its last edits, if they are the last it said."""
        unsaid = {Kind.NOTE, Kind.REVIEW}
        last = next((t for t in reversed(self._kept.turns) if t.kind not in unsaid), None)
        if last is None or last.kind is not Kind.EDIT or not last.outcome or not self._talk.spoken:
            return ""
        template = load_prompt("session-outcome", self._setup.paths.prompts)
        return fill_prompt(template, outcome=last.outcome).strip()

    def _take(
        self, question: Question, ready: Ready, replies: Sequence[Message], answer: str
    ) -> None:
        """Let the conversation stand where this answer leaves it."""
        spoken = question.packed
        if not isinstance(spoken, Spoken):
            spoken = begun(spoken, spoken.messages)
        said = (*replies, *((Message("assistant", sendable(answer)),) if answer.strip() else ()))
        if not said or said[-1].role != "assistant":
            return
        self._talk = Talk(spoken, said, ready.cache, time.time())
        self._laid_out_by = self._asked_with
        self._preview = None
        self._learn(spoken)
        self._model.forget_past()
        for name in [n for n, w in self._kept.wishes.items() if w is Wish.RAISE]:
            self._kept.wish([name], None)

    def _stopped(self, turn: Turn, work: Work, stop: BaseException) -> Turn:
        """End a turn that was cancelled, broke off, or failed; what arrived is kept."""
        text = work.heard.text
        turn = replace(turn, answer=text, earlier=work.heard.earlier, is_partial=True)
        if isinstance(stop, CopilotError) and text:
            turn = replace(turn, hint="; ".join(one for one in (stop.message, stop.hint) if one))
        elif isinstance(stop, CopilotError):
            failed = replace(turn, kind=Kind.ERROR, answer=stop.message, hint=stop.hint)
            turn = replace(failed, is_partial=False)
        if work.question is not None and text and turn.kind is Kind.ASK:
            self._take(work.question, self._model.ready(), (), text)
        return self._kept.end(replace(turn, said=tuple(work.said)))

    def _shown(self, ready: Ready | None) -> tuple[Packed, Collection[str]]:
        """Return the prompt as it stands, or as it would begin, and what changed in it."""
        limit = self._limit(ready)
        spoken = self._talk.spoken
        if spoken is not None and not self._standing.why_anew:
            return spoken, due_names(spoken, scope_of(self._setup, ready, limit))
        if self._preview is not None:
            return self._preview, ()
        scope = narrowed_scope(self._setup, ready, limit, self._wanted())
        mode = Mode.RANK if scope.mode is Mode.SELECT else scope.mode
        budget = None if limit is None else round(limit * (1 - FREE_SHARE))
        with progress_bar("reading files") as bar:
            packed = pack(replace(scope, mode=mode, budget=budget), None, "", bar)
        reuse = None
        if ready is not None:
            store = last_store(self._setup.paths.frozen, scope)
            reuse = reuse_with(scope, packed, store, ready.cache)
        self._preview, self._cached = packed, reuse.tokens if reuse else 0
        return packed, ()

    @property
    def _standing(self) -> Talk:
        """Where the conversation stands, with what was wished since."""
        if self._talk.spoken is None or self._wished == self._laid_out_by:
            return self._talk
        return replace(self._talk, why_anew=self._talk.why_anew or OTHER_FILES)

    def _limit(self, ready: Ready | None) -> int | None:
        config = self._setup.config
        if ready is None:
            return config.budget
        return limit_of(ready.budget(config), ready.window, ready.limits.max_reply_tokens)

    def _learn(self, packed: Packed) -> None:
        """Learn the names and levels of files."""
        files = packed.prompt.files
        self._details = {f"{file.repository}/{file.path}": file.detail for file in files}
        texts = tuple(f.name for f in packed.snapshot.files if f.is_text)
        if texts != self._names.files or not self._names.models:
            models = tuple(choice.name for choice in self._model.choices())
            self._names = Names(texts, models, tuple(one.id for one in self.sessions()))

    def sessions(self) -> tuple[SessionInfo, ...]:
        found = (
            record.info_of(stored)
            for stored in list_sessions(self._folder, without=record.PIECE_BEGINS)
        )
        own = (info for info in found if info.roots == self._roots and info.turns)
        return tuple(info for info, _ in zip(own, range(_MOST_LISTED), strict=False))

    @property
    def _files(self) -> Collection[str]:
        return self._details.keys()

    def _below(self, name: str) -> list[str]:
        """Return the files below a folder, or the file itself."""
        if not name.endswith("/"):
            return [name]
        return [file for file in self._files if file.startswith(name)]

    def _wanted(self) -> Wanted:
        wishes = dict(self._kept.wishes)
        wanted = wanted_of(wishes, self._levels)
        full = tuple(file for name in wanted.full for file in self._below(name))
        return replace(wanted, full=tuple(f for f in full if wish_of(f, wishes) in IN_FULL))

    def _mentioned(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return named_files(text, self._files, self._setup.roots, Path.cwd())

    def _tokens_in_full(self, name: str) -> int:
        """Return about how many tokens a file takes that the prompt does not hold in full."""
        if self._details.get(name) is Detail.FULL:
            return 0
        alias, _, path = name.partition("/")
        root = next((root for root in self._setup.roots if root.alias == alias), None)
        try:
            return (root.path / path).stat().st_size // 4 if root else 0
        except OSError:
            return 0

    def _noted(self, asked: str, do: Callable[[], str | None]) -> Turn:
        """Do what a command asks for; what it says, or its error, is a turn."""
        with self._working(None, is_note=True) as work:
            turn = self._kept.begin(Kind.NOTE, asked, "")
            try:
                told = do()
            except CopilotError as error:
                turn = replace(turn, kind=Kind.ERROR, answer=error.message, hint=error.hint)
            else:
                turn = replace(turn, answer=told if told is not None else "\n".join(work.said))
            return self._kept.end(turn)

    def _go_on_with(self, kept: Kept) -> None:
        """Take another session in the place of this one."""
        with self._busy:
            self._kept.close()
            self._kept = kept
            self._talk, self._preview, self._levels = Talk(), None, {}
            self._wished = self._laid_out_by = 0


def _known(setup: Setup) -> set[str]:
    return {*setup.config.models, *(model.name for model in catalogue.models())}


def with_answer(turn: Turn, answer: Answer, ready: Ready, work: Work) -> Turn:
    """Return the turn with what the answer took."""
    usage = answer.usage
    payer = (ready.chosen.members or (ready.chosen,))[0]
    cut = why_cut(answer, ready) if answer.cut_off else None
    return replace(
        turn,
        answer=work.heard.text,
        earlier=work.heard.earlier,
        said=tuple(work.said),
        usage=usage,
        seconds=round(answer.seconds, 3),
        first_token_seconds=answer.first_token_seconds,
        cost=cost_of_answer(ready.chosen, usage) if usage else None,
        currency=payer.settings.currency,
        is_partial=answer.cut_off,
        hint=f"{cut.message} ({cut.hint})" if cut else "",
    )


def ignore(_what: object) -> None:
    """Show nothing."""
