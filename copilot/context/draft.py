"""Files of a prompt to be: counted as they are read, then laid out one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

import msgspec
from msgspec import structs

from copilot.cache import Cache, key_of
from copilot.context.bodies import UNKNOWN, Bodies, Body, count_kept
from copilot.context.counting import counter_of
from copilot.context.entries import Entry, Shape, foot_of, head_of, mark_line, path_of, pieces_of
from copilot.context.frame import choose_frame, is_taken, marks_in
from copilot.context.model import Frame
from copilot.context.tokens import DEFAULT_TOKENIZER
from copilot.workspace.model import SourceFile


class Copy(msgspec.Struct, frozen=True):
    """A file at a level of detail: what stands for it in a prompt, and its body's key.

    `source` names the text that it was made from.
    """

    file: SourceFile
    shape: Shape
    key: bytes = b""
    source: str = ""


# How far the mark in the middle may be from there, as a share of the tokens.
_NEAR = 0.2
# The tokens of so many copies are kept together.
_CROWD = 256
# An entry and its bytes in pieces.
Laid: TypeAlias = "tuple[Entry, tuple[bytes, ...]]"


class Draft:
    """Counts texts in another process while more of them are read. To be closed."""

    def __init__(self, tokenizer: str = DEFAULT_TOKENIZER, cache: Cache | None = None) -> None:
        self.tokenizer = tokenizer
        self._cache = cache or Cache()
        self._counter = counter_of(tokenizer)
        self._bodies = Bodies(self._counter, tokenizer, self._cache)
        # The tokens of copies by name, shape, key and tag, once they are known.
        self._sizes: dict[tuple[str, Shape, bytes, str], int] = {}

    def start(self) -> None:
        """Begin to load the vocabulary, as something is going to be counted."""
        self._counter.start(self._cache.folder)

    def start_for_few(self) -> None:
        """Begin to load the vocabulary if not even a few texts can be counted without it."""
        if not self._counter.can_count_few(self._cache.folder):
            self.start()

    def close(self) -> None:
        """End the process that counts; it can be started again."""
        self._counter.close()

    def copies(self, files: Sequence[SourceFile], shape: Shape = Shape.FULL) -> list[Copy]:
        """Have texts counted and return their copies; each has its data."""
        keys = self._bodies.add(files)
        return [
            Copy(file, shape, key, file.content or "")
            for file, key in zip(files, keys, strict=True)
        ]

    def known(self, files: Sequence[SourceFile]) -> list[bool]:
        """Tell of each file whether its tokens are known without its text."""
        return self._bodies.known(files)

    def know(self, bodies: Mapping[bytes, Body]) -> None:
        """Take bodies that were counted before, by the keys of copies."""
        self._bodies.know(bodies)

    def bodies(self, keys: Sequence[bytes]) -> list[Body]:
        """Return the bodies of copies by their keys."""
        made = self._bodies.all()
        return [made[key] for key in keys]

    def finish(self) -> None:
        """Count what is still to be counted."""
        self._bodies.all()

    def frame(self, names: Sequence[str]) -> Frame:
        """Return marks that none of the texts holds, nor any of these names."""
        joined = "\n".join(names).encode(errors="replace")
        bodies = self._bodies.all().values()
        return choose_frame([*(body.marks for body in bodies), marks_in(joined)])

    def fits(self, frame: Frame, names: Sequence[str]) -> bool:
        """Tell whether a frame's marks are in none of the texts, nor in any of these names."""
        joined = "\n".join(names).encode(errors="replace")
        marks = [*(body.marks for body in self._bodies.all().values()), marks_in(joined)]
        return not any(is_taken(frame, some) for some in marks)

    def tokens(self, copies: Sequence[Copy], frame: Frame) -> list[int]:
        """Return the tokens that each copy takes in a prompt."""
        about = [(copy.file.name, copy.shape, copy.key, frame.file_tag) for copy in copies]
        found = [tokens for one in about if (tokens := self._sizes.get(one)) is not None]
        if len(found) == len(copies):
            return found
        made = self._kept_tokens(copies, frame)
        if max(made) < UNKNOWN.rest_tokens:
            self._sizes.update(zip(about, made, strict=True))
        return made

    def _kept_tokens(self, copies: Sequence[Copy], frame: Frame) -> list[int]:
        if len(copies) < _CROWD:
            return self._tokens(copies, frame)
        # All keys are of one length, but those of copies without a text, which are empty.
        bodies = b"".join([copy.key for copy in copies]).hex()
        shapes = " ".join([copy.shape for copy in copies])
        names = "\0".join([copy.file.name for copy in copies])
        about = (self.tokenizer, frame.file_tag, bodies, shapes, names)
        key = key_of("tokens of all", *about)
        if kept := self._cache.get([key]).get(key):
            return msgspec.msgpack.decode(kept, type=list[int])
        made = self._tokens(copies, frame)
        if max(made) < UNKNOWN.rest_tokens:
            self._cache.put({key: msgspec.msgpack.encode(made)}, soon=False)
        return made

    def _tokens(self, copies: Sequence[Copy], frame: Frame) -> list[int]:
        bodies = self._bodies.all()
        heads = [
            head_of(copy.file.name, copy.shape, frame)
            + (bodies[copy.key].lead if copy.key else b"")
            for copy in copies
        ]
        foot, *counts = self.counts([foot_of(frame), *heads])
        return [
            head + (bodies[copy.key].rest_tokens + foot if copy.key else 0)
            for head, copy in zip(counts, copies, strict=True)
        ]

    def counts(self, texts: Sequence[bytes]) -> list[int]:
        """Return the tokens of each text by itself."""
        return count_kept(texts, self._counter, self.tokenizer, self._cache)

    def lay(self, copies: Sequence[Copy], frame: Frame) -> list[Laid]:
        """Return the entry and the bytes of each copy; those that show a text have it."""
        tokens = self.tokens(copies, frame)
        return [_laid(*pair, frame) for pair in zip(copies, tokens, strict=True)]

    def with_marks(
        self, laid: Sequence[Laid], words: Sequence[str], frame: Frame, behind: bytes = b""
    ) -> list[Laid]:
        """Return the entries with a truncation mark before them and one in their middle.

        That is where the file of the path `behind` ends, if it ends near there.
        """
        lines = [mark_line(word, frame) for word in words[:2]]
        head, middle = (
            (Entry(b"", Shape.MARK, word, tokens, len(line), len(line)), (line,))
            for word, line, tokens in zip(words, lines, self.counts(lines), strict=False)
        )
        half = _half(laid, behind)
        return [head, *laid[:half], middle, *laid[half:]]


def gone(name: str) -> Copy:
    """Return a tombstone."""
    alias, _, path = name.partition("/")
    return Copy(SourceFile(alias, path, None, "deleted"), Shape.DELETED)


def dropped(copy: Copy) -> Copy:
    """Return a copy without its text."""
    return structs.replace(copy, file=copy.file.without_data())


def _laid(copy: Copy, tokens: int, frame: Frame) -> Laid:
    file, data = copy.file, copy.file.data
    head = head_of(file.name, copy.shape, frame)
    shows = copy.shape in {Shape.FULL, Shape.OUTLINE}
    pieces = tuple(pieces_of(head, data or b"", frame)) if shows else (head,)
    size = sum(map(len, pieces))
    entry = Entry(path_of(file), copy.shape, copy.source, tokens, size, len(head), file.blob)
    return entry, pieces


def _half(laid: Sequence[Laid], behind: bytes) -> int:
    """Return the place at which half of the tokens have gone, or the one behind a file near it."""
    sums = list(accumulate(entry.tokens for entry, _ in laid))
    for at, ((entry, _), tokens) in enumerate(zip(laid, sums, strict=True)):
        if entry.path == behind and abs(tokens / sums[-1] - 0.5) <= _NEAR:
            return at + 1
    return next((n + 1 for n, tokens in enumerate(sums) if 2 * tokens >= sums[-1]), 0)
