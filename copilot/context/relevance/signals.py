"""All signals of a task, in the order in which one rests on the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from copilot.cache import Cache
from copilot.context.relevance.graph import centrality, near, reference_graph
from copilot.context.relevance.index import WordIndex
from copilot.context.relevance.mentions import mentions
from copilot.context.relevance.messages import messages
from copilot.context.relevance.model import Query, Signal
from copilot.context.relevance.rank import Weights, combine
from copilot.context.relevance.recency import recency
from copilot.context.relevance.seeds import best_seeds
from copilot.context.relevance.tests_of import spread, tests_of
from copilot.context.relevance.together import together
from copilot.structure.names import FileSymbols, defined_in

if TYPE_CHECKING:
    from copilot.workspace.history import History

# What lies near to many files lies near to none.
_MOST_SEEDS = 10


def signals_of(
    query: Query,
    index: WordIndex,
    names: Sequence[str],
    symbols: Mapping[str, FileSymbols],
    histories: Mapping[str, History],
    weights: Weights,
    cache: Cache,
) -> list[Signal]:
    """Return what is said of each file outright, what follows from that, and what is always so."""
    said = [index.bm25(query), index.path_words(query)]
    said += mentions(query, names, defined_in(symbols))
    said.append(messages(query, histories, names, cache))
    seeds = best_seeds(combine(said, weights).items(), _MOST_SEEDS)
    graph = reference_graph(symbols, cache)
    joined = [near(graph, seeds), together(histories, seeds)]
    always = [centrality(graph), recency(histories, names)]
    best = combine((*said, *joined), weights)
    return [*said, *joined, *always, spread(best, tests_of(names))]
