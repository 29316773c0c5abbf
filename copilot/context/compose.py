"""From a snapshot and a task to the prompt's bytes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from copilot.cache import Cache
from copilot.context.bodies import Bodies, count_kept, lead_of
from copilot.context.counting import counter_of
from copilot.context.frame import choose_frame, marks_in
from copilot.context.model import Detail, Frame, PackedFile, Prompt, Section, SectionKind, ShownMask
from copilot.context.tokens import DEFAULT_TOKENIZER
from copilot.settings.prompts import fill_prompt
from copilot.text import visible
from copilot.workspace.model import Snapshot, SourceFile


@dataclass(frozen=True)
class Wording:
    """The prompt texts with their blanks, and what the user asked; without a task there is none."""

    rules: str
    task: str
    asked: str


class Draft:
    """Files of a prompt to be, added as they are read: each is counted, and forgotten on wish."""

    def __init__(
        self, tokenizer: str = DEFAULT_TOKENIZER, cache: Cache | None = None, *, keep: bool = True
    ) -> None:
        """Without `keep` no text is kept: files can be counted then, but there is no prompt."""
        self._tokenizer = tokenizer
        self._cache = cache or Cache()
        self._keep = keep
        self._counter = counter_of(tokenizer)
        self._counter.start()
        self._bodies = Bodies(self._counter, tokenizer, self._cache)
        self._entries: list[_Entry] = []

    def close(self) -> None:
        """End the process that counts; it can be started again."""
        self._counter.close()

    def add(self, files: Sequence[SourceFile], outlined: Collection[str] = frozenset()) -> None:
        """Take files in their order; `outlined` are the names of those whose data is an outline."""
        self._bodies.add([file for file in files if file.data is not None])
        for file in files:
            if file.data is None:
                self._entries.append(_Entry(file, Detail.OMITTED))
                continue
            detail = Detail.OUTLINE if file.name in outlined else Detail.FULL
            kept = file if self._keep else replace(file, data=None)
            self._entries.append(_Entry(kept, detail, lead_of(file.data)))

    def files(self) -> tuple[PackedFile, ...]:
        """Return all files with the tokens each takes in the prompt."""
        return self._files(self._frame())

    def prompt(self, wording: Wording) -> Prompt:
        """Return the prompt. Raises UsageError for a wrong blank."""
        frame = self._frame()
        files = self._files(frame)
        rules = _ended(_fill(wording.rules, frame, "")).encode()
        task = _ended(_fill(wording.task, frame, wording.asked)).encode() if wording.task else b""
        base = tuple(piece for entry in self._shown for piece in _pieces(entry, frame))
        # A task may begin as it likes; it is counted behind the line that stands before it.
        before = _foot(frame) if base else rules
        counts = self._counts([rules, before, before + task])
        sections = (
            Section(SectionKind.RULES, (rules,) if rules else (), counts[0]),
            Section(SectionKind.BASE, base, sum(file.tokens for file in files)),
            Section(SectionKind.TASK, (task,) if task else (), counts[2] - counts[1]),
        )
        kept = tuple(section for section in sections if section.pieces)
        return Prompt(kept, files, frame, self._tokenizer)

    def _counts(self, texts: Sequence[bytes]) -> list[int]:
        return count_kept(texts, self._counter, self._tokenizer, self._cache)

    @property
    def _shown(self) -> list[_Entry]:
        return [entry for entry in self._entries if entry.detail is not Detail.OMITTED]

    def _frame(self) -> Frame:
        names = "\n".join(entry.file.name for entry in self._shown).encode(errors="replace")
        return choose_frame([*(body.marks for body in self._bodies.all()), marks_in(names)])

    def _files(self, frame: Frame) -> tuple[PackedFile, ...]:
        heads = [_head(entry, frame) + entry.lead for entry in self._shown]
        foot, *counts = self._counts([_foot(frame), *heads])
        tokens = iter(
            head + body.rest_tokens + foot
            for head, body in zip(counts, self._bodies.all(), strict=True)
        )
        return tuple(
            _packed(entry, 0 if entry.detail is Detail.OMITTED else next(tokens))
            for entry in self._entries
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file, how it is shown, and the part of it that is counted with the line before."""

    file: SourceFile
    detail: Detail
    lead: bytes = b""


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
    draft.add(snapshot.files)
    return draft.prompt(wording)


def _head(entry: _Entry, frame: Frame) -> bytes:
    """Return the line before a file's text."""
    detail = f' detail="{entry.detail}"' if entry.detail is not Detail.FULL else ""
    return f"<{frame.file_tag} path={quoted(entry.file.name)}{detail}>\n".encode()


def _foot(frame: Frame) -> bytes:
    return f"</{frame.file_tag}>\n".encode()


def _pieces(entry: _Entry, frame: Frame) -> Iterator[bytes]:
    """Yield a file between its boundary marks; its last line always ends."""
    data = entry.file.data
    if data is None:
        return
    yield _head(entry, frame)
    if data:
        yield data
    yield _foot(frame) if not data or data.endswith(b"\n") else b"\n" + _foot(frame)


def _packed(entry: _Entry, tokens: int) -> PackedFile:
    file = entry.file
    section = None if entry.detail is Detail.OMITTED else SectionKind.BASE
    shown = () if section is None else file.masks
    masks = tuple(ShownMask(mask.line, mask.kind, mask.placeholder) for mask in shown)
    return PackedFile(
        file.repository, file.path, file.blob, section, entry.detail, tokens, file.reason, masks
    )


def quoted(name: str) -> str:
    """Return a path in double quotes on one line, its special characters escaped."""
    return json.dumps(visible(name), ensure_ascii=False)


def _fill(template: str, frame: Frame, asked: str) -> str:
    return fill_prompt(
        template,
        file_tag=frame.file_tag,
        open="<" * frame.marker,
        divider="=" * frame.marker,
        close=">" * frame.marker,
        # An argument's bytes that are no UTF-8 arrive as lone surrogates, which no prompt can hold.
        task=asked.strip().encode(errors="backslashreplace").decode(),
    )


def _ended(text: str) -> str:
    """Return the text without blank edges and with one line feed at its end, or nothing."""
    return text.strip() + "\n" if text.strip() else ""
