"""What a session offers to whoever shows it: a full screen, or lines.

Methods marked as blocking read files or wait for a model: a screen calls them from a worker thread,
one at a time. All others return at once. Texts of models and files are as they came: whoever shows
them makes them harmless (`copilot.text.visible`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from copilot.assist.session.history import History
from copilot.assist.session.names import Names
from copilot.backends.protocol import Event, Usage
from copilot.context.model import Detail

if TYPE_CHECKING:
    from copilot.assist.propose import Proposal
    from copilot.review.outside import Outside
    from copilot.review.state import Review


class Kind(StrEnum):
    """What a turn is: a question, a task, a review, what a command said, or an error."""

    ASK = "ask"
    EDIT = "edit"
    REVIEW = "review"
    NOTE = "note"
    ERROR = "error"


class Wish(StrEnum):
    """What a person wants of a file beside what the plan gives it.

    RAISE and PIN put its full text into the focus: once, or anew in each prompt that is made anew.
    LOWER shows an outline, and of an outline the path; LEAVE_OUT nothing. These two cannot be had
    without laying the files out anew, for which the server reads everything again.
    """

    RAISE = "raise"
    LOWER = "lower"
    PIN = "pin"
    LEAVE_OUT = "leave out"

    @property
    def word(self) -> str:
        """The command that wishes it, without its slash."""
        return {"raise": "add", "leave out": "drop"}.get(self.value, self.value)


@dataclass(frozen=True)
class Turn:
    """One thing that was asked and what came of it.

    `asked` is the person's text (of a note its command), `answer` the model's text or what is to be
    told, `said` what was said meanwhile, line by line. `is_partial`: the answer was cancelled or
    broke off. `outcome` of an edit: `applied`, `partly applied`, `not applied` or `` while it is
    under review (of a review: `` where nothing suggested was decided); `earlier` are replies of it
    that went back to the model. `cost` is in `currency`,
    None where it is not known.
    """

    number: int
    kind: Kind
    asked: str
    answer: str = ""
    started: str = ""
    model: str = ""
    is_partial: bool = False
    outcome: str = ""
    said: tuple[str, ...] = ()
    hint: str = ""
    earlier: tuple[str, ...] = ()
    usage: Usage | None = None
    seconds: float = 0.0
    first_token_seconds: float | None = None
    cost: float | None = None
    currency: str = "USD"


@dataclass(frozen=True)
class ContextFile:
    """A file as the next request holds it: its name with alias, and what the person wishes.

    `tokens` are those it takes in the prompt, all its copies together; `detail` is of the last.
    `is_due`: it changed, or a wish concerns it, and the next request will tell it anew.
    """

    name: str
    tokens: int
    detail: Detail
    reason: str = ""
    wish: Wish | None = None
    is_due: bool = False
    masks: int = 0


@dataclass(frozen=True)
class ContextView:
    """What the next request begins with, in tokens by our own count.

    `base` are rules, base and overlay, `conversation` what was said, `focus` the files that single
    questions brought. `limit` is what a prompt may have; `window` the model's, None if unknown.
    """

    files: tuple[ContextFile, ...] = ()
    base: int = 0
    conversation: int = 0
    focus: int = 0
    limit: int | None = None
    budget: int | None = None
    window: int | None = None
    reply: int = 0

    @property
    def used(self) -> int:
        return self.base + self.conversation + self.focus

    @property
    def free(self) -> int | None:
        """What is left for the next questions and their focus; None where nothing bounds it."""
        return None if self.limit is None else max(0, self.limit - self.used)


@dataclass(frozen=True)
class Expected:
    """What a request will take; None where neither prices nor past runs tell.

    `line` is all of it in words. `is_anew`: the files will be laid out anew.
    """

    prompt_tokens: int
    reusable_tokens: int = 0
    seconds: float | None = None
    cost: float | None = None
    currency: str = "USD"
    limit: int | None = None
    is_anew: bool = False
    line: str = ""


@dataclass(frozen=True)
class Edit:
    """What a model proposes: the review of it is to be decided, then given to `apply`.

    `review` is None where there is nothing to decide; `turn` then says why.
    """

    turn: Turn
    review: Review | None = None
    proposal: Proposal | None = None
    outside: Outside | None = None


@dataclass(frozen=True)
class ModelChoice:
    """A model that can be asked, by the name the person knows it by."""

    name: str
    about: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class SessionInfo:
    """A kept session; `roots` are `alias=path`, `changed` is ISO 8601 in UTC.

    `is_open`: a copilot that runs has it open.
    """

    id: str
    title: str
    roots: tuple[str, ...]
    changed: str
    turns: int
    model: str = ""
    cost: float | None = None
    currency: str = "USD"
    is_open: bool = False


@dataclass(frozen=True)
class Costs:
    """What the session took so far, in tokens as the servers counted them."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    reply_tokens: int = 0
    cost: float | None = None
    currency: str = "USD"
    line: str = ""


Show = Callable[[Event], None]
Hear = Callable[[str], None]


class SessionEngine(Protocol):
    """One session. Closing it ends the model; what was shown is on disk at any moment."""

    @property
    def id(self) -> str: ...

    @property
    def title(self) -> str:
        """The first question, short; empty before there is one."""

    @property
    def log(self) -> tuple[Turn, ...]:
        """All turns, the oldest first."""

    @property
    def model(self) -> str:
        """The name of the model that is asked."""

    @property
    def history(self) -> History:
        """What this user entered, in all sessions."""

    @property
    def names(self) -> Names:
        """What can be completed; the files are there after the first `context`."""

    def listen(
        self, hear: Hear, answer: Callable[[str], bool], *, own_figures: bool = False
    ) -> None:
        """Have all that is said, and all yes-or-no questions, go there instead of the terminal.

        Both are called from the thread that runs a blocking method. A screen with `own_figures`
        shows tokens and seconds by itself, and does not hear of them.
        """

    # --- blocking

    def context(self) -> ContextView:
        """Return what the next request holds. Raises CopilotError."""

    def expect(self, kind: Kind, text: str) -> Expected:
        """Return what asking this would take, without sending; cheap after the first `context`.

        Raises CopilotError.
        """

    def ask(self, text: str, show: Show) -> Turn:
        """Ask, and return the turn; files named `@path` in the text are put into the focus.

        An error or a cancelled answer is a turn too (`kind`, `is_partial`); nothing is raised but
        defects.
        """

    def edit(self, text: str, show: Show) -> Edit:
        """Ask for edits and place them. What goes wrong is the turn of an Edit without a review."""

    def review(self, text: str, show: Show) -> Edit:
        """Review what is staged, or what the text names (`--worktree`, `A..B`), with the model.

        The turn tells the findings; what they suggest is to be decided like an edit.
        """

    def apply(self, review: Review) -> Turn:
        """Check and write what was accepted of the last edit; return its turn with the outcome.

        If nothing could be written, the turn's `outcome` is `not applied`, and `hint` says why.
        """

    def undo(self) -> Turn:
        """Take the last change back that was written to these repositories; a note says which."""

    def redo(self) -> Turn: ...

    def map(self) -> Turn:
        """Return a picture of where the tokens go, as a note."""

    def use_model(self, name: str) -> Turn:
        """Ask another model from now on; a note says what that means."""

    # --- at once

    def wish(self, names: Sequence[str], wish: Wish | None) -> None:
        """Want something of files, or of all below a folder (its name ends in `/`); None: clear.

        Raises UsageError, and wishes nothing, where a name means no file or folder.
        """

    def models(self) -> tuple[ModelChoice, ...]: ...

    def cost(self) -> Costs: ...

    def note(self, asked: str, text: str, hint: str = "") -> Turn:
        """Keep what a command of the screen's own said."""

    def cancel(self) -> None:
        """Stop what runs, from another thread; what arrived is kept as a partial answer."""

    def sessions(self) -> tuple[SessionInfo, ...]:
        """Return the kept sessions of these roots, the newest first, this one among them."""

    def resume(self, session: str) -> None:
        """Go on with a kept session, by its id, a part of that, or `last`. Raises UsageError."""

    def fork(self, at: int | None = None) -> None:
        """Go on in a new session that begins with the turns up to number `at`, else all."""

    def clear(self) -> None:
        """Begin a new session."""

    def export(self, path: Path | None = None) -> str:
        """Return the session as Markdown, and write it to a new file. Raises UsageError."""

    def remove(self, session: str) -> None:
        """Remove a kept session that nobody has open. Raises UsageError."""

    def close(self) -> None: ...
