"""Lines that hold one of some words, looked for in a kept base: it has the texts of most files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from copilot.assist.read import read_texts
from copilot.assist.reviewing.shown import Side, side_of
from copilot.assist.scope import Scope
from copilot.context.entries import foot_of, latest, path_of
from copilot.context.frozen import Frozen
from copilot.workspace.model import SourceFile

# More files that a base lacks, or has otherwise, are searched by git in less time.
_MOST_READ = 100
# As git has it for whole words.
_OF_WORDS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


@dataclass(frozen=True)
class Span:
    """Where the text of a file stands in a base, in bytes; both masked."""

    file: SourceFile
    start: int
    end: int


@dataclass(frozen=True)
class ShownBase:
    """The bytes of a base, the texts in it that are as they are read now, and all other files."""

    data: bytes
    spans: tuple[Span, ...]
    others: tuple[SourceFile, ...]

    def lines_with(
        self, words: Collection[str], scope: Scope, most: int
    ) -> tuple[dict[str, list[int]], dict[str, Side]]:
        """Return the lines of each file that hold a word, and the texts of these files, by path.

        Of words in the base, `most` are looked at. Raises ReadIncomplete.
        """
        found: dict[str, list[int]] = {}
        sides: dict[str, Side] = {}
        lacking = list(self.others)
        for span, hits in self._hits(words, most):
            if span.file.masks:
                # A secret of many lines is one there.
                lacking.append(span.file)
            else:
                found[span.file.path] = list(self._numbers(span, hits))
                sides[span.file.path] = side_of(self.data[span.start : span.end].decode())
        for file in read_texts(lacking, scope):
            side = side_of(file.text or "", file.masks)
            lines = [n for n, text in side.lines.items() if any(word in text for word in words)]
            if lines:
                found[file.path], sides[file.path] = lines, side
        return found, sides

    def _hits(self, words: Collection[str], most: int) -> Iterator[tuple[Span, list[int]]]:
        """Yield the places where words stand in each text, in their order."""
        hits: list[int] = []
        for word in words:
            hits += self._places(word.encode(), most - len(hits))
        hits.sort()
        at = 0
        for span in self.spans:
            while at < len(hits) and hits[at] < span.start:
                at += 1
            first = at
            while at < len(hits) and hits[at] < span.end:
                at += 1
            if first < at:
                yield span, hits[first:at]

    def _places(self, word: bytes, most: int) -> list[int]:
        places: list[int] = []
        at = self.data.find(word)
        while at >= 0 and len(places) < most:
            end = at + len(word)
            if not _OF_WORDS.intersection(self.data[at - 1 : at] + self.data[end : end + 1]):
                places.append(at)
            at = self.data.find(word, end)
        return places

    def _numbers(self, span: Span, hits: Sequence[int]) -> Iterator[int]:
        """Yield the number of each line, from 1, that holds a hit."""
        number, last, begun = 1, 0, span.start
        for hit in hits:
            number += self.data.count(b"\n", begun, hit)
            begun = hit
            if number != last:
                yield number
            last = number


def shown_base(frozen: Frozen, files: Mapping[str, SourceFile]) -> ShownBase | None:
    """Return what a base shows of these texts, by path; None if too many are not there."""
    last = latest(frozen.entries)
    by_path = {path_of(file): file for file in files.values()}
    foot = len(foot_of(frozen.record.frame))
    spans = []
    start = frozen.record.rules_size
    for entry in frozen.entries:
        file = by_path.get(entry.path)
        is_it = file and entry.is_full and entry.source == file.content
        if file and is_it and last[entry.path] is entry:
            spans.append(Span(file, start + entry.head, start + entry.size - foot))
            del by_path[entry.path]
        start += entry.size
    if len(by_path) > _MOST_READ:
        return None
    data = b"".join((*frozen.pieces, frozen.record.overlay_data))
    return ShownBase(data, tuple(spans), tuple(by_path.values()))
