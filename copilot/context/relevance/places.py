"""Finding the files that a path, a module or a folder in somebody's text means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

WHOLE = 1.0
# The ends agree, as those of an installed copy's path and the repository's do.
SAME_END = 0.8
# No more than the last names agree.
SAME_NAME = 0.2

# A file of one of these stems stands for its folder.
FOLDER_STEMS = frozenset({"__init__", "__main__", "index", "mod"})

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """The files, or folders, that fit equally well, and how well: up to 1."""

    names: tuple[str, ...] = ()
    strength: float = 0.0

    @property
    def share(self) -> float:
        """What is said of each of them."""
        return self.strength / max(1, len(self.names))


class Files:
    """Files by their names, which begin with an alias."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(set(names))

    def by_path(self, path: str) -> Match:
        """Find a path that is whole, lacks its beginning, or begins farther out than ours."""
        match = _match(split_path(path), self._by_name, split_path)
        if match.strength == SAME_NAME and _ABSOLUTE.match(path):
            # A checkout's folder may have any name.
            at_root = tuple(name for name in match.names if name.count("/") == 1)
            return Match(at_root, SAME_END) if at_root else match
        return match

    def by_module(self, parts: Parts) -> Match:
        """Find a module: `a`, `b` is `a/b.py`, `a/b/index.ts` and their like."""
        return _match(parts, self._by_module, module_of)

    def by_folder(self, path: str) -> Match:
        """Find a folder."""
        return _match(split_path(path), self._folders, split_path)

    def below(self, folder: str) -> list[str]:
        """Return the files below a folder; it may end in `/`."""
        start = folder.rstrip("/") + "/"
        return [name for name in self._names if name.startswith(start)]

    @cached_property
    def odd_names(self) -> list[str]:
        """Names with characters that end a path in most texts."""
        joined = "\0".join(self._names)
        if not any(sign in joined for sign in _ODD):
            return []
        return [name for name in self._names if not _ODD.isdisjoint(name)]

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        return _by_key((name.rpartition("/")[2], name) for name in self._names)

    @cached_property
    def _by_module(self) -> Mapping[str, list[str]]:
        return _by_key((_module_name(name), name) for name in self._names)

    @cached_property
    def _folders(self) -> Mapping[str, list[str]]:
        found = {name.rpartition("/")[0] for name in self._names}
        outer = found
        while outer := {folder.rpartition("/")[0] for folder in outer} - found:
            found |= outer
        return _by_key((folder.rpartition("/")[2], folder) for folder in sorted(found))


_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")
_ODD = frozenset(" ()[]{},;:'\"&!=")


def split_path(path: str) -> Parts:
    """Return the names in a path; `.` and `..` are none."""
    parts = path.replace("\\", "/").split("/")
    return tuple(part for part in parts if part not in ("", ".", ".."))


def module_of(name: str) -> Parts:
    """Return a file's name as that of a module: no ending, and the folder for its index file."""
    *folders, last = name.split("/")
    stem = last.partition(".")[0]
    return tuple(folders) if stem in FOLDER_STEMS else (*folders, stem)


def _module_name(name: str) -> str:
    folder, _, last = name.rpartition("/")
    stem = last.partition(".")[0]
    return folder.rpartition("/")[2] if stem in FOLDER_STEMS else stem


def _by_key(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, name in pairs:
        if key:
            found[key].append(name)
    return found


def _match(
    parts: Parts, by_last: Mapping[str, list[str]], parts_of: Callable[[str], Parts]
) -> Match:
    """Return what has most names at the end in common with these parts.

    Of several, one whose path below its root is named entirely goes before the others.
    """
    names = by_last.get(parts[-1], ()) if parts else ()
    entries = [(parts_of(name), name) for name in names]
    common = [(_common_end(parts, entry), entry, name) for entry, name in entries]
    most = max((count for count, _, _ in common), default=0)
    if not most:
        return Match()
    best = [(entry, name) for count, entry, name in common if count == most]
    entire = [(entry, name) for entry, name in best if len(entry) <= most + 1]
    whole = most == len(parts) or (entire and most > 1)
    strength = WHOLE if whole else SAME_END if most > 1 else SAME_NAME
    return Match(tuple(name for _, name in entire or best), strength)


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count
