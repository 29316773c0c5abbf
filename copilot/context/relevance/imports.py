"""Which files an import means, as far as paths tell: no build file is read, no setting known."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

# Languages whose files name and import each other.
_FAMILIES = {
    "web": "javascript typescript tsx vue svelte html css scss",
    "c": "c cpp objc",
    "jvm": "java kotlin scala",
    "ocaml": "ocaml ocaml_interface",
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}
# Files that stand for the folder they are in.
_OF_FOLDERS = frozenset({"__init__", "index", "mod", "lib", "main"})
_SEPARATORS = re.compile(r"[./\\:]+")
_EXTENSION = re.compile(r"(?:\.d)?\.[A-Za-z][\w+]{0,7}$")
_HERE = frozenset({"", "@", "~", "*", "crate", "self", "super"})
_RENAMED = re.compile(r"\s+as\s+\S+")
_MOST_PARTS = 200
_MOST_DROPPED = 2


def family_of(language: str) -> str:
    """Return what a language shares with others whose names it can use."""
    return _FAMILY.get(language, language)


def stands_for_folder(name: str) -> bool:
    """Say whether who imports this file imports the folder it is in."""
    return _EXTENSION.sub("", name.rpartition("/")[2]) in _OF_FOLDERS


class Importer:
    """Finds the files that are imported, among those given: names with alias, and languages."""

    def __init__(self, languages: Mapping[str, str]) -> None:
        self._languages = languages
        self._stems: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._ends: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._packages: set[str] = set()
        self._go: defaultdict[str, list[str]] = defaultdict(list)
        self._go_ends: defaultdict[str, list[str]] = defaultdict(list)
        self._found: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for name in sorted(languages):
            self._take(name, languages[name])

    def _take(self, name: str, language: str) -> None:
        folder, _, base = name.rpartition("/")
        stem = _EXTENSION.sub("", base)
        if language == "go" and not stem.endswith("_test"):
            if folder not in self._go:
                self._go_ends[_end(folder)].append(folder)
            self._go[folder].append(name)
        family = family_of(language)
        paths = [f"{folder}/{stem}"]
        if stem in _OF_FOLDERS and folder:
            paths.append(folder)
        if stem == "__init__":
            self._packages.add(folder)
        for path in paths:
            self._stems[family, path].append(name)
            self._ends[family, path.rpartition("/")[2]].append(path)

    def files(self, name: str, imported: str) -> tuple[str, ...]:
        """Return what a file's import means, sorted, without the file itself; nothing if unsure."""
        language = self._languages[name]
        # Files of one folder mean the same, but where a module's own name is its folder.
        place = name if language == "rust" else name.rpartition("/")[0]
        key = (place, language, imported)
        if key not in self._found:
            self._found[key] = tuple(sorted(set(self._each(name, language, imported))))
        return tuple(file for file in self._found[key] if file != name)

    def _each(self, name: str, language: str, imported: str) -> Iterator[str]:
        for one in _expanded(imported):
            if language == "go":
                yield from self._go_package(name, one)
            elif language == "python":
                yield from self._python(name, one)
            else:
                yield from self._near(name, language, one) or self._far(name, language, one)

    def _go_package(self, name: str, imported: str) -> list[str]:
        """Look for the folder of a package, below the path of a module that we do not know."""
        root, parts = name.partition("/")[0], imported.split("/")
        for first in range(1, len(parts)):
            folder = "/".join([root, *parts[first:]])
            if folder in self._go:
                return self._go[folder]
        # A module of its own somewhere below the root.
        folders = self._go_ends.get(_end(imported), []) if len(parts) > 2 else []
        return self._go[folders[0]] if len(folders) == 1 and "." in parts[0] else []

    def _python(self, name: str, imported: str) -> list[str]:
        dots = len(imported) - len(imported.lstrip("."))
        parts = [part for part in imported[dots:].split(".") if part]
        if dots:
            above = name.split("/")[:-dots]
            return self._stems.get(("python", "/".join([*above, *parts])), [])
        # `import a.b` may mean what `a` defines.
        return self._by_end(name, "python", parts) or self._by_end(name, "python", parts[:-1])

    def _near(self, name: str, language: str, imported: str) -> list[str]:
        """Look from the file's own folder, as paths are meant, or below a module's own name."""
        if language == "rust":
            return self._rust(name, imported)
        folder = name.rpartition("/")[0]
        return self._at(posixpath.normpath(f"{folder}/{imported.split('?')[0]}"), language)

    def _rust(self, name: str, imported: str) -> list[str]:
        folder, own = name.rpartition("/")[0], _EXTENSION.sub("", name)
        module = folder if own.rpartition("/")[2] in _OF_FOLDERS else own
        words = imported.split("::")
        parts = [part for part in words if part not in _HERE]
        starts, least = [folder, module], 1
        if words[0] == "crate":
            starts, least = [self._crate(folder)], 0
        elif words[0] == "super":
            starts, least = ["/".join(module.split("/")[: -words.count("super")])], 0
        # The last parts may be what a module defines.
        for end in range(len(parts), max(least, len(parts) - _MOST_DROPPED) - 1, -1):
            for start in starts:
                if found := self._at("/".join([start, *parts[:end]]), "rust"):
                    return found
        return []

    def _crate(self, folder: str) -> str:
        """Return the folder of the crate that a folder is in, itself if that is not to be seen."""
        above = folder
        while above:
            if any(("rust", f"{above}/{root}") in self._stems for root in ("lib", "main")):
                return above
            above = above.rpartition("/")[0]
        return folder

    def _at(self, path: str, language: str) -> list[str]:
        """Return the files of this path, as it is or without what names its type."""
        if path in self._languages:
            return [path]
        family = family_of(language)
        stem = _EXTENSION.sub("", path)
        return self._stems.get((family, path)) or self._stems.get((family, stem), [])

    def _far(self, name: str, language: str, imported: str) -> list[str]:
        """Look for a path that ends so: first all of it, then without what may be no file."""
        if imported.startswith("."):
            return []
        family = family_of(language)
        plain = _EXTENSION.sub("", imported) if "/" in imported or family == "c" else imported
        parts = [part for part in _SEPARATORS.split(plain) if part not in _HERE]
        for dropped in range(_MOST_DROPPED + 1):
            for first in range(_MOST_DROPPED + 1):
                some = parts[first : len(parts) - dropped]
                if len(some) < min(2, len(parts)):
                    continue
                if found := self._by_end(name, family, some):
                    return found
        return []

    def _by_end(self, name: str, family: str, parts: list[str]) -> list[str]:
        """Return the files whose path ends with these parts, below the best root there is.

        That is the deepest folder above the importing file; else the one nearest to the top of
        its own repository, or nothing if there are several. One part alone must be a package then.
        """
        if not parts:
            return []
        end = "/".join(["", *parts])
        found = {path for path in self._ends.get((family, parts[-1]), ()) if path.endswith(end)}
        roots = sorted(root for path in found if self._is_root(root := path.removesuffix(end)))
        above = [root for root in roots if name.startswith(f"{root}/")]
        if above:
            return self._stems[family, max(above, key=len) + end]
        if len(parts) == 1:
            roots = [root for root in roots if root + end in self._packages]
        own = [root for root in roots if _alias(root) == _alias(name)] or roots
        least = min(map(_depth, own), default=0)
        nearest = [root for root in own if _depth(root) == least]
        return self._stems[family, nearest[0] + end] if len(nearest) == 1 else []

    def _is_root(self, folder: str) -> bool:
        """Say whether modules can be named from here: not from inside of a package of Python."""
        return bool(folder) and folder not in self._packages


def _end(folder: str) -> str:
    return "/".join(folder.split("/")[-2:])


def _depth(folder: str) -> int:
    return folder.count("/")


def _alias(name: str) -> str:
    return name.partition("/")[0]


def _expanded(imported: str) -> list[str]:
    """Return what an import names: `a::{b, c::{d}}` is `a::b` and `a::c::d`."""
    if "{" not in imported:
        return [_RENAMED.sub("", imported)]
    found: list[str] = []
    prefixes = [""]
    for piece in re.findall(r"[{},]|[^{},]+", imported)[:_MOST_PARTS]:
        if piece == "{":
            prefixes.append(found.pop() if found else "")
        elif piece == "}":
            prefixes = prefixes[:-1] or [""]
        elif piece != ",":
            found.append(prefixes[-1] + _RENAMED.sub("", piece).strip())
    return found
