"""The next prompt of a conversation: all of the last one, what was said, and what is new."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from copilot.assist import ahead
from copilot.assist.base import MARKS_TAKEN
from copilot.assist.read import Read, unread
from copilot.assist.scope import Scope
from copilot.assist.session.opening import copies_of
from copilot.assist.session.spoken import (
    Asked,
    Spoken,
    reasons_in,
    said_sections,
    with_reasons,
)
from copilot.backends.protocol import Message
from copilot.context.compose import Wording, prompt_of, section_of, task_section
from copilot.context.draft import Draft, gone
from copilot.context.entries import Entry, Shape, latest, mark_line, quoted
from copilot.context.frozen import RECORD_VERSION, Frozen, Record
from copilot.context.model import Detail, Section, SectionKind
from copilot.context.overlay import Due, has_jumped, heads_of, left_out, what_is_due
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.workspace.model import Snapshot
from copilot.workspace.snapshot import Progress

NO_ROOM = "the conversation and the files no longer fit together"
# Of the room that is left, what the files of one more question may take.
_FOCUS_SHARE = 0.4
_RESERVE = 50
_BY_NAME = "named by you"


@dataclass(frozen=True)
class _New:
    """What the next message brings: entries of files, and why, by name."""

    section: Section
    changed: tuple[str, ...]
    why: Mapping[str, str]


def gone_on(
    before: Spoken,
    said: Sequence[Message],
    scope: Scope,
    asked: Asked,
    limit: int | None,
    progress: Progress,
) -> Spoken | str:
    """Return the prompt that goes on with `before`, and `said`, what followed it.

    Where that cannot be, return why all must be laid out anew. Raises ReadIncomplete, UsageError.
    """
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        draft.start_for_few()
        read = Read.of(scope.parts(progress, skip=True))
        frozen = _as_frozen(before)
        if why := _why_anew(frozen, before, read):
            return why
        talk = said_sections([message.content for message in said], draft)
        held = [*before.prompt.sections, *talk]
        due = _due(frozen, read, asked)
        task = _task(before, draft, asked, scope, held, _names(due))
        used = sum(section.tokens for section in held) + task.tokens + _RESERVE
        room = None if limit is None else limit - used
        new = _brought(before, read, due, scope, asked, draft, room, progress)
        if new is None:
            return MARKS_TAKEN
        task = _task(before, draft, asked, scope, [*held, new.section], new.changed)
        sections = [*held, new.section, task]
        if limit is not None and sum(section.tokens for section in sections) > limit:
            return NO_ROOM
        return _next(before, said, read, sections, new)


def due_names(before: Spoken, scope: Scope) -> tuple[str, ...]:
    """Return the files that changed since they were shown. Raises ReadIncomplete."""
    with closing(scope.cache):
        read = Read.of(scope.parts(lambda *_: None, skip=True))
    return _names(what_is_due(_as_frozen(before), read.files))


def _next(
    before: Spoken, said: Sequence[Message], read: Read, sections: Sequence[Section], new: _New
) -> Spoken:
    prompt = prompt_of(sections, read.files, before.prompt.frame, before.prompt.tokenizer, new.why)
    old = {n: r for n, r in reasons_in(before.prompt).items() if n not in new.why}
    message = Message("user", "".join(section.text for section in sections[-2:]))
    return replace(
        before,
        snapshot=Snapshot(read.repositories, tuple(map(unread, read.files))),
        prompt=with_reasons(prompt, old),
        why_new="",
        sent=(*before.sent, *said, message),
        new_tokens=prompt.total_tokens - before.prompt.total_tokens,
        forgotten=0,
    )


def _as_frozen(before: Spoken) -> Frozen:
    """Return what was sent in the shape of a base, so as to tell what it lacks."""
    sections = before.prompt.sections
    entries = tuple(entry for section in sections for entry in section.entries)
    frame, heads = before.prompt.frame, heads_of(before.snapshot.repositories)
    over = tuple(before.over)
    record = Record(
        RECORD_VERSION, frame.file_tag, frame.marker, (), over, heads, 0, 0, entries, ""
    )
    return Frozen(record, ())


def _why_anew(frozen: Frozen, before: Spoken, read: Read) -> str:
    lowered = {f"{f.repository}/{f.path}" for f in before.prompt.files if not _is_whole(f.detail)}
    name = left_out(frozen, read.files)
    if name and name not in lowered:
        return f"{name} must not be shown any longer"
    if alias := has_jumped(frozen.record.heads, read.repositories):
        return f"another branch is checked out in {alias}"
    return ""


def _is_whole(detail: Detail) -> bool:
    return detail is Detail.FULL


def _due(frozen: Frozen, read: Read, asked: Asked) -> Due:
    """Return what changed, and what the person wants to see in full besides."""
    due = what_is_due(frozen, read.files)
    last = latest(frozen.entries)
    changed = {file.name: (file, shape) for file, shape in due.changed}
    wanted = frozenset(asked.wanted)
    for file in read.files:
        if file.name in wanted and file.is_text:
            entry = last.get(os.fsencode(file.name))
            if file.name in changed or not (entry and entry.is_full):
                changed[file.name] = (file, Shape.FULL)
    return Due(tuple(changed.values()), due.gone)


def _names(due: Due) -> tuple[str, ...]:
    return (*(file.name for file, _ in due.changed), *due.gone)


def _brought(
    before: Spoken,
    read: Read,
    due: Due,
    scope: Scope,
    asked: Asked,
    draft: Draft,
    room: int | None,
    progress: Progress,
) -> _New | None:
    """Return the entries that the next message brings; None if the frame cannot hold them."""
    frame = before.prompt.frame
    shapes = {file.name: shape for file, shape in due.changed}
    copies = copies_of((file for file, _ in due.changed), shapes, scope, draft)
    copies += [gone(name) for name in due.gone]
    spent = sum(draft.tokens(copies, frame)) if copies else 0
    why = {name: _BY_NAME for name in asked.wanted if name in shapes}
    shown = _shown_in_full(before, shapes)
    laid = draft.lay(copies, frame) if copies else []
    if room is not None and any(f.is_text and f.name not in shown for f in read.files):
        # Ranking takes long to import, and most prompts hold all files.
        ahead.begin()
        from copilot.assist.ranked import in_focus, laid_out, ranking_of

        focused = replace(scope, focus=tuple(dict.fromkeys((*scope.focus, *asked.wanted))))
        ranking = ranking_of(read, focused, asked.text, draft, progress)
        left = max(0, round((room - spent) * _FOCUS_SHARE))
        chosen = in_focus(ranking, shown, draft, frame, left)
        laid += laid_out(chosen, scope, draft, frame)
        why |= chosen.why
    names = [*shapes, *due.gone, *why]
    if not draft.fits(frame, names):
        return None
    known = frozenset(_known(before))
    changed = tuple(name for name in (*shapes, *due.gone) if name in known)
    return _New(section_of(SectionKind.FOCUS, laid), changed, why)


def _shown_in_full(before: Spoken, shapes: Mapping[str, Shape]) -> frozenset[str]:
    entries = latest(_entries(before)).values()
    full = {entry.name for entry in entries if entry.is_full}
    return frozenset(full | {name for name, shape in shapes.items() if shape is Shape.FULL})


def _known(before: Spoken) -> Sequence[str]:
    return [entry.name for entry in _entries(before) if entry.path]


def _entries(before: Spoken) -> Sequence[Entry]:
    return [entry for section in before.prompt.sections for entry in section.entries]


def _task(
    before: Spoken,
    draft: Draft,
    asked: Asked,
    scope: Scope,
    held: Sequence[Section],
    changed: Sequence[str],
) -> Section:
    """Return the question behind what must be known of the files above."""
    notes = [asked.note] if asked.note else []
    known = frozenset(_known(before))
    if listed := [name for name in changed if name in known]:
        gone_now = {name for name in listed if name not in _present(held)}
        lines = [f"- {quoted(n)}{': deleted' if n in gone_now else ''}" for n in sorted(listed)]
        template = load_prompt("superseded", scope.prompts)
        notes.append(fill_prompt(template, paths="\n".join(lines)).strip())
    task = load_prompt(f"task-{asked.kind}", scope.prompts)
    if before.words:
        line = mark_line(before.words[-1], before.prompt.frame).decode().strip()
        marks = fill_prompt(load_prompt("marks", scope.prompts), mark=line)
        task = f"{task.rstrip()}\n\n{marks}"
    wording = Wording("", task, asked.text)
    return task_section(draft, wording, before.prompt.frame, held, "\n\n".join(notes))


def _present(held: Sequence[Section]) -> frozenset[str]:
    last = latest(entry for section in held for entry in section.entries)
    return frozenset(entry.name for entry in last.values() if entry.shape is not Shape.DELETED)
