"""Which files a task itself wants made, moved or deleted, as far as its words say so.

A small model takes any way that is open: offered a move, it moves the file that it should edit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import PurePosixPath

from identify.extensions import EXTENSIONS, NAMES

from copilot.edits.grammar import Wholes
from copilot.edits.grammar_paths import NewPaths

# What may stand around a path in a sentence.
_AROUND = "\"'`,;:!?()[]{}<>"
_DELETING = frozenset({"delete", "remove", "drop", "erase"})
# What may stand between such a word and the path.
_BETWEEN = frozenset(
    ["a", "all", "and", "file", "files", "module", "old", "script", "the", "unused"]
)


def named_wholes(
    task: str, names: Collection[str], known: NewPaths, is_free: Callable[[str], bool]
) -> Wholes:
    """Return what a task may be about besides edits of the files called `names` (with alias).

    To be made are files by the paths that it gives, if such a path `is_free`; to be moved those
    that it names beside a path that is free, or a folder; to be deleted those that stand right
    behind the word for it, in English.
    """
    words = list(_words(task))
    paths = [word for word in words if _is_path(word)]
    free = _free(paths, known, is_free)
    is_move = bool(free) or any(path.endswith("/") for path in paths)
    moved = _called(names, paths) if is_move else ()
    return Wholes(_called(names, list(_deleted(words))), moved, free)


def _words(task: str) -> Iterator[str]:
    bare = (word.strip(_AROUND) for word in task.split())
    return (word if word.endswith("/.") else word.removesuffix(".") for word in bare)


def _is_path(word: str) -> bool:
    return "." in word or "/" in word


def _free(paths: Sequence[str], known: NewPaths, is_free: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the paths, with alias, that no file has, as far as they are called as files are.

    A name without a folder is any file's of that name. Where a folder is called as its root, a path
    begins with the folder.
    """
    endings = {PurePosixPath(name).suffix for name in known.there}
    names = {PurePosixPath(name).name for name in known.there}
    found: list[str] = []
    for path in paths:
        below = [f"{alias}/{path}" for alias in known.aliases]
        is_there = path in names or any(name in known.there for name in below)
        if not is_there and _is_called_as_a_file(path, endings):
            alias = known.repository(path)
            is_inner = any(name.startswith(f"{alias}/{alias}/") for name in known.there)
            found += [path] if alias and not is_inner else below
    return tuple(name for name in dict.fromkeys(found) if is_free(name))


def _is_called_as_a_file(path: str, endings: Collection[str]) -> bool:
    """Tell a path from other words with a dot or a slash, such as `math.ceil` or `and/or`."""
    name, ending = PurePosixPath(path).name, PurePosixPath(path).suffix
    return name in NAMES or (bool(ending) and (ending in endings or ending[1:] in EXTENSIONS))


def _called(names: Collection[str], paths: Sequence[str]) -> tuple[str, ...]:
    """Return the files that are called as one of the paths ends."""
    ends = {PurePosixPath(path).name for path in paths}
    return tuple(name for name in names if PurePosixPath(name).name in ends)


def _deleted(words: Sequence[str]) -> Iterator[str]:
    """Yield the paths right behind a word that wants them deleted."""
    is_deleting = False
    for word in words:
        if _is_path(word):
            if is_deleting:
                yield word
        else:
            is_deleting = word.lower() in _DELETING or (is_deleting and word.lower() in _BETWEEN)
