"""From folders and a task to a prompt that fits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.backends.protocol import Message
from copilot.cache import Cache
from copilot.context.budget import check_budget
from copilot.context.compose import Draft, Wording
from copilot.context.model import PackedFile, Prompt, SectionKind
from copilot.errors import ReadIncomplete, UsageError
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.text import one_line
from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.masker import Masker
from copilot.workspace.model import Part, Repository, Root, Snapshot, SourceFile
from copilot.workspace.snapshot import Progress, read_parts

if TYPE_CHECKING:
    from copilot.structure.outliner import Outliner
    from copilot.workspace.remote_cache import KeptRepository

_NAMED = 5


@dataclass(frozen=True)
class Packed:
    """A prompt and the snapshot it was made from; what lies in no root is read-only.

    `outlined` are the names of the files whose text there is an outline.
    """

    roots: tuple[Root, ...]
    snapshot: Snapshot
    prompt: Prompt
    outlined: frozenset[str] = frozenset()

    @property
    def full_texts(self) -> dict[str, str]:
        """The files that the prompt holds in full: name with alias to text."""
        return {
            file.name: file.data.decode()
            for file in self.snapshot.files
            if file.data is not None and file.name not in self.outlined
        }

    @property
    def editable_texts(self) -> dict[str, str]:
        """Those of them that lie in a root."""
        aliases = {root.alias for root in self.roots}
        return {n: t for n, t in self.full_texts.items() if n.partition("/")[0] in aliases}


@dataclass(frozen=True)
class Scope:
    """What is read, and how it is shown and counted; `kept` and `submodules` are only read."""

    roots: tuple[Root, ...]
    selection: Selection
    tokenizer: str
    prompts: Path
    kept: tuple[KeptRepository, ...] = ()
    submodules: tuple[Root, ...] = ()
    cache: Cache = field(default_factory=Cache, compare=False)
    outliner: Outliner | None = field(default=None, compare=False)
    masker: Masker | None = field(default=None, compare=False)


def pack(scope: Scope, kind: str | None, asked: str, progress: Progress) -> Packed:
    """Read the roots and compose the prompt; `kind` is `edit`, `ask`, or None for no task.

    Raises UsageError if there is nothing to read, ReadIncomplete if the system refused a file.
    """
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        snapshot, outlined = _read(scope, draft, progress)
        task = load_prompt(f"task-{kind}", scope.prompts) if kind else ""
        wording = Wording(_rules(scope, snapshot, outlined), task, asked)
        return Packed(scope.roots, snapshot, draft.prompt(wording), outlined)


def count_files(scope: Scope, progress: Progress) -> tuple[Snapshot, tuple[PackedFile, ...]]:
    """Read the roots as `pack` does and return the tokens of each file, but keep no text."""
    draft = Draft(scope.tokenizer, scope.cache, keep=False)
    with closing(scope.cache), closing(draft):
        snapshot, _ = _read(scope, draft, progress, keep=False)
        return snapshot, draft.files()


def _read(
    scope: Scope, draft: Draft, progress: Progress, *, keep: bool = True
) -> tuple[Snapshot, frozenset[str]]:
    """Read everything into the draft; return it, and the names of what is an outline."""
    files: list[SourceFile] = []
    repositories: list[Repository] = []
    outlined: set[str] = set()
    has_text = False
    for part, names in _shown(scope, progress):
        draft.add(part.files, names)
        has_text = has_text or any(file.data is not None for file in part.files)
        files += part.files if keep else (replace(file, data=None) for file in part.files)
        repositories += [part.repository] if part.repository else []
        outlined |= names
    _check_complete(files)
    if not has_text:
        raise UsageError(
            f"nothing to read in {', '.join(str(root.path) for root in scope.roots)}",
            "name a folder with text files (--root), or check --include and --exclude",
        )
    return Snapshot(tuple(repositories), tuple(files)), frozenset(outlined)


def _shown(scope: Scope, progress: Progress) -> Iterator[tuple[Part, frozenset[str]]]:
    """Yield what is read as the prompt shows it, with the names of what is an outline.

    What does not change comes first, so that a server's prefix cache can hit.
    """
    choose = Chooser(scope.selection, scope.cache, scope.masker)
    parts = read_parts((*scope.submodules, *scope.roots), choose, progress)
    if scope.kept:
        from copilot.workspace.remote import read_kept_parts

        parts = chain(read_kept_parts(scope.kept, choose, progress), parts)
    if scope.outliner is None:
        return ((part, frozenset()) for part in parts)
    return ((made.part, made.names) for made in scope.outliner.outlined(parts))


def _rules(scope: Scope, snapshot: Snapshot, outlined: Collection[str]) -> str:
    rules = load_prompt("rules", scope.prompts)
    if outlined:
        rules = f"{rules.rstrip()}\n{load_prompt('outlines', scope.prompts)}"
    if any(file.masks for file in snapshot.files):
        rules = f"{rules.rstrip()}\n{load_prompt('masks', scope.prompts)}"
    aliases = [*(kept.name.alias for kept in scope.kept), *(r.alias for r in scope.submodules)]
    if not aliases:
        return rules
    names = ", ".join(f"`{alias}/`" for alias in aliases)
    note = fill_prompt(load_prompt("read-only", scope.prompts), names=names)
    return f"{rules.rstrip()}\n{note}"


def _check_complete(files: Sequence[SourceFile]) -> None:
    denied = [file for file in files if file.denied]
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
