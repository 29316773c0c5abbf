"""Which file uses what another one defines, and what follows from that for all of them.

Files are ranked by PageRank (Page et al., 1998) over these references, and near some of them by
its personalised form.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import msgspec

from copilot.cache import Cache, key_of
from copilot.context.relevance.imports import Importer, family_of, stands_for_folder
from copilot.context.relevance.model import Signal
from copilot.context.relevance.seeds import NOISE, best_seeds
from copilot.structure.names import FileSymbols

# Raised with every change of what makes an edge.
_VERSION = "1"
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

Edge = tuple[int, int, float]


@dataclass(frozen=True)
class Graph:
    """Files by name with alias, sorted, and edges between their places: user, definer, weight."""

    names: tuple[str, ...]
    edges: tuple[Edge, ...]


_EDGES = msgspec.msgpack.Decoder(tuple[Edge, ...])


def reference_graph(symbols: Mapping[str, FileSymbols], cache: Cache) -> Graph:
    """Return the graph of the files' references to one another."""
    names = tuple(sorted(symbols))
    told = msgspec.msgpack.encode([(os.fsencode(name), symbols[name]) for name in names])
    key = key_of("references", _VERSION, hashlib.sha256(told).hexdigest())
    if kept := cache.get([key]).get(key):
        return Graph(names, _EDGES.decode(zlib.decompress(kept)))
    edges = _edges(names, symbols)
    cache.put({key: zlib.compress(msgspec.msgpack.encode(edges), 1)})
    return Graph(names, edges)


def centrality(graph: Graph) -> Signal:
    """Score files by how much of the rest rests on them."""
    return Signal("centrality", _scaled(graph, _gained(graph.names, graph.edges, {})))


def near(graph: Graph, seeds: Mapping[str, float]) -> Signal:
    """Score files by how closely references, of either direction, join them to the seeds.

    `seeds` are scores by name, of which the best count. What a seed has by itself does not, only
    what reaches it.
    """
    places = {name: place for place, name in enumerate(graph.names) if name in seeds}
    best = best_seeds(((name, seeds[name]) for name in places), _MOST_SEEDS)
    wanted = {places[name]: score for name, score in best.items()}
    if not wanted:
        return Signal("near", {})
    edges = graph.edges + tuple((to, by, weight * _BACK) for by, to, weight in graph.edges)
    gained = _gained(graph.names, edges, wanted)
    return Signal("near", _scaled(graph, gained), _reasons(graph, wanted))


def _gained(
    names: Sequence[str], edges: Sequence[Edge], wanted: Mapping[int, float]
) -> list[float]:
    """Return what each file's rank owes to others, not to being wanted; all are if none is."""
    ranks = _page_rank(names, edges, wanted)
    leading = {by for by, _, _ in edges}
    lost = sum(rank for place, rank in enumerate(ranks) if place not in leading)
    given = 1 - _DAMPING + _DAMPING * lost
    total = sum(wanted.values()) or len(names)
    own = (
        given * (wanted.get(place, 0.0) if wanted else 1.0) / total for place in range(len(names))
    )
    gained = (rank - one for rank, one in zip(ranks, own, strict=True))
    return [one if one > NOISE else 0.0 for one in gained]


def _page_rank(
    names: Sequence[str], edges: Sequence[Edge], wanted: Mapping[int, float]
) -> list[float]:
    """Return each file's rank; all of them are 1."""
    import rustworkx

    if not names:
        return []
    network: rustworkx.PyDiGraph[None, float] = rustworkx.PyDiGraph()
    network.add_nodes_from([None] * len(names))
    network.add_edges_from(list(edges))
    ranks = rustworkx.pagerank(
        network,
        alpha=_DAMPING,
        weight_fn=float,
        personalization=dict(wanted) or None,
        tol=_TOLERANCE,
        max_iter=_MOST_TURNS,
    )
    return [ranks[place] for place in range(len(names))]


def _scaled(graph: Graph, ranks: Sequence[float]) -> dict[str, float]:
    """Return scores from 0 to 1: ranks differ by orders of magnitude, so roots are taken."""
    best = max(ranks, default=0.0)
    if best <= 0:
        return {}
    scores = (round(sqrt(rank / best), _DIGITS) for rank in ranks)
    return {name: score for name, score in zip(graph.names, scores, strict=True) if score}


def _reasons(graph: Graph, wanted: Mapping[int, float]) -> dict[str, str]:
    """Return for each neighbour of a seed which one joins it most."""
    best: dict[int, tuple[float, str]] = {}
    for by, to, weight in graph.edges:
        for seed, other, said in ((by, to, "used by"), (to, by, "uses")):
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
