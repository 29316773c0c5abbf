"""What can be asked of a repository: which names are documented how, and what calls what."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from copilot.evals.model import Material
from copilot.evals.plants import is_source
from copilot.structure.definitions import Definition, definitions
from copilot.structure.reading import CALLABLES, TYPES
from copilot.structure.references import references
from copilot.workspace.model import SourceFile

# Parsing takes seconds for a megabyte: of a larger repository a part is read.
_MOST_BYTES = 1_000_000
_LARGEST_FILE = 60_000
_SHORTEST_NAME = 5
_FEWEST_WORDS, _LONGEST_DOC = 4, 160
_FUNCTIONS = frozenset({"function"})


@dataclass(frozen=True)
class Place:
    """Where a definition stands: the file's name with alias, its path, and lines from 1.

    `excerpt` are these lines, with the comments above them; empty where they cannot stand alone.
    """

    file: str
    path: str
    first: int
    last: int
    excerpt: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Documented:
    """A name that its documentation's first line tells from all others."""

    place: Place
    name: str
    kind: str
    words: str

    @property
    def places(self) -> tuple[Place, ...]:
        return (self.place,)


@dataclass(frozen=True)
class Called:
    """A function that calls just one that another file of the repository defines."""

    place: Place
    name: str
    called: str
    home: Place

    @property
    def places(self) -> tuple[Place, ...]:
        return (self.place, self.home)


@dataclass(frozen=True)
class Facts:
    """All that was found, in the order of the files' names."""

    documented: tuple[Documented, ...]
    called: tuple[Called, ...]


@dataclass(frozen=True)
class _Read:
    file: SourceFile
    defined: tuple[Definition, ...]

    @cached_property
    def lines(self) -> list[bytes]:
        return (self.file.data or b"").splitlines(keepends=True)

    def place(self, one: Definition) -> Place:
        """Return where a definition stands."""
        first = one.start_line - 1
        while first and self.lines[first - 1].lstrip().startswith((b"//", b"#")):
            first -= 1
        excerpt = b"".join(self.lines[first : one.end_line])
        is_alone = one.parent is None and one.doc.encode() in excerpt
        place = (self.file.name, self.file.path, first + 1, one.end_line)
        return Place(*place, excerpt if is_alone else b"")

    def documents(self, one: Definition) -> bool:
        """Tell whether documentation is surely a definition's own, not a comment of what is around.

        In Python a docstring alone is, elsewhere the comment above what stands in no function.
        """
        if not self.file.path.endswith((".py", ".pyi")):
            return one.parent not in self._functions
        body = self.lines[one.start_line - 1 : one.end_line]
        found = [line.lstrip() for line in body if one.doc.encode() in line]
        return bool(found) and not found[0].startswith(b"#")

    @cached_property
    def _functions(self) -> frozenset[str]:
        """The dotted names of functions and methods."""
        functions = (each for each in self.defined if each.kind in CALLABLES)
        return frozenset(f"{each.parent}.{each.name}".removeprefix("None.") for each in functions)


_LAST: dict[str, Facts] = {}


def facts_of(material: Material) -> Facts:
    """Return the facts of a repository; those of the last one are kept."""
    if material.sha256 not in _LAST:
        read = [_Read(file, definitions(file.path, file.data or b"")) for file in _read(material)]
        _LAST.clear()
        _LAST[material.sha256] = Facts(tuple(_documented(read)), tuple(_called(read)))
    return _LAST[material.sha256]


def _read(material: Material) -> list[SourceFile]:
    """Return the files that are parsed: as many as can be read soon."""
    files = [
        file
        for file in material.snapshot.files
        if is_source(file.path) and len(file.data or b"") <= _LARGEST_FILE
    ]
    random.Random(material.sha256).shuffle(files)  # noqa: S311 - what is drawn is no secret
    chosen, size = [], 0
    for file in files:
        size += len(file.data or b"")
        if size > _MOST_BYTES:
            break
        chosen.append(file)
    return sorted(chosen, key=lambda file: file.name)


def _documented(read: Iterable[_Read]) -> Iterator[Documented]:
    everything = [(one, each) for one in read for each in one.defined]
    names = Counter(each.name for _, each in everything)
    texts = Counter(each.doc.lower() for _, each in everything)
    for one, each in everything:
        is_known = each.kind in CALLABLES | TYPES and len(each.name) >= _SHORTEST_NAME
        is_only = names[each.name] == 1 and texts[each.doc.lower()] == 1
        if is_known and is_only and _tells(each) and one.documents(each):
            yield Documented(one.place(each), each.name, each.kind, each.doc)


def _tells(one: Definition) -> bool:
    """Tell whether documentation says enough, and not the name."""
    is_long = len(one.doc.split()) >= _FEWEST_WORDS and len(one.doc) <= _LONGEST_DOC
    return is_long and one.name.lower() not in one.doc.lower() and one.name.isidentifier()


def _called(read: Sequence[_Read]) -> Iterator[Called]:
    homes: dict[str, list[Place]] = {}
    for one in read:
        for each in one.defined:
            if each.kind in _FUNCTIONS and each.parent is None:
                homes.setdefault(each.name, []).append(one.place(each))
    for one in read:
        own = Counter(each.name for each in one.defined)
        calls = _calls(one.file)
        for each in one.defined:
            lines = range(each.start_line, each.end_line + 1)
            used = {name for name, line in calls if line in lines and name not in own}
            known = sorted(used & homes.keys())
            is_plain = each.kind in _FUNCTIONS and own[each.name] == 1 and each.name.isidentifier()
            if is_plain and len(known) == 1 and _is_plain(known[0], homes[known[0]]):
                yield Called(one.place(each), each.name, known[0], homes[known[0]][0])


def _is_plain(name: str, homes: Sequence[Place]) -> bool:
    """Tell whether a name can only be that one function."""
    return len(homes) == 1 and len(name) >= _SHORTEST_NAME


def _calls(file: SourceFile) -> list[tuple[str, int]]:
    """Return the names that a file calls as they are, not as a part of something; with lines."""
    data = file.data or b""
    lines = data.decode().split("\n")
    uses = [use for use in references(file.path, data) if use.kind == "call"]
    return [(use.name, use.line) for use in uses if _is_bare(use.name, lines[use.line - 1])]


def _is_bare(name: str, line: str) -> bool:
    return name.isidentifier() and bool(re.search(rf"(?<![\w.:>]){name}\s*\(", line))
