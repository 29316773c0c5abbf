"""The functions of a repository that a search can be about, with what is told of each."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from copilot.evals.described import Told, told_of_python, told_of_signature
from copilot.evals.model import Material
from copilot.evals.pythonic import parsed
from copilot.structure.definitions import Definition, definitions
from copilot.workspace.model import SourceFile

MOST_BYTES = 2000
BINS = 64
CALLABLES = frozenset({"function", "method", "constructor"})
# A file with more is generated, or data.
_MOST_FILE_BYTES = 1_000_000
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Candidate:
    """A function with a name of its own; `start` is its first byte in the file, `bin` its place.

    A bin is one of 64 equal parts of all the repository's bytes.
    """

    file: SourceFile = field(repr=False)
    defined: Definition = field(repr=False)
    start: int
    text: str = field(repr=False)
    bin: int = 0

    @cached_property
    def told(self) -> Told | None:
        """What is told of it, None where that is not enough to tell it from others."""
        one = self.defined
        if not self.file.path.endswith(".py"):
            lines = one.end_line - one.start_line + 1
            told = told_of_signature(one.name, one.signature, one.doc, lines)
            return told if told.is_enough else None
        tree = parsed(self.file.data or b"")
        nodes = (node for node in ast.walk(tree) if isinstance(node, _Function)) if tree else ()
        node = next((node for node in nodes if node.name == one.name), None)
        if tree is None or node is None:
            return None
        python = told_of_python(node, tree, is_method=one.kind == "method")
        return python if python.is_enough else None


_kept: dict[str, tuple[Candidate, ...]] = {}


def candidates_of(material: Material) -> tuple[Candidate, ...]:
    """Return the functions that a search can be about; those of the last material are kept."""
    if material.sha256 not in _kept:
        _kept.clear()
        _kept[material.sha256] = tuple(_found(material.snapshot.files))
    return _kept[material.sha256]


def _found(files: Sequence[SourceFile]) -> Iterator[Candidate]:
    """Yield them in the order of the files."""
    names: Counter[str] = Counter()
    found: list[Candidate] = []
    total, before = sum(len(file.data or b"") for file in files) or 1, 0
    for file in files:
        data = file.data or b""
        if len(data) <= _MOST_FILE_BYTES:
            defined = [one for one in definitions(file.path, data) if one.kind in CALLABLES]
            names.update(one.name for one in defined)
            found += _of_file(file, data, defined, before, total)
        before += len(data)
    yield from (one for one in found if names[one.defined.name] == 1)


def _of_file(
    file: SourceFile, data: bytes, defined: Sequence[Definition], before: int, total: int
) -> Iterator[Candidate]:
    lines = data.split(b"\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    for one in defined:
        start = starts[one.start_line - 1]
        text = b"\n".join(lines[one.start_line - 1 : one.end_line]) + b"\n"
        is_special = one.name.startswith("__") or file.masks
        if len(text) <= MOST_BYTES and not is_special:
            place = (before + start) * BINS // total
            yield Candidate(file, one, start, text.decode(), place)
