"""Outlines of whole repositories: on all cores, and each content only once."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Self

from msgspec import structs

from copilot.cache import Cache
from copilot.structure.derived import BROKEN, Begun, Derived, Source
from copilot.structure.outline import outline
from copilot.workers import MOST_SECONDS
from copilot.workspace.model import Part, SourceFile

# The version is raised with every change of the queries or of what an outline keeps.
RULES = ("outline", "2")
# An outline that is hardly shorter may well take more tokens.
_WORTH_IT = 0.9


@dataclass(frozen=True)
class OutlinedPart:
    """A part whose files hold outlines where `names` has their name, because they are shorter."""

    part: Part
    names: frozenset[str]


class Outliner(AbstractContextManager["Outliner"]):
    """Makes outlines in other processes. To be entered before threads start: see `Workers`."""

    def __init__(
        self, cache: Cache, processes: int | None = None, most_seconds: float = MOST_SECONDS
    ) -> None:
        self._derived = Derived(packed_outlines, [RULES], cache, processes, most_seconds)

    def __enter__(self) -> Self:
        self._derived.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._derived.__exit__()

    def outlined(self, parts: Iterable[Part]) -> Iterator[OutlinedPart]:
        """Put an outline in the place of each text that a grammar reads, in the order given.

        A text that breaks its grammar stays whole, and its reason says so.
        """
        waiting: deque[tuple[Part, Begun]] = deque()
        for part in parts:
            waiting.append((part, self._derived.begin(part.files)))
            while waiting and (
                waiting[0][1].is_done() or self._derived.is_busy(begun for _, begun in waiting)
            ):
                yield self._finish(*waiting.popleft())
        while waiting:
            yield self._finish(*waiting.popleft())

    def _finish(self, part: Part, begun: Begun) -> OutlinedPart:
        found = zip(part.files, begun.keys, self._derived.finish(begun), strict=True)
        files = tuple(_outlined(file, keys, results) for file, keys, results in found)
        pairs = zip(files, part.files, strict=True)
        names = frozenset(file.name for file, whole in pairs if file.data is not whole.data)
        return OutlinedPart(replace(part, files=files), names)


def packed_outlines(sources: Sequence[Source]) -> list[tuple[bytes]]:
    """Return the outline of each text, compressed; a grammar reads all of them."""
    return [(packed(_outline(path, data.decode())),) for path, data in sources]


def packed(outlined: str) -> bytes:
    """Return an outline as it is kept."""
    return zlib.compress(outlined.encode(), 1)


def _outline(path: str, text: str) -> str:
    made = outline(path, text)
    return text if made is None else made.text


def _outlined(
    file: SourceFile, keys: tuple[bytes, ...] | None, results: tuple[bytes, ...] | None
) -> SourceFile:
    """Return a file with its outline, as it is where there is none or it is not worth it."""
    if keys is None or results is None or file.data is None:
        return file
    (key,), (kept,) = keys, results
    if kept == BROKEN:
        return structs.replace(file, reason=f"{file.reason}; in full: its grammar cannot read it")
    data = zlib.decompress(kept)
    if len(data) > _WORTH_IT * len(file.data):
        return file
    masks = tuple(mask for mask in file.masks if mask.placeholder.encode() in data)
    return structs.replace(file, data=data, content=f"outline {key.hex()}", masks=masks)
