"""The first prompt of a conversation, and each that is made anew in the middle of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from copilot.assist.pack import Packed, messages, pack
from copilot.assist.read import Read, read_texts, with_outlines
from copilot.assist.scope import Scope
from copilot.assist.session.spoken import (
    Asked,
    Exchange,
    Spoken,
    begun,
    said_sections,
    sendable,
)
from copilot.backends.protocol import Message
from copilot.context.compose import prompt_of, section_of
from copilot.context.draft import Copy, Draft
from copilot.context.entries import Shape
from copilot.context.model import Detail, Frame, Prompt, Section, SectionKind
from copilot.settings.modes import Mode
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.workspace.model import SourceFile
from copilot.workspace.snapshot import Progress

# Of what a prompt may have: kept free for the conversation, and taken by what was said before.
FREE_SHARE, _PAST_SHARE = 0.25, 0.4
_STABLE = frozenset({SectionKind.RULES, SectionKind.BASE, SectionKind.OVERLAY})


def opened(
    scope: Scope,
    plain: Scope,
    asked: Asked,
    past: Sequence[Exchange],
    limit: int | None,
    progress: Progress,
) -> Spoken:
    """Lay the files out for a question, with what was said before as far as there is room for it.

    `scope` leaves out what the person wants left out, `plain` does not. Raises BudgetExceeded,
    UsageError, ReadIncomplete.
    """
    with closing(scope.cache), closing(Draft(scope.tokenizer, scope.cache)) as draft:
        said = _fitting(past, scope.prompts, limit, draft)
        texts = [text for pair in said for text in pair]
        spent = sum(draft.counts([text.encode() for text in texts]))
    room = None if limit is None else round(limit * (1 - FREE_SHARE)) - spent
    mode = Mode.RANK if scope.mode is Mode.SELECT else scope.mode
    focus = tuple(dict.fromkeys((*scope.focus, *asked.wanted)))
    narrowed = replace(scope, budget=room, mode=mode, focus=focus)
    task = f"{asked.note}\n\n{asked.text}" if asked.note else asked.text
    packed = pack(narrowed, asked.kind, task, progress)
    return _joined(packed, texts, asked, plain, len(past) - len(said))


def _joined(
    packed: Packed, texts: Sequence[str], asked: Asked, plain: Scope, forgotten: int
) -> Spoken:
    """Put what was said, and files that the plan lacks, where they belong."""
    lacking = _lacking(packed.prompt, asked)
    if not texts and not lacking:
        return begun(packed, messages(packed.prompt))
    prompt = packed.prompt
    with closing(plain.cache), closing(Draft(plain.tokenizer, plain.cache)) as draft:
        past = said_sections(texts, draft)
        extra = _extra(lacking, plain, draft, prompt.frame) if lacking else []
    stable = [section for section in prompt.sections if section.kind in _STABLE]
    rest = [section for section in prompt.sections if section.kind not in _STABLE]
    last = [*rest[:-1], *extra, *rest[-1:]]
    whole = _with(prompt, [*stable, *past, *last], packed.snapshot.files, extra)
    sent = messages(replace(prompt, sections=(*stable, *(past[:1] or last))))
    if past:
        later = zip(past[1:], texts[1:], cycle(("assistant", "user")), strict=False)
        sent += tuple(_message(*one) for one in later)
        sent += (Message("user", "".join(section.text for section in last)),)
    return begun(replace(packed, prompt=whole), sent, forgotten)


def _message(section: Section, text: str, role: str) -> Message:
    return Message("user", section.text) if role == "user" else Message("assistant", text)


def _with(
    prompt: Prompt,
    sections: Sequence[Section],
    files: Sequence[SourceFile],
    extra: Sequence[Section],
) -> Prompt:
    if not extra:
        return replace(prompt, sections=tuple(section for section in sections if section.pieces))
    return prompt_of(sections, files, prompt.frame, prompt.tokenizer)


def _lacking(prompt: Prompt, asked: Asked) -> dict[str, Shape]:
    """Return the files that the person wants to be shown otherwise than they are."""
    full = {f"{f.repository}/{f.path}" for f in prompt.files if f.detail is Detail.FULL}
    wanted = {name: Shape.FULL for name in asked.wanted if name not in full}
    return {**dict(asked.lowered), **wanted}


def _extra(shapes: Mapping[str, Shape], plain: Scope, draft: Draft, frame: Frame) -> list[Section]:
    """Return files at the levels that the person wants; none if a text holds the frame's marks."""
    read = Read.of(plain.parts(lambda *_: None, skip=True))
    copies = [
        # A file that has no shorter outline.
        Copy(copy.file, Shape.PATH) if _is_too_much(copy, shapes) else copy
        for copy in copies_of(read.files, shapes, plain, draft)
    ]
    if not copies or not draft.fits(frame, list(shapes)):
        return []
    return [section_of(SectionKind.FOCUS, draft.lay(copies, frame))]


def _is_too_much(copy: Copy, shapes: Mapping[str, Shape]) -> bool:
    return copy.shape is Shape.FULL and shapes[copy.file.name] is not Shape.FULL


def copies_of(
    files: Iterable[SourceFile], shapes: Mapping[str, Shape], scope: Scope, draft: Draft
) -> list[Copy]:
    """Return copies of those files that `shapes` names, counted; what is no text has none."""
    named = [file for file in files if file.name in shapes and file.is_text]
    shown = [file for file in named if shapes[file.name] is not Shape.PATH]
    texts = {file.name: file for file in read_texts(shown, scope)}
    some = [file for name, file in sorted(texts.items()) if shapes[name] is Shape.OUTLINE]
    outlines = {copy.file.name: copy for copy in with_outlines(some, scope, draft)}
    full = draft.copies([file for name, file in texts.items() if name not in outlines])
    paths = [Copy(file, Shape.PATH) for file in named if shapes[file.name] is Shape.PATH]
    return sorted((*outlines.values(), *full, *paths), key=lambda copy: copy.file.name)


def _fitting(
    past: Sequence[Exchange], prompts: Path, limit: int | None, draft: Draft
) -> list[tuple[str, str]]:
    """Return the newest exchanges that fit, each as what was asked and what was answered."""
    room = None if limit is None else round(limit * _PAST_SHARE)
    pairs: list[tuple[str, str]] = []
    for exchange in reversed(past):
        pair = (_told(exchange, prompts), sendable(exchange.answer))
        if room is not None:
            room -= sum(draft.counts([text.encode() for text in pair]))
            if room < 0:
                break
        pairs.insert(0, pair)
    return pairs


def _told(exchange: Exchange, prompts: Path) -> str:
    template = load_prompt(f"session-past-{exchange.kind}", prompts)
    return fill_prompt(template, asked=sendable(exchange.asked.strip()), outcome=exchange.outcome)
