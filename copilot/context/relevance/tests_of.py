"""Which tests belong to which file, by the names that test runners and their users give them.

pytest, unittest, Jest, Vitest, Go, Rust, JUnit, RSpec, Minitest, PHPUnit and their like: the name
of the file with a word for test before or behind it, in the same folder, in one below it, or in one
that mirrors it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from copilot.context.relevance.model import Signal
from copilot.context.relevance.places import FOLDER_STEMS

_DIGITS = 6
# A name that more files have in the same nearness tells nothing.
_MOST_TESTED = 3
_TEST_FOLDERS = frozenset({"__tests__", "spec", "specs", "test", "testing", "tests"})
_TEST_STEMS = frozenset({"test", "tests", "spec", "specs"})
_TEST_NAME = re.compile(
    r"tests?[_-](?P<behind>.+)"
    r"|(?P<before>.+?)(?:[_.-](?:tests?|specs?|cy|e2e)|(?<=[a-z0-9])(?:Tests?|TestCase|Specs?|IT))"
    r"|Test(?P<capital>[A-Z0-9].*)"
)
_LAST_WORD = re.compile(r"[_.-][^_.-]*$")
# Endings of files that test each other; the first names the language.
_LANGUAGES = (
    "js cjs cts jsx mjs mts svelte ts tsx vue",
    "java groovy kt kts scala",
    "c cc cpp cxx h hh hpp hxx m mm",
    "py pyi pyx",
    "ex exs",
    *("cs", "dart", "go", "hs", "lua", "php", "pl", "r", "rb", "rs", "sh", "sql", "swift", "zig"),
)
_FAMILIES = {ending: line.split()[0] for line in _LANGUAGES for ending in line.split()}

_Key = tuple[str, str]


def tests_of(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return for each tested file its tests, and for each test what it tests, sorted."""
    tests = {name: key for name in names if (key := _tested_key(name))}
    files = _by_key(name for name in names if name not in tests)
    related: dict[str, set[str]] = defaultdict(set)
    for test, key in tests.items():
        for tested in _tested(test, key, files):
            related[test].add(tested)
            related[tested].add(test)
    return {name: tuple(sorted(others)) for name, others in sorted(related.items())}


def spread(scores: Mapping[str, float], related: Mapping[str, Sequence[str]]) -> Signal:
    """Give each file the best score among its tests, or among what it tests; the best of all has 1.

    Where a file has many tests, each gets less.
    """
    best = max(scores.values(), default=0.0)
    found: dict[str, float] = {}
    why: dict[str, str] = {}
    for name, others in sorted(related.items()):
        share = scores.get(name, 0.0) / best / len(others) ** 0.5 if best > 0 else 0.0
        for other in others:
            if round(share, _DIGITS) > found.get(other, 0.0):
                found[other] = round(share, _DIGITS)
                why[other] = f"belongs to {name}"
    return Signal("tests", found, why)


def _tested_key(name: str) -> _Key | None:
    """Return the language and name of what a test tests; None if this is no test."""
    *folders, last = name.split("/")
    stem, _, ending = last.rpartition(".")
    family = _FAMILIES.get(ending)
    if family is None or not stem:
        return None
    outer = [folder for folder in folders if folder not in _TEST_FOLDERS]
    if match := _TEST_NAME.fullmatch(stem):
        tested = match["behind"] or match["before"] or match["capital"]
    elif stem in _TEST_STEMS and family != "py":
        tested = "mod"
    elif len(outer) < len(folders) and stem not in FOLDER_STEMS:
        tested = stem
    else:
        return None
    return family, (outer[-1] if tested in FOLDER_STEMS and outer else tested).lower()


def _by_key(names: Iterable[str]) -> dict[_Key, list[str]]:
    """Return files by what their tests may be called: by their names, and with their folders'."""
    found: dict[_Key, list[str]] = defaultdict(list)
    for name in names:
        *folders, last = name.split("/")
        stem, _, ending = last.rpartition(".")
        if (family := _FAMILIES.get(ending)) and stem:
            short, folder = stem.lower(), "".join(folders[-1:]).lower()
            if short in FOLDER_STEMS:
                found[family, folder].append(name)
            else:
                found[family, short].append(name)
                found[family, f"{folder}_{short}"].append(name)
    return found


def _tested(test: str, key: _Key, files: Mapping[_Key, Sequence[str]]) -> list[str]:
    """Return the files of this name, or of its beginning, that are nearest to the test."""
    family, stem = key
    while not (found := files.get((family, stem), ())):
        shorter = _LAST_WORD.sub("", stem)
        if shorter == stem:
            return []
        stem = shorter
    nearness = {name: _common_folders(test, name) for name in found}
    best = max(nearness.values())
    nearest = [name for name in found if nearness[name] == best]
    return nearest if best and len(nearest) <= _MOST_TESTED else []


def _common_folders(test: str, name: str) -> int:
    """Return how many folders two paths have in common at their beginnings and ends.

    Files of different repositories have none.
    """
    one = [folder for folder in test.split("/")[:-1] if folder not in _TEST_FOLDERS]
    other = name.split("/")[:-1]
    begin = _common_begin(one, other)
    end = _common_begin(one[::-1], other[::-1])
    return min(begin + end, len(one), len(other)) if begin else 0


def _common_begin(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))
