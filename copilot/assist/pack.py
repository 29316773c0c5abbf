"""From folders and a task to a prompt that fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot.backends.protocol import Message
from copilot.context.budget import check_budget
from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Prompt, SectionKind
from copilot.errors import ReadIncomplete, UsageError
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.text import one_line
from copilot.workspace.model import Root, Snapshot
from copilot.workspace.remote import read_kept
from copilot.workspace.remote_cache import KeptRepository
from copilot.workspace.snapshot import Selection, read_snapshot

_NAMED = 5


@dataclass(frozen=True)
class Packed:
    """A prompt and the snapshot it was made from; what lies in no root is read-only."""

    roots: tuple[Root, ...]
    snapshot: Snapshot
    prompt: Prompt

    @property
    def full_texts(self) -> dict[str, str]:
        """The files that the prompt holds in full: name with alias to text."""
        return {f.name: f.text for f in self.snapshot.files if f.text is not None}

    @property
    def editable_texts(self) -> dict[str, str]:
        """Those of them that lie in a root."""
        aliases = {root.alias for root in self.roots}
        files = self.snapshot.files
        return {f.name: f.text for f in files if f.text is not None and f.repository in aliases}


@dataclass(frozen=True)
class Scope:
    """What is read, and how it is counted; `kept` are the read-only repositories."""

    roots: tuple[Root, ...]
    selection: Selection
    tokenizer: str
    prompts: Path
    kept: tuple[KeptRepository, ...] = ()


def pack(
    scope: Scope, kind: str | None, asked: str, progress: Callable[[int, int], None]
) -> Packed:
    """Read the roots and compose the prompt; `kind` is `edit`, `ask`, or None for no task.

    Raises UsageError if there is nothing to read, ReadIncomplete if the system refused a file.
    """
    snapshot = _read(scope, progress)
    _check_complete(snapshot)
    if not any(file.text is not None for file in snapshot.files):
        raise UsageError(
            f"nothing to read in {', '.join(str(root.path) for root in scope.roots)}",
            "name a folder with text files (--root), or check --include and --exclude",
        )
    task = load_prompt(f"task-{kind}", scope.prompts) if kind else ""
    wording = Wording(_rules(scope), task, asked)
    return Packed(scope.roots, snapshot, compose_prompt(snapshot, wording, scope.tokenizer))


def _read(scope: Scope, progress: Callable[[int, int], None]) -> Snapshot:
    """Read everything; first what does not change, so that a server's prefix cache can hit."""
    elsewhere = read_kept(scope.kept, scope.selection, progress)
    here = read_snapshot(scope.roots, scope.selection, progress)
    return Snapshot(elsewhere.repositories + here.repositories, elsewhere.files + here.files)


def _rules(scope: Scope) -> str:
    rules = load_prompt("rules", scope.prompts)
    if not scope.kept:
        return rules
    names = ", ".join(f"`{kept.name.alias}/`" for kept in scope.kept)
    note = fill_prompt(load_prompt("read-only", scope.prompts), names=names)
    return f"{rules.rstrip()}\n{note}"


def _check_complete(snapshot: Snapshot) -> None:
    denied = [file for file in snapshot.files if file.denied]
    if denied:
        named = ", ".join(one_line(file.name) for file in denied[:_NAMED])
        more = f" and {len(denied) - _NAMED} more" if len(denied) > _NAMED else ""
        raise ReadIncomplete(
            f"{named}{more}: {denied[0].reason}",
            "mend the permissions, or leave it out with --exclude",
        )


def check_fit(prompt: Prompt, budget: int | None, window: int | None, reply_tokens: int) -> int:
    """Return the limit in force in tokens; raise BudgetExceeded if the prompt is over it.

    The model's window must hold the reply too.
    """
    room = window - reply_tokens if window else None
    if budget is not None and (room is None or budget <= room):
        check_budget(prompt, budget)
        return budget
    if room is not None:
        check_budget(prompt, room, f"model's window of {window:,} less {reply_tokens:,} to answer")
        return room
    return prompt.total_tokens


def messages(prompt: Prompt) -> tuple[Message, ...]:
    """Return the prompt as a conversation: the rules from the system, the rest from the user."""
    return (
        Message("system", _joined(prompt, lambda kind: kind is SectionKind.RULES)),
        Message("user", _joined(prompt, lambda kind: kind is not SectionKind.RULES)),
    )


def _joined(prompt: Prompt, wanted: Callable[[SectionKind], bool]) -> str:
    texts: Sequence[str] = [s.text for s in prompt.sections if wanted(s.kind)]
    return "".join(texts)
