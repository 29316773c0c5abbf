"""Which file uses what another one defines, and what follows from that for all of them.

Files are ranked by PageRank (Page et al., 1998) over these references, and near some of them by
its personalised form.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from copilot.cache import Cache, key_of
from copilot.context.relevance.imports import Importer, family_of, stands_for_folder
from copilot.context.relevance.model import Signal
from copilot.context.relevance.seeds import NOISE, best_seeds
from copilot.structure.names import FileSymbols

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Raised with every change of what makes an edge.
GRAPH_VERSION = "2"
_SHORTEST_NAME = 3
_MOST_DEFINERS = 10
_IMPORT_WEIGHT = 0.3
_BACK = 0.7
_MOST_SEEDS = 10
# What is defined so is used through what holds it.
_UNUSED_KINDS = frozenset({"column", "field", "option"})
# Files of one folder see each other's names.
_BY_FOLDER = frozenset({"csharp", "go", "java", "kotlin", "scala", "swift"})
_LAST = chr(sys.maxunicode)
_DIGITS = 6
_DAMPING = 0.6
_MOST_TURNS = 500
# The ranks of all files together are known to their number times as much.
_TOLERANCE = 1e-14
_EDGE_BYTES = 16

Edge = tuple[int, int, float]
# Users and definers by their places, and the weights of edges.
Arrays: TypeAlias = "tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]"


@dataclass(frozen=True)
class Graph:
    """Files by name with alias, sorted, and edges between their places.

    `packed` holds the edges, sorted by user and definer, in the machine's own order of bytes: all
    users and definers in 32 bits, then all weights in 64.
    """

    names: tuple[str, ...]
    packed: bytes = b""

    @classmethod
    def of(cls, names: Sequence[str], edges: Sequence[Edge]) -> Graph:
        """Make a graph of names and of edges: user, definer, weight."""
        ends = array("I", [by for by, _, _ in edges] + [to for _, to, _ in edges])
        weights = array("d", [weight for _, _, weight in edges])
        return cls(tuple(names), ends.tobytes() + weights.tobytes())

    @property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(zip(*(one.tolist() for one in self.arrays), strict=True))

    @cached_property
    def arrays(self) -> Arrays:
        import numpy as np

        count = len(self.packed) // _EDGE_BYTES
        ends = np.frombuffer(self.packed, np.uint32, 2 * count).astype(np.intp)
        return ends[:count], ends[count:], np.frombuffer(self.packed, np.float64, -1, 8 * count)

    def place(self, name: str) -> int | None:
        place = bisect_left(self.names, name)
        return place if self.names[place : place + 1] == (name,) else None


def reference_graph(symbols: Mapping[str, FileSymbols], cache: Cache) -> Graph:
    """Return the graph of the files' references to one another."""
    names = tuple(sorted(symbols))
    told = msgspec.msgpack.encode([(os.fsencode(name), symbols[name]) for name in names])
    key = key_of("references", GRAPH_VERSION, hashlib.sha256(told).hexdigest())
    if kept := cache.get([key]).get(key):
        return Graph(names, zlib.decompress(kept))
    graph = Graph.of(names, _edges(names, symbols))
    cache.put({key: zlib.compress(graph.packed, 1)})
    return graph


def centrality(graph: Graph) -> Signal:
    """Score files by how much of the rest rests on them."""
    return Signal("centrality", _scaled(graph, _gained(len(graph.names), graph.arrays, {})))


def near(graph: Graph, seeds: Mapping[str, float]) -> Signal:
    """Score files by how closely references, of either direction, join them to the seeds.

    `seeds` are scores by name, of which the best count. What a seed has by itself does not, only
    what reaches it.
    """
    import numpy as np

    places = {name: place for name in seeds if (place := graph.place(name)) is not None}
    best = best_seeds(((name, seeds[name]) for name in places), _MOST_SEEDS)
    wanted = {places[name]: score for name, score in best.items()}
    if not wanted:
        return Signal("near", {})
    by, to, weights = graph.arrays
    both = np.hstack([by, to]), np.hstack([to, by]), np.hstack([weights, weights * _BACK])
    gained = _gained(len(graph.names), both, wanted)
    return Signal("near", _scaled(graph, gained), _reasons(graph, wanted))


def _gained(count: int, edges: Arrays, wanted: Mapping[int, float]) -> NDArray[np.float64]:
    """Return what each file's rank owes to others, not to being wanted; all are if none is."""
    import numpy as np

    own = np.zeros(count) if wanted else np.ones(count)
    own[list(wanted)] = list(wanted.values())
    own /= own.sum() or 1.0
    ranks = _page_rank(own, edges)
    lost = ranks[_is_idle(count, edges)].sum()
    gained = ranks - (1 - _DAMPING + _DAMPING * lost) * own
    return np.where(gained > NOISE, gained, 0.0)


def _page_rank(own: NDArray[np.float64], edges: Arrays) -> NDArray[np.float64]:
    """Return each file's rank; all of them are 1, as are those that they have of their own."""
    import numpy as np

    by, to, weights = edges
    count = len(own)
    shares = _DAMPING * weights / np.bincount(by, weights, count)[by]
    is_idle = _is_idle(count, edges)
    ranks = np.full(count, 1 / max(count, 1))
    for _ in range(_MOST_TURNS):
        lost = ranks[is_idle].sum()
        handed_on = np.bincount(to, ranks[by] * shares, count)
        after = handed_on + (1 - _DAMPING + _DAMPING * lost) * own
        if np.abs(after - ranks).sum() < _TOLERANCE * count:
            break
        ranks = after
    return ranks


def _is_idle(count: int, edges: Arrays) -> NDArray[np.bool_]:
    """Tell which files use nothing: all share what those would hand on."""
    import numpy as np

    is_idle = np.ones(count, dtype=bool)
    is_idle[edges[0]] = False
    return is_idle


def _scaled(graph: Graph, ranks: NDArray[np.float64]) -> dict[str, float]:
    """Return scores from 0 to 1: ranks differ by orders of magnitude, so roots are taken."""
    import numpy as np

    best = ranks.max(initial=0.0)
    if best <= 0:
        return {}
    scores = np.round(np.sqrt(ranks / best), _DIGITS).tolist()
    return {name: score for name, score in zip(graph.names, scores, strict=True) if score}


def _reasons(graph: Graph, wanted: Mapping[int, float]) -> dict[str, str]:
    """Return for each neighbour of a seed which one joins it most."""
    import numpy as np

    is_seed = np.zeros(len(graph.names), dtype=bool)
    is_seed[list(wanted)] = True
    by, to, _ = graph.arrays
    touching = np.flatnonzero(is_seed[by] | is_seed[to])
    best: dict[int, tuple[float, str]] = {}
    edges = (one[touching].tolist() for one in graph.arrays)
    for user, definer, weight in zip(*edges, strict=True):
        for seed, other, said in ((user, definer, "used by"), (definer, user, "uses")):
            strength = wanted.get(seed, 0.0) * weight
            if strength > best.get(other, (0.0, ""))[0]:
                best[other] = (strength, f"{said} {graph.names[seed]}")
    return {graph.names[place]: why for place, (_, why) in sorted(best.items())}


def _edges(names: Sequence[str], symbols: Mapping[str, FileSymbols]) -> tuple[Edge, ...]:
    places = {name: place for place, name in enumerate(names)}
    importer = Importer({name: symbols[name].language for name in names})
    defined = _defined(names, symbols)
    weights: defaultdict[tuple[int, int], float] = defaultdict(float)
    for name in names:
        for other, weight in _uses(name, symbols[name], importer, defined):
            weights[places[name], places[other]] += weight
    rounded = ((pair, round(weights[pair], _DIGITS)) for pair in sorted(weights))
    return tuple((by, to, weight) for (by, to), weight in rounded if weight)


@dataclass
class _Name:
    """The files that define a name, sorted, and how many use it."""

    definers: list[str]
    users: int = 0

    @cached_property
    def files(self) -> frozenset[str]:
        return frozenset(self.definers)

    def below(self, folder: str) -> list[str]:
        """Return the definers in a folder, which ends in `/`."""
        first = bisect_left(self.definers, folder)
        return self.definers[first : bisect_left(self.definers, folder + _LAST, first)]


def _defined(
    names: Sequence[str], symbols: Mapping[str, FileSymbols]
) -> dict[tuple[str, str], _Name]:
    """Return the names that are defined, by their language's family and themselves."""
    found: defaultdict[tuple[str, str], _Name] = defaultdict(lambda: _Name([]))
    for name in names:
        family = family_of(symbols[name].language)
        for defined in {one for one, kind in symbols[name].defines if kind not in _UNUSED_KINDS}:
            if len(defined) >= _SHORTEST_NAME:
                found[family, defined].definers.append(name)
    for name in names:
        family = family_of(symbols[name].language)
        for used, _ in symbols[name].uses:
            if (family, used) in found:
                found[family, used].users += 1
    return dict(found)


def _uses(
    name: str,
    found: FileSymbols,
    importer: Importer,
    names: Mapping[tuple[str, str], _Name],
) -> Iterator[tuple[str, float]]:
    """Yield the files that a file rests on, some of them more than once."""
    meant = [importer.files(name, text) for text in found.imports]
    for files in meant:
        yield from ((file, _IMPORT_WEIGHT / len(files)) for file in files)
    imported = {file for files in meant for file in files}
    seen = _seen_from(name, found.language, imported)
    own = {defined for defined, _ in found.defines}
    for used, count in found.uses:
        known = names.get((family_of(found.language), used))
        if known is None or used in own:
            continue
        chosen, is_seen = _chosen(name, known, imported, seen)
        if len(chosen) <= _MOST_DEFINERS:
            # What many use and do not import is rather a method of some type from elsewhere.
            common = sqrt(known.users) if is_seen else known.users
            yield from ((file, sqrt(count) / len(chosen) / common) for file in chosen)


def _seen_from(name: str, language: str, imported: set[str]) -> tuple[str, ...]:
    """Return the folders all of whose names a file sees: packages it imports, or its own."""
    folders = {file.rpartition("/")[0] for file in imported if stands_for_folder(file)}
    if language in _BY_FOLDER:
        folders.add(name.rpartition("/")[0])
    return tuple(f"{folder}/" for folder in sorted(folders))


def _chosen(
    name: str, known: _Name, imported: set[str], seen: tuple[str, ...]
) -> tuple[Sequence[str], bool]:
    """Return the definers that a file means: those it sees (and True), or its repository's."""
    if visible := (imported & known.files).union(*map(known.below, seen)):
        return sorted(visible), True
    return known.below(f"{name.partition('/')[0]}/") or known.definers, False
