"""What stands between the rules and the task: one entry after another, each ending its last line.

An entry is a copy of a file, the word that a file is gone, or a truncation mark.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

from copilot.context.model import Frame
from copilot.text import visible
from copilot.workspace.model import SourceFile

# json.dumps makes such an encoder for every call.
_AS_JSON = json.JSONEncoder(ensure_ascii=False)


class Shape(StrEnum):
    """What an entry is: a file at a level of detail, a tombstone, or a truncation mark."""

    FULL = "full"
    OUTLINE = "outline"
    PATH = "path"
    DELETED = "deleted"
    MARK = "mark"


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry: `path` is a file's name with alias as the system has it, empty for a mark.

    `source` names the text it was made from, `tokens` and `size` (in bytes) are those of the whole
    entry, `head` those of its first line in bytes.
    """

    path: bytes
    shape: Shape
    source: str
    tokens: int
    size: int
    head: int = 0
    blob: str | None = None

    @property
    def name(self) -> str:
        return os.fsdecode(self.path)

    @property
    def is_full(self) -> bool:
        return self.shape is Shape.FULL

    @property
    def shows_text(self) -> bool:
        return self.shape is Shape.FULL or self.shape is Shape.OUTLINE


def head_of(name: str, shape: Shape, frame: Frame) -> bytes:
    """Return the first line of an entry, the only one of a file without text."""
    about = f' detail="{shape}"' if shape is not Shape.FULL else ""
    end = "/" if shape is Shape.PATH or shape is Shape.DELETED else ""
    return f"<{frame.file_tag} path={quoted(name)}{about}{end}>\n".encode()


def foot_of(frame: Frame) -> bytes:
    return f"</{frame.file_tag}>\n".encode()


def pieces_of(head: bytes, data: bytes, frame: Frame) -> Iterator[bytes]:
    """Yield a file between its boundary marks; its last line always ends."""
    yield head
    if data:
        yield data
    yield foot_of(frame) if not data or data.endswith(b"\n") else b"\n" + foot_of(frame)


def mark_line(word: str, frame: Frame) -> bytes:
    """Return a truncation mark; its name differs from the files' tag as that is in no file."""
    return f"<{frame.file_tag}-mark {word}>\n".encode()


def latest(entries: Iterable[Entry]) -> dict[bytes, Entry]:
    """Return the last entry of each file, which is the one that counts."""
    return {entry.path: entry for entry in entries if entry.path}


def superseded(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of files that a later one takes the place of, or that are gone."""
    last = latest(entries)
    return [
        entry
        for entry in entries
        if entry.path and (last[entry.path] is not entry or entry.shape is Shape.DELETED)
    ]


def path_of(file: SourceFile) -> bytes:
    return os.fsencode(file.name)


def paths_of(files: Iterable[SourceFile]) -> list[bytes]:
    """Return the same of many files, at once."""
    names = "\0".join([f"{file.repository}/{file.path}" for file in files])
    return os.fsencode(names).split(b"\0") if names else []


def quoted(name: str) -> str:
    """Return a path in double quotes on one line, its special characters escaped."""
    if name.isascii() and name.isprintable() and '"' not in name and "\\" not in name:
        return f'"{name}"'
    return _AS_JSON.encode(visible(name))
