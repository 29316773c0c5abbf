"""From entries and a task to the prompt's bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from copilot.cache import Cache
from copilot.context.draft import Copy, Draft, Laid
from copilot.context.entries import Entry, Shape, path_of, paths_of
from copilot.context.model import (
    Detail,
    Frame,
    PackedFile,
    Prompt,
    Section,
    SectionKind,
    ShownMask,
)
from copilot.context.tokens import DEFAULT_TOKENIZER
from copilot.settings.prompts import fill_prompt
from copilot.workspace.model import Snapshot, SourceFile

OVER_BUDGET = "over budget"
_TAIL_BYTES = 8192
_DETAILS = {
    Shape.FULL: Detail.FULL,
    Shape.OUTLINE: Detail.OUTLINE,
    Shape.PATH: Detail.PATH,
    Shape.DELETED: Detail.OMITTED,
}


@dataclass(frozen=True)
class Wording:
    """The prompt texts with their blanks, and what the user asked; without a task there is none."""

    rules: str
    task: str
    asked: str


def compose_prompt(
    snapshot: Snapshot,
    wording: Wording,
    tokenizer: str = DEFAULT_TOKENIZER,
    cache: Cache | None = None,
) -> Prompt:
    """Return the prompt with every readable file in full. Raises UsageError for a wrong blank.

    The bytes depend on the arguments alone: not on time, locale, hash seed or machine.
    """
    draft = Draft(tokenizer, cache)
    copies = draft.copies([file for file in snapshot.files if file.data is not None])
    frame = draft.frame([copy.file.name for copy in copies])
    rules = rules_section(draft, wording.rules, frame)
    base = section_of(SectionKind.BASE, draft.lay(copies, frame))
    sections = [rules, base]
    sections.append(task_section(draft, wording, frame, sections))
    return prompt_of(sections, snapshot.files, frame, tokenizer)


def rules_section(draft: Draft, text: str, frame: Frame) -> Section:
    """Return the rules with their blanks filled. Raises UsageError for a wrong blank."""
    data = _ended(filled(text, frame, "")).encode()
    return Section(SectionKind.RULES, (data,) if data else (), draft.counts([data])[0])


def section_of(kind: SectionKind, laid: Sequence[Laid]) -> Section:
    """Return a section of entries."""
    entries = tuple(entry for entry, _ in laid)
    pieces = tuple(piece for _, some in laid for piece in some)
    return Section(kind, pieces, sum(entry.tokens for entry in entries), entries)


def task_section(
    draft: Draft, wording: Wording, frame: Frame, before: Sequence[Section], notes: str = ""
) -> Section:
    """Return the task, behind notes about what stands before it."""
    asked = filled(wording.task, frame, wording.asked) if wording.task else ""
    data = _ended("\n\n".join(text.strip() for text in (notes, asked) if text.strip())).encode()
    if not data:
        return Section(SectionKind.TASK, (), 0)
    # A task may begin as it likes; it is counted behind the line that stands before it.
    last = [section for section in before if section.pieces][-1:]
    line = _last_line(last[0]) if last else b""
    counts = draft.counts([line, line + data])
    return Section(SectionKind.TASK, (data,), counts[1] - counts[0])


def prompt_of(
    sections: Iterable[Section],
    files: Sequence[SourceFile],
    frame: Frame,
    tokenizer: str,
    why: Mapping[str, str] | None = None,
) -> Prompt:
    """Return the prompt of the sections that hold something, and the place of each file in it.

    `why` says by name what brought a file into the focus.
    """
    kept = tuple(section for section in sections if section.pieces)
    last = {
        entry.path: (section.kind, entry)
        for section in kept
        for entry in section.entries
        if entry.path
    }
    places = zip(files, map(last.get, paths_of(files)), strict=True)
    packed = tuple(_packed(file, place, why or {}) for file, place in places)
    return Prompt(kept, packed, frame, tokenizer, tuple(_earlier(kept, last)))


def counted_files(
    files: Sequence[SourceFile], tokens: Iterable[tuple[Copy, int]]
) -> tuple[PackedFile, ...]:
    """Return the files with the tokens that these copies of them take."""
    last = {
        path_of(copy.file): Entry(path_of(copy.file), copy.shape, copy.source, count, 0)
        for copy, count in tokens
    }
    places = ((file, last.get(path_of(file))) for file in files)
    return tuple(_packed(file, (SectionKind.BASE, e) if e else None, {}) for file, e in places)


def _packed(
    file: SourceFile, place: tuple[SectionKind, Entry] | None, why: Mapping[str, str]
) -> PackedFile:
    if place is None or place[1].shape is Shape.DELETED:
        reason = f"{OVER_BUDGET}: {file.reason}" if file.is_text else file.reason
        return PackedFile(file.repository, file.path, file.blob, None, Detail.OMITTED, 0, reason)
    section, entry = place
    masks: tuple[ShownMask, ...] = ()
    if file.masks and entry.shows_text:
        masks = tuple(ShownMask(mask.line, mask.kind, mask.placeholder) for mask in file.masks)
    return PackedFile(
        file.repository,
        file.path,
        file.blob,
        section,
        _DETAILS[entry.shape],
        entry.tokens,
        _reason(file, section, why),
        masks,
    )


def _reason(file: SourceFile, section: SectionKind, why: Mapping[str, str]) -> str:
    told = why.get(file.name) if section is SectionKind.FOCUS else None
    return f"{file.reason}; {told}" if told else file.reason


def _earlier(
    sections: Sequence[Section], last: Mapping[bytes, tuple[SectionKind, Entry]]
) -> Iterable[PackedFile]:
    """Yield what the prompt holds of files besides the entry that counts."""
    for section in sections:
        for entry in section.entries:
            if not entry.path or (
                last[entry.path][1] is entry and entry.shape is not Shape.DELETED
            ):
                continue
            alias, _, path = entry.name.partition("/")
            detail = _DETAILS[entry.shape]
            reason = "deleted" if entry.shape is Shape.DELETED else "an earlier entry"
            yield PackedFile(alias, path, entry.blob, section.kind, detail, entry.tokens, reason)


def filled(template: str, frame: Frame, asked: str) -> str:
    """Return a prompt text with its blanks filled. Raises UsageError for a wrong blank."""
    return fill_prompt(
        template,
        file_tag=frame.file_tag,
        open="<" * frame.marker,
        divider="=" * frame.marker,
        close=">" * frame.marker,
        # An argument's bytes that are no UTF-8 arrive as lone surrogates, which no prompt can hold.
        task=asked.strip().encode(errors="backslashreplace").decode(),
    )


def _last_line(section: Section) -> bytes:
    """Return the last line of a section's entries, or all of a text without such."""
    piece = section.pieces[-1]
    size = len(piece) if not section.entries else _TAIL_BYTES
    while True:
        # A base that was kept is one piece: a copy of it would take longer than all else.
        tail = bytes(piece[-size:])
        start = tail.rstrip().rfind(b"\n") + 1 if section.entries else 0
        if start or size >= len(piece):
            return tail[start:]
        size *= 2


def _ended(text: str) -> str:
    """Return the text without blank edges and with one line feed at its end, or nothing."""
    return text.strip() + "\n" if text.strip() else ""
