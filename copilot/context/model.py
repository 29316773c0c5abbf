"""A prompt and what is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from copilot.context.entries import Entry


class SectionKind(StrEnum):
    """The parts of a prompt, in their order."""

    RULES = "rules"
    BASE = "base"
    OVERLAY = "overlay"
    FOCUS = "focus"
    TASK = "task"


class Detail(StrEnum):
    """How much of a file the prompt holds."""

    FULL = "full"
    OUTLINE = "outline"
    PATH = "path"
    OMITTED = "omitted"


@dataclass(frozen=True)
class Section:
    """One part of the prompt: UTF-8 in pieces, as files were read, so that memory holds it once.

    It ends in a line feed, so that token counts add up. `entries` say what stands in it.
    """

    kind: SectionKind
    pieces: tuple[bytes | memoryview, ...] = field(repr=False)
    tokens: int
    entries: tuple[Entry, ...] = field(default=(), repr=False)

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def text(self) -> str:
        return self.data.decode()

    def texts(self) -> Iterator[tuple[Entry, str]]:
        """Yield the entries that show a file in full, with the text between their marks."""
        data, start = self.data, 0
        for entry in self.entries:
            if entry.is_full:
                end = data.rindex(b"</", start, start + entry.size)
                yield entry, data[start + entry.head : end].decode()
            start += entry.size

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces:
            digest.update(piece)
        return digest.hexdigest()


@dataclass(frozen=True)
class ShownMask:
    """A placeholder that stands for a secret, on a line of the file counted from 1."""

    line: int
    kind: str
    placeholder: str


def mask_places(masks: Sequence[ShownMask]) -> list[str]:
    """Return where masks stand, each place in words; a secret of many lines is one place."""
    runs: list[tuple[int, int, str]] = []
    for mask in masks:
        if runs and runs[-1][1:] == (mask.line - 1, mask.kind):
            runs[-1] = (runs[-1][0], mask.line, mask.kind)
        else:
            runs.append((mask.line, mask.line, mask.kind))
    return [f"{first}{f'-{last}' if last > first else ''} {kind}" for first, last, kind in runs]


class PackedFile(msgspec.Struct, frozen=True):
    """A file's place in the prompt; `section` is None and `tokens` 0 for an omitted one."""

    repository: str
    path: str
    blob: str | None
    section: SectionKind | None
    detail: Detail
    tokens: int
    reason: str
    masks: tuple[ShownMask, ...] = ()


@dataclass(frozen=True)
class Frame:
    """The marks of one prompt, chosen so that no packed file holds them.

    `file_tag` names the element around each file; `marker` is the number of `<`, `=` and `>` in the
    lines of an edit block.
    """

    file_tag: str = "file"
    marker: int = 7


@dataclass(frozen=True)
class Prompt:
    """The whole prompt: sections in order, the files in them, and how they were counted.

    `earlier` are the copies that a later one of the same file takes the place of, and tombstones.
    """

    sections: tuple[Section, ...]
    files: tuple[PackedFile, ...]
    frame: Frame
    tokenizer: str
    earlier: tuple[PackedFile, ...] = ()

    @property
    def total_tokens(self) -> int:
        return sum(section.tokens for section in self.sections)

    @property
    def text(self) -> str:
        return "".join(section.text for section in self.sections)

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for section in self.sections:
            for piece in section.pieces:
                digest.update(piece)
        return digest.hexdigest()
