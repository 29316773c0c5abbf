"""The names that files define and use: what is handed on of them, without a grammar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec


class FileSymbols(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The names of one file, each list without doubles and sorted.

    `language` is that of its grammar. `defines` are definitions with their kind, `uses` are called
    functions and named types with how often: all without what qualifies them. `imports` are as the
    file has them, such as `.models`, `./x.js` or `crate::a::b`.
    """

    language: str
    defines: tuple[tuple[str, str], ...]
    uses: tuple[tuple[str, int], ...]
    imports: tuple[str, ...]


def defined_in(symbols: Mapping[str, FileSymbols]) -> dict[str, list[str]]:
    """Return for each name that is defined the files that define it."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for file, found in symbols.items():
        for name in {name for name, _ in found.defines}:
            files[name].append(file)
    return dict(files)
