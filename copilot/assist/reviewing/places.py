"""Lines elsewhere that refer to what a change touches."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice

from copilot.assist.read import Read, read_texts
from copilot.assist.reviewing.held_words import holds_words, texts_with
from copilot.assist.reviewing.shown import Side, side_of
from copilot.assist.reviewing.shown_base import ShownBase, shown_base
from copilot.assist.reviewing.touched import touched
from copilot.assist.scope import Scope
from copilot.context.frozen import Frozen, shows_all
from copilot.workspace.diffs import Diff
from copilot.workspace.git import GitFailed
from copilot.workspace.grep import Search
from copilot.workspace.model import Root, SourceFile
from copilot.workspace.objects import read_blobs

# What stands in more lines than this is no name that tells anything.
_MOST_MENTIONS = 200
_MOST_NAMES, _MOST_FILES, _MOST_PLACES = 60, 40, 80
# Lines of one file for one name.
_MOST_OF_ONE = 3
_MOST_SEARCHED = 20_000
# Of more files, it takes too long to find out what seems to be changed.
_MOST_BEGUN = 40
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
    """A search for some words that is on its way in a root; `blobs` were read to find them."""

    root: Root
    words: Sequence[str]
    search: Search
    blobs: Mapping[str, bytes]


# What was begun before this process was forked, to review what it is about.
_ahead: list[Begun] = []


def begin_ahead(root: Root, diff: Diff) -> None:
    """Begin to look for what a diff seems to change, for a process that is forked to review it."""
    _ahead[:] = [begun] if (begun := begin(root, diff)) else []


def begin(root: Root, diff: Diff) -> Begun | None:
    """Begin to look for what a diff seems to change, before it is known what of it may be shown.

    None where git cannot search, and where it would take long to find out.
    """
    if not root.is_git or len(diff.files) > _MOST_BEGUN or holds_words():
        return None
    if _ahead and _ahead[0].root == root:
        return _ahead.pop()
    ids = {one for file in diff.files if file.hunks for one in (file.old_blob, file.blob) if one}
    try:
        blobs = dict(read_blobs(root.path, sorted(ids))) if ids else {}
        seem = (
            touched(f.path, f.hunks, blobs.get(f.old_blob or ""), blobs.get(f.blob or ""))
            for f in diff.files
        )
        words = sorted({name for one in seem for name in one.names})[:_MOST_NAMES]
        return Begun(root, words, Search(root, words), blobs) if words else None
    except GitFailed:
        return None


def begin_places(
    root: Root,
    scope: Scope,
    read: Read,
    names: Collection[str],
    inside: Collection[tuple[str, int]],
    kept: Frozen | None = None,
    begun: Begun | None = None,
) -> Callable[[], tuple[Place, ...]]:
    """Begin to look for lines that hold one of the names as a word; what is returned ends it.

    They are looked for in a base that is `kept` if it shows all in full, else by git; what is
    `begun` serves if it is for the same names. Lines `inside` the change itself are none; files
    that no prompt may show have none, nor has a repository that git cannot search. The end raises
    GitFailed, ReadIncomplete.
    """
    wanted = sorted(names)[:_MOST_NAMES]
    if not wanted:
        return tuple
    texts = {f.path: f for f in read.files if f.repository == root.alias and f.is_text}
    some = texts_with(wanted, texts)
    shown = None if some is None else ShownBase(b"", (), tuple(some))
    if shown is None and kept and shows_all(kept.record):
        shown = shown_base(kept, texts)
    if shown:
        return partial(_in_base, shown, scope, root, wanted, inside)
    # Without these places a review is as sound, only less informed.
    try:
        search = begun.search if begun and begun.words == wanted else Search(root, wanted)
    except GitFailed:
        return tuple
    return partial(_by_git, search, texts, scope, root, wanted, inside)


def _in_base(
    shown: ShownBase,
    scope: Scope,
    root: Root,
    wanted: Collection[str],
    inside: Collection[tuple[str, int]],
) -> tuple[Place, ...]:
    found, sides = shown.lines_with(wanted, scope, _MOST_SEARCHED)
    outside = {
        path: [line for line in lines if (path, line) not in inside]
        for path, lines in found.items()
    }
    chosen = {path: outside[path] for path in _fewest(outside)}
    return _telling(root, chosen, sides, wanted)


def _by_git(
    search: Search,
    texts: Mapping[str, SourceFile],
    scope: Scope,
    root: Root,
    wanted: Collection[str],
    inside: Collection[tuple[str, int]],
) -> tuple[Place, ...]:
    found: dict[str, list[int]] = {}
    with suppress(GitFailed):
        for one in islice(search.mentions(), _MOST_SEARCHED):
            if one.path in texts and (one.path, one.line) not in inside:
                found.setdefault(one.path, []).append(one.line)
    files = read_texts([texts[path] for path in _fewest(found)], scope)
    sides = {file.path: side_of(file.text or "", file.masks) for file in files}
    return _telling(root, {path: found[path] for path in sides}, sides, wanted)


def _fewest(found: Mapping[str, Collection[int]]) -> list[str]:
    """Return the files to look at: of those with the fewest lines, the first by their names."""
    paths = sorted(found, key=lambda path: (len(found[path]), os.fsencode(path)))
    return [path for path in paths if found[path]][:_MOST_FILES]


def _telling(
    root: Root, found: Mapping[str, list[int]], sides: Mapping[str, Side], wanted: Collection[str]
) -> tuple[Place, ...]:
    """Return the lines with names that stand in few enough of them to tell anything."""
    held = Counter(name for path in found for name in _held(found[path], sides[path], wanted))
    telling = {name for name in wanted if held[name] <= _MOST_MENTIONS}
    places = _places(root, found, sides, telling)
    return tuple(sorted(islice(places, _MOST_PLACES), key=lambda one: (one.path, one.line)))


def _held(lines: Collection[int], side: Side, names: Collection[str]) -> Iterator[str]:
    for line in lines:
        yield from set(_WORD.findall(side.lines.get(line, ""))).intersection(names)


def _places(
    root: Root,
    found: Mapping[str, list[int]],
    sides: Mapping[str, Side],
    names: Collection[str],
) -> Iterator[Place]:
    for path, lines in found.items():
        taken: Counter[str] = Counter()
        for line in lines:
            text = sides[path].lines.get(line, "")
            here = [n for n in set(_WORD.findall(text)) & set(names) if taken[n] < _MOST_OF_ONE]
            taken.update(here)
            if here:
                yield Place(f"{root.alias}/{path}", path, line, text)
