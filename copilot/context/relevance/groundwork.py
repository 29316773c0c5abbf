"""What holds of the same files for every task: made once, kept, and read as far as a task needs it.

Files go by their places among their names, sorted. Numbers are in the machine's own order of bytes:
they stay on the machine that wrote them.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from copilot.cache import Cache
from copilot.context.relevance.graph import GRAPH_VERSION, Graph, centrality, reference_graph
from copilot.context.relevance.model import Signal
from copilot.context.relevance.tests_of import tests_of
from copilot.context.relevance.words import word_hash
from copilot.structure.names import FileSymbols, defined_in

# Raised with every change of what is kept, and of which tests belong to which file.
GROUNDWORK_VERSION = f"1.{GRAPH_VERSION}"
_SHELVES = 256
_LEVEL = 1


class Definers(Mapping[str, Sequence[str]]):
    """The files that define a name, by name; only those shelves are unpacked that are asked for."""

    def __init__(self, shelves: Sequence[bytes], files: Sequence[str]) -> None:
        self.shelves = tuple(shelves)
        self._files = files
        self._unpacked: dict[int, dict[str, list[int]]] = {}

    def __getitem__(self, name: str) -> Sequence[str]:
        shelf = self._shelf(word_hash(name) % _SHELVES)
        return [self._files[place] for place in shelf[name]]

    def __iter__(self) -> Iterator[str]:
        for number in range(len(self.shelves)):
            yield from self._shelf(number)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _shelf(self, number: int) -> dict[str, list[int]]:
        if number not in self._unpacked:
            self._unpacked[number] = _SHELF.decode(zlib.decompress(self.shelves[number]))
        return self._unpacked[number]


_SHELF = msgspec.msgpack.Decoder(dict[str, list[int]])


@dataclass(frozen=True)
class Groundwork:
    """The names of all files, sorted; who defines what, who uses whom, and which tests belong."""

    names: tuple[str, ...]
    definers: Definers
    graph: Graph
    centrality: Signal
    tests: Mapping[str, tuple[str, ...]]


class _Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Groundwork with places for names; `ranked` are those that `scores` belong to."""

    shelves: list[bytes]
    in_graph: bytes
    edges: bytes
    ranked: bytes
    scores: bytes
    tests: list[tuple[int, list[int]]]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Kept)


def groundwork_of(
    names: Sequence[str], symbols: Mapping[str, FileSymbols], cache: Cache
) -> Groundwork:
    """Look at the names of files, and at the symbols of some of them."""
    files = tuple(sorted({*names, *symbols}))
    graph = reference_graph(symbols, cache)
    definers = Definers(_shelved(symbols, _places(files)), files)
    return Groundwork(files, definers, graph, centrality(graph), tests_of(names))


def _shelved(symbols: Mapping[str, FileSymbols], places: Mapping[str, int]) -> list[bytes]:
    shelves: list[dict[str, list[int]]] = [{} for _ in range(_SHELVES)]
    for name, definers in sorted(defined_in(symbols).items()):
        shelves[word_hash(name) % _SHELVES][name] = [places[file] for file in definers]
    return [zlib.compress(_ENCODER.encode(shelf), _LEVEL) for shelf in shelves]


def pack_groundwork(found: Groundwork) -> bytes:
    """Return all but the names as bytes."""
    places = _places(found.names)
    scores = found.centrality.scores
    tests = [(places[name], [places[one] for one in some]) for name, some in found.tests.items()]
    kept = _Kept(
        list(found.definers.shelves),
        array("I", [places[name] for name in found.graph.names]).tobytes(),
        found.graph.packed,
        array("I", [places[name] for name in scores]).tobytes(),
        array("d", scores.values()).tobytes(),
        tests,
    )
    return _ENCODER.encode(kept)


def unpack_groundwork(packed: bytes, names: Sequence[str]) -> Groundwork:
    """Return what was packed, of files of the same names in any order."""
    kept = _DECODER.decode(packed)
    files = tuple(sorted(set(names)))
    scores = array("d", kept.scores)
    return Groundwork(
        files,
        Definers(kept.shelves, files),
        Graph(_names(kept.in_graph, files), kept.edges),
        Signal("centrality", dict(zip(_names(kept.ranked, files), scores, strict=True))),
        {files[place]: tuple(files[one] for one in some) for place, some in kept.tests},
    )


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _names(places: bytes, files: Sequence[str]) -> tuple[str, ...]:
    return tuple(files[place] for place in array("I", places))
