"""Which files a task needs, by everything that is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot.assist import ahead
from copilot.assist.looked import Looked, load_looked, save_looked
from copilot.assist.read import read_texts
from copilot.assist.scope import Scope
from copilot.batches import batches
from copilot.cache import key_of
from copilot.context.draft import Copy, Draft, dropped
from copilot.context.relevance.groundwork import groundwork_of
from copilot.context.relevance.index import WordIndex
from copilot.context.relevance.model import Document, Query, Ranked, Signal
from copilot.context.relevance.rank import load_weights, rank
from copilot.context.relevance.signals import signals_from
from copilot.structure.symbols import RULES, SymbolReader
from copilot.workspace.history import History, read_history
from copilot.workspace.model import SourceFile
from copilot.workspace.snapshot import Progress

_VERSION = "1"
_FILES_AT_ONCE = 256


def ranked_files(
    files: Sequence[SourceFile], scope: Scope, asked: str, draft: Draft, progress: Progress
) -> tuple[list[Ranked], list[Signal], list[Copy]]:
    """Return the files by how much the task needs them, what tells, and full copies without texts.

    A text is read only if it was never looked at before. Raises ReadIncomplete.
    """
    ahead.end()
    query = Query(asked, scope.focus)
    index = WordIndex(scope.cache)
    looked = load_looked(files, scope, draft)
    if looked is None:
        looked = _looked_at(files, scope, draft, index, progress)
        save_looked(files, scope, draft, looked)
    else:
        index.know({file.name: file.content or "" for file in files})
    weights = load_weights()
    known, histories = looked.groundwork, _histories(scope)
    signals = signals_from(query, index, known, histories, weights, scope.cache)
    return rank(known.names, signals, weights), signals, looked.copies


def _looked_at(
    files: Sequence[SourceFile],
    scope: Scope,
    draft: Draft,
    index: WordIndex,
    progress: Progress,
) -> Looked:
    """Look at one file after another; those whose contents are new to us are read."""
    copies: list[Copy] = []
    with SymbolReader(scope.cache) as reader:
        for some in _with_needed_texts(files, scope, draft):
            lacking = set(reader.add(some))
            reader.add(read_texts([file for file in some if file.name in lacking], scope))
            index.add([Document(f.name, f.kind, f.content or "", f.data) for f in some])
            copies += map(dropped, draft.copies(some))
            progress(len(copies), len(files))
        symbols = reader.all()
    draft.finish()
    scope.cache.put(dict.fromkeys((_key(file, scope) for file in files), b"1"))
    names = [file.name for file in files]
    return Looked(copies, groundwork_of(names, symbols, scope.cache))


def _with_needed_texts(
    files: Sequence[SourceFile], scope: Scope, draft: Draft
) -> Iterator[list[SourceFile]]:
    """Yield the files some at a time; those whose contents are new to us have their texts."""
    for some in batches(files, lambda _file: 1, _FILES_AT_ONCE):
        keys = [_key(file, scope) for file in some]
        seen, counted = scope.cache.get(keys), draft.known(some)
        new = [
            file
            for file, key, is_counted in zip(some, keys, counted, strict=True)
            if key not in seen or not is_counted
        ]
        texts = {file.name: file for file in read_texts(new, scope)}
        yield [texts.get(file.name, file) for file in some]


def _key(file: SourceFile, scope: Scope) -> bytes:
    """Return what tells that a content was counted, and its words and symbols taken."""
    suffix = file.path.rpartition("/")[2]
    return key_of("looked at", _VERSION, *RULES, scope.tokenizer, suffix, file.content or "")


def _histories(scope: Scope) -> dict[str, History]:
    return {root.alias: read_history(root, scope.cache) for root in scope.places}
