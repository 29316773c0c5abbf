"""All signals of a task, in the order in which one rests on the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from copilot.cache import Cache
from copilot.context.relevance.graph import near
from copilot.context.relevance.groundwork import Groundwork, groundwork_of
from copilot.context.relevance.index import WordIndex
from copilot.context.relevance.mentions import mentions
from copilot.context.relevance.messages import messages
from copilot.context.relevance.model import Query, Signal
from copilot.context.relevance.rank import Weights, combine
from copilot.context.relevance.recency import recency
from copilot.context.relevance.seeds import best_seeds
from copilot.context.relevance.tests_of import spread
from copilot.context.relevance.together import together
from copilot.structure.names import FileSymbols

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
    groundwork = groundwork_of(names, symbols, cache)
    return signals_from(query, index, groundwork, histories, weights, cache)


def signals_from(
    query: Query,
    index: WordIndex,
    known: Groundwork,
    histories: Mapping[str, History],
    weights: Weights,
    cache: Cache,
) -> list[Signal]:
    """Return the same where what holds for every task is at hand."""
    said = [index.bm25(query), index.path_words(query)]
    said += mentions(query, known.names, known.definers)
    said.append(messages(query, histories, known.names, cache))
    seeds = best_seeds(combine(said, weights).items(), _MOST_SEEDS)
    joined = [near(known.graph, seeds), together(histories, seeds)]
    always = [known.centrality, recency(histories, known.names)]
    best = combine((*said, *joined), weights)
    return [*said, *joined, *always, spread(best, known.tests)]
