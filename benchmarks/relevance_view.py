"""What the program's own signals say of files at the parent of a task."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.relevance_commits import Task
from benchmarks.relevance_scenes import Viewer
from copilot import structure
from copilot.cache import Cache
from copilot.context import relevance
from copilot.context.relevance.index import WordIndex
from copilot.context.relevance.model import Document, Query, Signal
from copilot.context.relevance.rank import Weights
from copilot.context.relevance.signals import signals_of
from copilot.structure.symbols import SymbolReader
from copilot.workspace import history
from copilot.workspace.history import read_history
from copilot.workspace.model import Root, SourceFile


@contextmanager
def viewing(cache: Cache, weights: Weights) -> Iterator[Viewer]:
    """Yield what asks all signals; texts are read by grammars in another process meanwhile."""
    with SymbolReader(cache, processes=1) as reader:

        def view(clone: Path, alias: str, task: Task, texts: Sequence[Document]) -> list[Signal]:
            words = WordIndex(cache)
            words.add(texts)
            reader.add([_source(text, alias) for text in texts])
            names = sorted(text.name for text in texts)
            # The reader knows the files of all commits so far.
            read = reader.all()
            symbols = {name: read[name] for name in names if name in read}
            root = Root(alias, clone, is_git=True)
            past = read_history(root, cache, revision=task.parent, git_dir=clone)
            query, histories = Query(task.text), {alias: past}
            return signals_of(query, words, names, symbols, histories, weights, cache)

        yield view


def _source(text: Document, alias: str) -> SourceFile:
    path = text.name.removeprefix(f"{alias}/")
    return SourceFile(alias, path, None, "tracked", text.data, kind=text.kind, content=text.content)


def signals_version(weights: Weights) -> str:
    """Return what names the rules by which signals are made: any change of their sources does.

    Some signals start from what the weights make of others.
    """
    folders = [Path(str(package.__file__)).parent for package in (relevance, structure)]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    sources = [file for file in files if file.suffix in (".py", ".scm")]
    digest = hashlib.sha256(repr(sorted(weights.signals.items())).encode())
    for file in sorted([*sources, Path(history.__file__)]):
        digest.update(file.read_bytes())
    return digest.hexdigest()
