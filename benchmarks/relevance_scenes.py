"""Tasks with what every signal says of each file then, kept on disk as arrays."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.relevance_commits import Task, cloned, tasks
from benchmarks.relevance_measure import Scene
from benchmarks.relevance_trees import read_tree, tokens_of
from copilot.cache import Cache
from copilot.context.relevance.model import Document, Signal

_MOST_WANTED = 20
_TOLD_EVERY = 25

# What the signals say of a repository's documents at a task's parent.
Viewer = Callable[[Path, str, Task, Sequence[Document]], Sequence[Signal]]


def scenes(
    repository: Path, work: Path, count: int, cache: Cache, view: Viewer, version: str
) -> Iterator[Scene]:
    """Yield the newest tasks with 1 to 20 wanted files.

    `version` names the signals: what was kept of others does not count. Raises GitFailed.
    """
    clone = cloned(repository, work)
    alias = _alias(repository)
    found = 0
    for task in tasks(clone):
        if found == count:
            return
        if not task.changed:
            continue
        key = hashlib.sha256(f"{version} {alias} {task.revision} {task.text}".encode()).hexdigest()
        made = _kept(work / "scenes" / f"{key[:32]}.npz", alias, task)
        if made is None:
            made = _made(clone, alias, task, cache, view)
            _keep(work / "scenes" / f"{key[:32]}.npz", made)
        if made.wanted.any():
            found += 1
            if found % _TOLD_EVERY == 0:
                sys.stderr.write(f"{alias}: {found} tasks\n")
            yield made


def _alias(repository: Path) -> str:
    """Return a name for a repository: its folder's, or that of the one around a bare one."""
    path = repository.resolve()
    name = path.parent.name if path.name in ("repo", ".git") else path.name
    return name.rpartition("+")[2].removesuffix(".git")


def _made(clone: Path, alias: str, task: Task, cache: Cache, view: Viewer) -> Scene:
    documents = read_tree(clone, alias, task.parent, cache)
    changed = {f"{alias}/{path}" for path in task.changed}
    names = sorted(document.name for document in documents)
    is_wanted = np.array([name in changed for name in names], dtype=bool)
    if not 1 <= int(is_wanted.sum()) <= _MOST_WANTED:
        no_file = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
        return Scene(alias, task.revision, (), (), *no_file, np.zeros((0, 0), dtype=np.float32))
    tokens = tokens_of(documents, cache)
    signals = view(clone, alias, task, documents)
    values = [[signal.scores.get(name, 0.0) for signal in signals] for name in names]
    return Scene(
        alias,
        task.revision,
        tuple(signal.name for signal in signals),
        tuple(names),
        np.array([tokens[name] for name in names], dtype=np.int64),
        is_wanted,
        np.array(values, dtype=np.float32),
    )


def _keep(file: Path, scene: Scene) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        np.savez_compressed(
            opened,
            signals=np.array(scene.signals, dtype=str),
            names=np.array(scene.names, dtype=str),
            tokens=scene.tokens,
            wanted=scene.wanted,
            values=scene.values,
        )


def _kept(file: Path, alias: str, task: Task) -> Scene | None:
    if not file.exists():
        return None
    with np.load(file) as kept:
        signals, names = (tuple(map(str, kept[field])) for field in ("signals", "names"))
        arrays = (kept["tokens"], kept["wanted"], kept["values"])
        return Scene(alias, task.revision, signals, names, *arrays)
