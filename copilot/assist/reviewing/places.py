"""Lines elsewhere that refer to what a change touches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice

from copilot.assist.read import Read, read_texts
from copilot.assist.reviewing.shown import Side, side_of
from copilot.assist.scope import Scope
from copilot.workspace.git import GitFailed
from copilot.workspace.grep import Search
from copilot.workspace.model import Root

# What stands in more lines than this is no name that tells anything.
_MOST_MENTIONS = 200
_MOST_NAMES, _MOST_FILES, _MOST_PLACES = 60, 40, 80
# Lines of one file for one name.
_MOST_OF_ONE = 3
_MOST_SEARCHED = 20_000
_WORD = re.compile(r"[\w$]+")


@dataclass(frozen=True)
class Place:
    """A line that refers to something that the change touches, secrets masked; from 1."""

    name: str
    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Begun:
    """A search for some words that is on its way."""

    words: Sequence[str]
    search: Search


def begin(root: Root, names: Collection[str]) -> Begun | None:
    """Begin to look for lines that hold one of the names, None where git cannot search."""
    wanted = sorted(names)[:_MOST_NAMES]
    if not wanted:
        return None
    # Without these places a review is as sound, only less informed.
    try:
        return Begun(wanted, Search(root, wanted))
    except GitFailed:
        return None


def begin_places(
    root: Root,
    scope: Scope,
    read: Read,
    names: Collection[str],
    inside: Collection[tuple[str, int]],
    begun: Begun | None = None,
) -> Callable[[], tuple[Place, ...]]:
    """Begin to look for lines that hold one of the names as a word; what is returned ends it.

    What is `begun` serves if it looks for the same. Lines `inside` the change itself are none;
    files that no prompt may show have none, nor has a repository that git cannot search. The end
    raises GitFailed, ReadIncomplete.
    """
    if begun is None or begun.words != sorted(names)[:_MOST_NAMES]:
        begun = begin(root, names)
    if begun is None:
        return tuple
    return partial(_found, begun, root, scope, read, inside)


def _found(
    begun: Begun,
    root: Root,
    scope: Scope,
    read: Read,
    inside: Collection[tuple[str, int]],
) -> tuple[Place, ...]:
    found: dict[str, list[int]] = {}
    with suppress(GitFailed):
        for one in islice(begun.search.mentions(), _MOST_SEARCHED):
            if (one.path, one.line) not in inside:
                found.setdefault(one.path, []).append(one.line)
    texts = {f.path: f for f in read.files if f.repository == root.alias and f.is_text}
    paths = sorted((path for path in found if path in texts), key=lambda path: len(found[path]))
    files = read_texts([texts[path] for path in paths[:_MOST_FILES]], scope)
    sides = {file.path: side_of(file.text or "", file.masks) for file in files}
    held = Counter(
        name for path in paths for name in _held(found[path], sides.get(path), begun.words)
    )
    telling = {name for name in begun.words if held[name] <= _MOST_MENTIONS}
    places = _places(root, found, sides, telling)
    return tuple(sorted(islice(places, _MOST_PLACES), key=lambda one: (one.path, one.line)))


def _held(lines: Collection[int], side: Side | None, names: Collection[str]) -> Iterator[str]:
    for line in lines if side else ():
        words = set(_WORD.findall(side.lines.get(line, ""))) if side else set()
        yield from words.intersection(names)


def _places(
    root: Root,
    found: Mapping[str, list[int]],
    sides: Mapping[str, Side],
    names: Collection[str],
) -> Iterator[Place]:
    for path, side in sides.items():
        taken: Counter[str] = Counter()
        for line in found[path]:
            text = side.lines.get(line, "")
            here = [n for n in set(_WORD.findall(text)) & set(names) if taken[n] < _MOST_OF_ONE]
            taken.update(here)
            if here:
                yield Place(f"{root.alias}/{path}", path, line, text)
