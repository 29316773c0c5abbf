"""The next prompt of a conversation: all of the last one, what was said, and what is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property

from copilot.assist import ahead
from copilot.assist.base import MARKS_TAKEN
from copilot.assist.beside import following
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
from copilot.context.draft import Draft, Laid, gone
from copilot.context.entries import Shape, latest, mark_line, quoted
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
    """What the next message brings: entries of files, which of them changed, and why, by name."""

    section: Section
    changed: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)


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
        scope = following(scope, _as_frozen(before).entries)
        read = Read.of(scope.parts(progress, skip=True))
        step = _Step(before, scope, asked, draft, read)
        return step.why_anew() or step.after(said, limit, progress)


def due_names(before: Spoken, scope: Scope) -> tuple[str, ...]:
    """Return the files that changed since they were shown. Raises ReadIncomplete."""
    frozen = _as_frozen(before)
    with closing(scope.cache):
        read = Read.of(following(scope, frozen.entries).parts(lambda *_: None, skip=True))
    return _names(what_is_due(frozen, read.files))


@dataclass(frozen=True)
class _Step:
    """From one prompt to the next: what there is to read, and what is asked of it."""

    before: Spoken
    scope: Scope
    asked: Asked
    draft: Draft
    read: Read

    def why_anew(self) -> str:
        """Return why what was sent cannot stay, if that is so."""
        shown = {f"{f.repository}/{f.path}": f.detail for f in self.before.prompt.files}
        name = left_out(self._frozen, self.read.files)
        if name and shown.get(name) is Detail.FULL:
            return f"{name} must not be shown any longer"
        if alias := has_jumped(self._frozen.record.heads, self.read.repositories):
            return f"another branch is checked out in {alias}"
        return ""

    def after(self, said: Sequence[Message], limit: int | None, progress: Progress) -> Spoken | str:
        """Return the next prompt, or why there is none."""
        talk = said_sections([message.content for message in said], self.draft)
        held = [*self.before.prompt.sections, *talk]
        due = self._due()
        task = self._task(held, _names(due))
        used = sum(section.tokens for section in held) + task.tokens + _RESERVE
        new = self._brought(due, None if limit is None else limit - used, progress)
        if new is None:
            return MARKS_TAKEN
        task = self._task([*held, new.section], new.changed)
        sections = [*held, new.section, task]
        if limit is not None and sum(section.tokens for section in sections) > limit:
            return NO_ROOM
        return self._spoken(said, sections, new)

    def _spoken(self, said: Sequence[Message], sections: Sequence[Section], new: _New) -> Spoken:
        before, read = self.before, self.read
        frame, tokenizer = before.prompt.frame, before.prompt.tokenizer
        prompt = prompt_of(sections, read.files, frame, tokenizer, new.why)
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

    def _due(self) -> Due:
        """Return what changed, and what the person wants to see in full besides."""
        due = what_is_due(self._frozen, self.read.files)
        changed = {file.name: (file, shape) for file, shape in due.changed}
        wanted = frozenset(self.asked.wanted)
        for file in self.read.files:
            is_lacking = file.name in changed or file.name not in self._full
            if is_lacking and file.is_text and file.name in wanted:
                changed[file.name] = (file, Shape.FULL)
        return Due(tuple(changed.values()), due.gone)

    def _brought(self, due: Due, room: int | None, progress: Progress) -> _New | None:
        """Return the entries that the next message brings; None if the frame cannot hold them."""
        frame, draft = self.before.prompt.frame, self.draft
        shapes = {file.name: shape for file, shape in due.changed}
        copies = copies_of((file for file, _ in due.changed), shapes, self.scope, draft)
        copies += [gone(name) for name in due.gone]
        laid = draft.lay(copies, frame) if copies else []
        why = {name: _BY_NAME for name in self.asked.wanted if name in shapes}
        full = self._full | {name for name, shape in shapes.items() if shape is Shape.FULL}
        if room is not None:
            left = max(0, room - sum(entry.tokens for entry, _ in laid))
            more, reasons = self._ranked(full, round(left * _FOCUS_SHARE), progress)
            laid, why = laid + more, {**why, **reasons}
        if not draft.fits(frame, [*shapes, *due.gone, *why]):
            return None
        changed = tuple(name for name in _names(due) if name in self._known)
        return _New(section_of(SectionKind.FOCUS, laid), changed, why)

    def _ranked(
        self, full: frozenset[str], room: int, progress: Progress
    ) -> tuple[list[Laid], Mapping[str, str]]:
        """Return the entries of what the question needs of files that are not shown in full."""
        asked = self.asked
        aliases = frozenset(self.scope.aliases.all)
        own = (file for file in self.read.files if file.repository not in aliases)
        files = tuple(file for file in own if not asked.hides(file.name))
        if all(file.name in full for file in files if file.is_text):
            return [], {}
        # Ranking takes long to import, and most prompts hold all files.
        ahead.begin()
        from copilot.assist.ranked import in_focus, laid_out, ranking_of

        focus = tuple(dict.fromkeys((*self.scope.focus, *asked.wanted)))
        scope, frame = replace(self.scope, focus=focus), self.before.prompt.frame
        read = replace(self.read, files=files)
        ranking = ranking_of(read, scope, asked.text, self.draft, progress)
        chosen = in_focus(ranking, full, self.draft, frame, room)
        return laid_out(chosen, scope, self.draft, frame), chosen.why

    def _task(self, held: Sequence[Section], changed: Sequence[str]) -> Section:
        """Return the question behind what must be known of the files above."""
        asked, prompts, frame = self.asked, self.scope.prompts, self.before.prompt.frame
        notes = [asked.note] if asked.note else []
        if listed := sorted(name for name in changed if name in self._known):
            last = latest(entry for section in held for entry in section.entries)
            gone_now = {e.name for e in last.values() if e.shape is Shape.DELETED}
            lines = [f"- {quoted(n)}{': deleted' if n in gone_now else ''}" for n in listed]
            template = load_prompt("superseded", prompts)
            notes.append(fill_prompt(template, paths="\n".join(lines)).strip())
        task = load_prompt(f"task-{asked.kind}", prompts)
        if self.before.words:
            line = mark_line(self.before.words[-1], frame).decode().strip()
            marks = fill_prompt(load_prompt("marks", prompts), mark=line)
            task = f"{task.rstrip()}\n\n{marks}"
        wording = Wording("", task, asked.text)
        return task_section(self.draft, wording, frame, held, "\n\n".join(notes))

    @cached_property
    def _frozen(self) -> Frozen:
        return _as_frozen(self.before)

    @cached_property
    def _known(self) -> frozenset[str]:
        """The names of all files that were shown."""
        return frozenset(entry.name for entry in self._frozen.entries if entry.path)

    @cached_property
    def _full(self) -> frozenset[str]:
        """The names of those whose last entry shows them in full."""
        last = latest(self._frozen.entries).values()
        return frozenset(entry.name for entry in last if entry.is_full)


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


def _names(due: Due) -> tuple[str, ...]:
    return (*(file.name for file, _ in due.changed), *due.gone)
