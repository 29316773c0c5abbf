"""What each file of a repository defines and uses: on all cores, and each content only once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Self

import msgspec

from copilot.cache import Cache
from copilot.structure.derived import Begun, Derived, Source
from copilot.structure.embedded import parse
from copilot.structure.grammars import grammar_of
from copilot.structure.names import FileSymbols, defined_in
from copilot.structure.outline import grammar_to_read, outline_of
from copilot.structure.outliner import RULES as OUTLINE_RULES
from copilot.structure.outliner import packed
from copilot.structure.reading import Found, Reading, read_parsed
from copilot.structure.references import Reference, references_in
from copilot.workers import MOST_SECONDS
from copilot.workspace.model import SourceFile

__all__ = ["FileSymbols", "SymbolReader", "defined_in", "packed_both", "packed_symbols"]

# The version is raised with every change of the queries or of what is kept of a file.
RULES = ("symbols", "2")
# Nothing refers to the keys and headings of these by name.
_NAMELESS = frozenset({"json", "markdown", "toml", "yaml"})
_NAMELESS_KINDS = frozenset({"element", "heading", "impl", "key"})
_SEPARATORS = re.compile(r"[.:\\/#]+")
_LONGEST_NAME, _LONGEST_IMPORT = 100, 2000


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(FileSymbols)


class SymbolReader(AbstractContextManager["SymbolReader"]):
    """Reads files in other processes. To be entered before threads start: see `Workers`.

    With `outlines`, an outline is made of each text at once and kept where an `Outliner` finds it.
    """

    def __init__(
        self,
        cache: Cache,
        processes: int | None = None,
        most_seconds: float = MOST_SECONDS,
        *,
        outlines: bool = False,
    ) -> None:
        work = packed_both if outlines else packed_symbols
        rules = [RULES, OUTLINE_RULES] if outlines else [RULES]
        self._all_languages = outlines
        self._derived = Derived(work, rules, cache, processes, most_seconds)
        self._begun: list[Begun] = []
        self._found: dict[str, FileSymbols] = {}

    def __enter__(self) -> Self:
        self._derived.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._derived.__exit__()

    def add(self, files: Sequence[SourceFile]) -> list[str]:
        """Take files, and return the names of those that must be read to know their symbols."""
        begun = self._derived.begin([file for file in files if self._is_wanted(file)])
        self._begun.append(begun)
        for one in [one for one in self._begun if one.is_done()]:
            self._finish(one)
        while self._derived.is_busy(self._begun):
            self._finish(self._begun[0])
        return [file.name for file in begun.unknown()]

    def all(self) -> dict[str, FileSymbols]:
        """Return the symbols of all files by name with alias, sorted.

        A file that no grammar reads, or that breaks its grammar, has none.
        """
        while self._begun:
            self._finish(self._begun[0])
        return dict(sorted(self._found.items()))

    def _is_wanted(self, file: SourceFile) -> bool:
        grammar = grammar_of(file.path)
        return grammar is not None and (self._all_languages or grammar.language not in _NAMELESS)

    def _finish(self, begun: Begun) -> None:
        self._begun.remove(begun)
        for file, results in zip(begun.files, self._derived.finish(begun), strict=True):
            if results and results[0]:
                self._found[file.name] = _DECODER.decode(results[0])


def packed_symbols(sources: Sequence[Source]) -> list[tuple[bytes]]:
    """Return each text's `FileSymbols`, encoded; a grammar reads all of them."""
    return [(_ENCODER.encode(_read(path, data)[0]),) for path, data in sources]


def packed_both(sources: Sequence[Source]) -> list[tuple[bytes, bytes]]:
    """Return each text's `FileSymbols` and its outline."""
    made = ((_read(path, data), data.decode()) for path, data in sources)
    return [
        (_ENCODER.encode(symbols), packed(outline_of(reading, text).text))
        for (symbols, reading), text in made
    ]


def _read(path: str, data: bytes) -> tuple[FileSymbols, Reading]:
    grammar = grammar_to_read(path, data)
    if grammar is None:
        return FileSymbols("", (), (), ()), Reading((), (), ())
    parts = parse(grammar, data)
    reading = read_parsed(parts, data)
    if grammar.language in _NAMELESS:
        return FileSymbols(grammar.language, (), (), ()), reading
    uses = references_in(parts, grammar, data)
    found = FileSymbols(grammar.language, _defined(reading.found), _used(uses), _imported(uses))
    return found, reading


def _defined(found: Iterable[Found]) -> tuple[tuple[str, str], ...]:
    named = ((_plain(one.name), one.kind) for one in found if one.kind not in _NAMELESS_KINDS)
    return tuple(sorted({(name, kind) for name, kind in named if name}))


def _used(references: Iterable[Reference]) -> tuple[tuple[str, int], ...]:
    counts = Counter(_plain(one.name) for one in references if one.kind != "import")
    return tuple(sorted((name, count) for name, count in counts.items() if name))


def _imported(references: Iterable[Reference]) -> tuple[str, ...]:
    names = {one.name for one in references if one.kind == "import"}
    return tuple(sorted(name for name in names if 0 < len(name) <= _LONGEST_IMPORT))


def _plain(name: str) -> str:
    """Return a name without what qualifies it, "" if it is none."""
    last = name if name.isidentifier() else _SEPARATORS.split(name)[-1].strip("&*?!()")
    return "" if len(last) > _LONGEST_NAME or " " in last else last
