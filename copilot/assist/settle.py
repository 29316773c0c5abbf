"""Blocks of a constrained reply that can stand beside each other.

A grammar holds each block to a place of its own, but cannot tell what other blocks took.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from copilot.edits.operations import Create, Operation, Overwrite, Rename, Replace, Reply
from copilot.edits.works import named_paths


@dataclass(frozen=True)
class Settled:
    """A reply whose blocks can stand beside each other; `left_out` says which others it had.

    `idle` are those that change nothing, and could stand beside each other if they did.
    """

    reply: Reply
    left_out: tuple[str, ...] = ()
    idle: tuple[Replace, ...] = ()


def settle(reply: Reply, texts: Mapping[str, str]) -> Settled:
    """Leave out blocks that change nothing, and those that clash with one before them.

    `texts` are those of the files, by the paths of the reply.
    """
    taken, idle_taken = _Taken(texts), _Taken(texts)
    kept: list[Operation] = []
    left_out: list[str] = []
    idle: list[Replace] = []
    for operation in reply.operations:
        is_idle = isinstance(operation, Replace) and operation.search == operation.replace
        why = "changes nothing" if is_idle else taken.clash(operation)
        if why:
            left_out.append(f"line {operation.line} of the reply: {why}")
        else:
            kept.append(operation)
            taken.add(operation)
        if is_idle and isinstance(operation, Replace) and not idle_taken.clash(operation):
            idle.append(operation)
            idle_taken.add(operation)
    return Settled(replace(reply, operations=tuple(kept)), tuple(left_out), tuple(idle))


class _Span(NamedTuple):
    """What a block takes of its file's text, in characters, and its line of the reply."""

    start: int
    stop: int
    line: int


@dataclass
class _Taken:
    """What blocks have taken: parts of texts, names, and folders above names that are new."""

    texts: Mapping[str, str]
    spans: dict[str, list[_Span]] = field(default_factory=dict)
    names: dict[str, Operation] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)

    def add(self, operation: Operation) -> None:
        if _writes_text(operation):
            self.spans.setdefault(_folded(operation.path), []).append(self._span(operation))
            return
        for name in map(_folded, named_paths(operation)):
            self.names[name] = operation
        if (new := _new_name(operation)) is not None:
            self.folders.update(dict.fromkeys(_above(new), operation.line))

    def clash(self, operation: Operation) -> str:
        """Return why a block cannot stand beside those before it, or an empty string."""
        if _writes_text(operation):
            return self._text_clash(operation)
        for name in map(_folded, named_paths(operation)):
            if name in self.names:
                return _beside(self.names[name].line)
            if name in self.spans and not isinstance(operation, Rename):
                return _beside(self.spans[name][0].line)
        new = _new_name(operation)
        return self._folder_clash(new) if new is not None else ""

    def _text_clash(self, operation: Operation) -> str:
        owner = self.names.get(_folded(operation.path))
        if owner is not None and not isinstance(owner, Rename):
            return _beside(owner.line)
        start, stop, _ = self._span(operation)
        for other in self.spans.get(_folded(operation.path), ()):
            if start < other.stop and other.start < stop:
                return f"overlaps the block at line {other.line}"
        return ""

    def _folder_clash(self, new: str) -> str:
        if new in self.folders:
            return _beside(self.folders[new])
        owners = (self.names[name] for name in _above(new) if name in self.names)
        return next((_beside(owner.line) for owner in owners), "")

    def _span(self, operation: Operation) -> _Span:
        """Return what is taken of the text: lines, or all; nothing if it has no place."""
        text = self.texts.get(operation.path, "")
        if not isinstance(operation, Replace):
            return _Span(0, len(text) + 1, operation.line)
        start = f"\n{text}".find(f"\n{operation.search}")
        length = len(operation.search) if start >= 0 else 0
        return _Span(max(start, 0), max(start, 0) + length, operation.line)


def _writes_text(operation: Operation) -> bool:
    return isinstance(operation, Replace | Overwrite)


def _new_name(operation: Operation) -> str | None:
    if isinstance(operation, Create):
        return _folded(operation.path)
    return _folded(operation.new_path) if isinstance(operation, Rename) else None


def _above(name: str) -> Iterator[str]:
    """Yield the folders that a file lies in."""
    end = name.rfind("/")
    while end > 0:
        yield name[:end]
        end = name.rfind("/", 0, end)


def _folded(name: str) -> str:
    """Return what is equal for names that some disks take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _beside(line: int) -> str:
    return f"cannot stand beside the block at line {line}"
