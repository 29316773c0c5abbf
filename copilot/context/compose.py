"""From a snapshot and a task to the prompt's bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from copilot.context.frame import choose_frame
from copilot.context.model import Detail, Frame, PackedFile, Prompt, Section, SectionKind
from copilot.context.tokens import DEFAULT_TOKENIZER, count_tokens
from copilot.settings.prompts import fill_prompt
from copilot.text import visible
from copilot.workspace.model import Snapshot, SourceFile

_BATCH_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Wording:
    """The prompt texts with their blanks, and what the user asked; without a task there is none."""

    rules: str
    task: str
    asked: str


def compose_prompt(
    snapshot: Snapshot, wording: Wording, tokenizer: str = DEFAULT_TOKENIZER
) -> Prompt:
    """Return the prompt with every readable file in full. Raises UsageError for a wrong blank.

    The bytes depend on the arguments alone: not on time, locale, hash seed or machine.
    """
    readable = [file for file in snapshot.files if file.text is not None]
    frame = choose_frame(text for f in readable for text in (f.text or "", f.name))
    base, file_tokens = _base(readable, frame, tokenizer)
    rules = _ended(_fill(wording.rules, frame, ""))
    task = _ended(_fill(wording.task, frame, wording.asked)) if wording.task else ""
    # A task may begin as it likes; it is counted behind what stands before it.
    before = _piece(readable[-1], frame) if readable else rules
    counted = count_tokens([rules, before, before + task], tokenizer)
    sections = [
        Section(SectionKind.RULES, rules.encode(), counted[0]),
        Section(SectionKind.BASE, base, sum(file_tokens)),
        Section(SectionKind.TASK, task.encode(), counted[2] - counted[1]),
    ]
    kept = tuple(section for section in sections if section.data)
    return Prompt(kept, _packed_files(snapshot, file_tokens), frame, tokenizer)


def _base(files: Sequence[SourceFile], frame: Frame, tokenizer: str) -> tuple[bytes, list[int]]:
    """Return the files' pieces one after another, and the tokens of each.

    Pieces are made and counted a few at a time, so that memory holds the whole only once.
    """
    data: list[bytes] = []
    tokens: list[int] = []
    for batch in _batches(files):
        pieces = [_piece(file, frame) for file in batch]
        tokens += count_tokens(pieces, tokenizer)
        data += [piece.encode() for piece in pieces]
    return b"".join(data), tokens


def _batches(files: Iterable[SourceFile]) -> Iterator[list[SourceFile]]:
    batch: list[SourceFile] = []
    size = 0
    for file in files:
        batch.append(file)
        size += len(file.text or "")
        if size > _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _piece(file: SourceFile, frame: Frame) -> str:
    """Return a file between its boundary marks; its last line always ends."""
    text = file.text or ""
    end = "" if text.endswith("\n") or not text else "\n"
    return f"<{frame.file_tag} path={quoted(file.name)}>\n{text}{end}</{frame.file_tag}>\n"


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


def _packed_files(snapshot: Snapshot, tokens: Sequence[int]) -> tuple[PackedFile, ...]:
    counts = iter(tokens)
    return tuple(
        PackedFile(
            f.repository, f.path, f.blob, SectionKind.BASE, Detail.FULL, next(counts), f.reason
        )
        if f.text is not None
        else PackedFile(f.repository, f.path, f.blob, None, Detail.OMITTED, 0, f.reason)
        for f in snapshot.files
    )
