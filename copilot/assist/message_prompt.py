"""The prompt for a commit message: on the base of the whole repository where the window holds it.

Else of the changed files alone: the history's messages first, which stay the same from one commit
to the next, then outlines, then what is staged.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.assist.message_changes import Staged, told
from copilot.assist.message_style import Customs
from copilot.assist.pack import Packed, pack_on_base
from copilot.assist.read import Read, read_texts, unread, with_outlines
from copilot.assist.scope import Scope
from copilot.backends.protocol import Message
from copilot.context.compose import Wording, filled, prompt_of, section_of, task_section
from copilot.context.draft import Draft, Laid
from copilot.context.model import Frame, Section, SectionKind
from copilot.settings.modes import Mode
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.text import one_line
from copilot.workspace.masker import Masker
from copilot.workspace.model import Repository, Root, Snapshot, SourceFile
from copilot.workspace.snapshot import Progress

# In a smaller window than this, in tokens, what is staged has the room for itself: a model that
# runs on the machine itself would read a base for minutes.
LEAST_FOR_BASE = 64_000
_MOST_CHARACTERS = 60_000
_MOST_IN_SMALL = 24_000
_CHARACTERS_A_TOKEN = 3
# Of a small window: for what is staged, and for the outlines of its files.
_CHANGES_SHARE, _OUTLINES_SHARE, _MOST_OUTLINES = 0.6, 0.1, 2_000
_LESS = 0.7
_LEAST_CHARACTERS = 200
_UNBOUNDED = 2**40


@dataclass(frozen=True)
class Subject:
    """What a message is written about: what is staged, on which branch, by which customs."""

    root: Root
    staged: Staged
    customs: Customs
    branch: str = ""


@dataclass(frozen=True)
class Asked:
    """A prompt for a message; `known` is what it tells of the change."""

    packed: Packed
    known: str


def pack_message(scope: Scope, subject: Subject, progress: Progress) -> Asked:
    """Compose the prompt; it is above a budget that holds nothing. Raises as `pack` does."""
    scope = replace(scope, marks=False)
    if scope.mode in (Mode.AUTO, Mode.WHOLE) and (scope.budget or _UNBOUNDED) >= LEAST_FOR_BASE:
        known = _known(subject, _MOST_CHARACTERS)
        asked = "\n".join((_style(subject.customs, scope), _task(subject, known, scope)))
        packed = pack_on_base(scope, Wording(scope.rules(), "{{task}}", asked), progress)
        if packed is not None:
            return Asked(packed, known)
    return _small(scope, subject)


def asks_again(reply: str, why: str, prompts: Path) -> tuple[Message, Message]:
    """Return what stands behind the prompt when a reply was no message."""
    # A lone surrogate, which a reply may hold, cannot be sent.
    sendable = reply.encode("utf-8", "backslashreplace").decode()
    request = fill_prompt(load_prompt("message-again", prompts), why=why)
    return Message("assistant", sendable), Message("user", request)


def _small(scope: Scope, subject: Subject) -> Asked:
    budget = scope.budget or _UNBOUNDED
    room = min(_MOST_IN_SMALL, int(budget * _CHANGES_SHARE) * _CHARACTERS_A_TOKEN)
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        draft.start_for_few()
        style, repositories = _style_files(scope)
        models = draft.copies([file for file in style if file.data is not None])
        outlines, frame = _outlines(scope, subject, draft, [copy.file.name for copy in models])
        laid = draft.lay(models, frame) if models else []
        focus = section_of(SectionKind.FOCUS, [*laid, *outlines])
        only_models = section_of(SectionKind.FOCUS, laid)
        subject = _read_besides(subject, style, repositories)
        rules = _rules(scope, subject.customs, draft, frame)
        while True:
            known = _known(subject, room)
            wording = Wording("", "{{task}}", _task(subject, known, scope))
            # Outlines are the first to give way.
            for sections in ([rules, focus], [rules, only_models] if laid else [rules]):
                whole = [*sections, task_section(draft, wording, frame, sections)]
                if sum(section.tokens for section in whole) <= budget:
                    return Asked(_packed(scope, subject, whole, frame), known)
            room = int(room * _LESS)
            if room < _LEAST_CHARACTERS:
                return Asked(_packed(scope, subject, whole, frame), known)


def _style_files(scope: Scope) -> tuple[list[SourceFile], list[Repository]]:
    """Return the user's models of style, and the repositories they make up."""
    if not scope.style:
        return [], []
    from copilot.assist.style import style_parts

    parts = list(style_parts(scope))
    files = [file for part in parts for file in part.files]
    return files, [part.repository for part in parts if part.repository]


def _read_besides(
    subject: Subject, files: Sequence[SourceFile], repositories: Sequence[Repository]
) -> Subject:
    """Return the subject with more that was read for its prompt."""
    staged = subject.staged
    read = Read((*staged.read.files, *files), (*staged.read.repositories, *repositories))
    return replace(subject, staged=replace(staged, read=read))


def _packed(scope: Scope, subject: Subject, sections: Sequence[Section], frame: Frame) -> Packed:
    read = subject.staged.read
    prompt = prompt_of(sections, read.files, frame, scope.tokenizer)
    snapshot = Snapshot(read.repositories, tuple(map(unread, read.files)))
    return Packed(scope.roots, snapshot, prompt, Mode.RANK)


def _rules(scope: Scope, customs: Customs, draft: Draft, frame: Frame) -> Section:
    text = f"{filled(scope.rules(), frame, '').strip()}\n\n{_style(customs, scope)}"
    data = f"{text.strip()}\n".encode()
    return Section(SectionKind.RULES, (data,), draft.counts([data])[0])


def _outlines(
    scope: Scope, subject: Subject, draft: Draft, others: Sequence[str]
) -> tuple[list[Laid], Frame]:
    """Return outlines of the changed files as they are staged, the shortest, as far as fits.

    `others` are the names of files that the prompt shows besides.
    """
    index = replace(scope, roots=(replace(subject.root, state="index"),))
    texts = read_texts(subject.staged.files, index)
    copies = with_outlines(sorted(texts, key=lambda file: file.name), index, draft)
    frame = draft.frame([*others, *(copy.file.name for copy in copies)])
    room = min(_MOST_OUTLINES, int((scope.budget or _UNBOUNDED) * _OUTLINES_SHARE))
    chosen = []
    counted = zip(draft.tokens(copies, frame) if copies else [], copies, strict=True)
    for tokens, copy in sorted(counted, key=lambda one: (one[0], one[1].file.name)):
        if tokens <= room:
            room -= tokens
            chosen.append(copy)
    return draft.lay(sorted(chosen, key=lambda copy: copy.file.name), frame), frame


def _known(subject: Subject, room: int) -> str:
    """Return what is told of the change, and what a reply may take from it."""
    branch = f"Branch: {one_line(subject.branch)}\n\n" if subject.branch else ""
    return branch + told(subject.staged.changes, room)


def _style(customs: Customs, scope: Scope) -> str:
    """Return the messages of the history, an empty text where there are none."""
    if not customs.examples:
        return ""
    examples = "\n\n".join(_indented(_masked(one, scope.masker)) for one in customs.examples)
    return fill_prompt(load_prompt("message-style", scope.prompts), examples=examples)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.split("\n"))


def _masked(text: str, masker: Masker | None) -> str:
    return masker.masked("message.txt", text)[0] if masker else text


def _task(subject: Subject, known: str, scope: Scope) -> str:
    form = "\n\n".join(_form(subject.customs, scope.prompts))
    return fill_prompt(load_prompt("task-message", scope.prompts), changes=known, form=form)


def _form(customs: Customs, prompts: Path) -> list[str]:
    """Return what is said of the message's form, by the customs."""
    limit = str(customs.subject_limit)
    if customs.types:
        scopes = _listed("message-scopes", prompts, scopes=customs.scopes)
        types = ", ".join(customs.types)
        text = load_prompt("message-subject-typed", prompts)
        said = [fill_prompt(text, limit=limit, types=types, scopes=scopes)]
    else:
        name = "message-subject-alike" if customs.examples else "message-subject"
        said = [fill_prompt(load_prompt(name, prompts), limit=limit)]
    said.append(load_prompt("message-body" if customs.bodies else "message-no-body", prompts))
    said.append(_listed("message-trailers", prompts, trailers=customs.trailers))
    return [text.strip() for text in said if text.strip()]


def _listed(name: str, prompts: Path, **words: Sequence[str]) -> str:
    """Return a prompt text that lists words, or nothing where there are none."""
    if not any(words.values()):
        return ""
    values = {key: ", ".join(some) for key, some in words.items()}
    return fill_prompt(load_prompt(name, prompts), **values).strip()
