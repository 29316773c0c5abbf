"""Counts what the outlines of a tree of files hold, with another judge of what there is to hold.

    python benchmarks/census.py FOLDER
    python benchmarks/census.py FOLDER --language rust --exclude tests/ui --name "cargo 0.95"

The judge is Python's own `ast` for Python, and a walk by node type over tree-sitter's tree for Go,
JavaScript, Rust and TypeScript. Each outline is walked along its file, so that each kept line is
known by number. A definition is found if the line of its name is kept (a line can be kept only
once), named if `definitions` gives its name and kind with its first or last line exactly once (a
comment after the last statement may count as a part or not), and its head is whole if all lines
of its decorators and signature are kept, but for comments and function bodies among them. What
stands in the body of a function is counted apart: an outline may leave it out. Files that the
judge cannot parse or that are not UTF-8 are skipped and counted. Prints one JSON document; exits
with 1 if anything was lost outside of function bodies.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import census_python, census_trees
from benchmarks.census_judged import Judged
from copilot.structure.definitions import Definition, definitions
from copilot.structure.grammars import parser_for
from copilot.structure.outline import outline

_MARK = re.compile(r"\s*… (\d+) lines?\s*")
_SUFFIXES = {"python": (".py",), **census_trees.SUFFIXES}
_FILES = ("files", "files_skipped", "files_excluded")
_TOTALS = (*_FILES, "lines", "kept_lines", "bytes", "outline_bytes")
_LOSSES = ("lost", "misnamed", "head_cut")
_WORDS = ("all", "found", "named", "heads_of_many_lines", "head_whole", *_LOSSES)
_SHOWN = 20


class Census:
    """The counts, filled file by file."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.totals: Counter[str] = Counter()
        self.kinds: dict[str, Counter[str]] = defaultdict(Counter)
        self.inside: Counter[str] = Counter()
        self.lost: list[str] = []
        self.seconds = 0.0

    def add(self, path: str, data: bytes, judged: Sequence[Judged] | None) -> None:
        """Count one file: its outline and definitions against what a judge found in it."""
        text = _decoded(data)
        if judged is None or text is None:
            self.totals["files_skipped"] += 1
            return
        began = time.perf_counter()
        made = outline(path, text)
        self.seconds += time.perf_counter() - began
        if made is None:
            raise SystemExit(f"no grammar is installed for {path}")
        self.totals.update(files=1, lines=made.kept_lines + made.left_out_lines)
        self.totals.update(kept_lines=made.kept_lines)
        self.totals.update(bytes=len(data), outline_bytes=len(made.text.encode()))
        kept = _kept_lines(text, made.text)
        is_named = _naming(judged, definitions(path, data))
        for one in judged:
            self._count(path, one, kept, is_named=is_named(one))

    def _count(self, path: str, one: Judged, kept: set[int], *, is_named: bool) -> None:
        words = list(_words(one, kept, is_named=is_named))
        if one.inside:
            self.inside.update(words)
            return
        self.kinds[one.kind].update(words)
        for word in set(_LOSSES).intersection(words):
            self.lost.append(f"{word}: {path}:{one.name_line} {one.kind} {one.name}")

    def document(self, language: str, name: str) -> dict[str, Any]:
        """Return what is to be printed."""
        both: Counter[str] = sum(self.kinds.values(), Counter())
        return {
            "tree": name,
            "language": language,
            **{word: self.totals[word] for word in _TOTALS},
            "seconds": round(self.seconds, 2),
            "definitions": {word: both[word] for word in _WORDS},
            "inside_functions": {word: self.inside[word] for word in _WORDS},
            "kinds": {kind: dict(self.kinds[kind]) for kind in sorted(self.kinds)},
            "examples": self.lost[:_SHOWN],
        }


def _words(one: Judged, kept: set[int], *, is_named: bool) -> Iterator[str]:
    """Yield the words to count for one definition."""
    yield "all"
    yield "found" if one.name_line in kept else "lost"
    yield "named" if is_named else "misnamed"
    if len(one.head) > 1:
        yield "heads_of_many_lines"
        yield "head_whole" if kept.issuperset(one.head) else "head_cut"


def _naming(judged: Sequence[Judged], found: Sequence[Definition]) -> Callable[[Judged], bool]:
    """Return what says of a definition whether it was found as often as it is there."""
    firsts = Counter((d.kind, d.name, d.start_line) for d in found)
    firsts.subtract((j.kind, j.name, j.head[0]) for j in judged)
    lasts = Counter((d.kind, d.name, d.end_line) for d in found)
    lasts.subtract((j.kind, j.name, j.last) for j in judged)
    return lambda one: (
        firsts[one.kind, one.name, one.head[0]] == 0 or lasts[one.kind, one.name, one.last] == 0
    )


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _kept_lines(text: str, made: str) -> set[int]:
    """Return the numbers, from 1, of the file's lines that stand in its outline."""
    source = text.split("\n")
    kept, row = set(), 0
    for line in made.split("\n"):
        if row < len(source) and line == source[row]:
            row += 1
            kept.add(row)
        elif mark := _MARK.fullmatch(line):
            row += int(mark[1])
        else:
            raise AssertionError(f"a line that is neither the file's nor a mark: {line!r}")
    return kept


def census(folder: Path, language: str, excluded: Sequence[str] = ()) -> Census:
    """Return the counts over all files of a language in a folder."""
    counts = Census()
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).as_posix()
        if path.suffix not in _SUFFIXES[language] or not path.is_file():
            continue
        if any(inner.startswith(f"{out.rstrip('/')}/") for out in excluded):
            counts.totals["files_excluded"] += 1
            continue
        data = path.read_bytes()
        counts.add(inner, data, _judge(path.suffix, language, data))
    return counts


def _judge(suffix: str, language: str, data: bytes) -> list[Judged] | None:
    if language == "python":
        return census_python.judge(data)
    parser = parser_for(suffix)
    if parser is None:
        raise SystemExit(f"no grammar is installed for {suffix}")
    return census_trees.judge(parser, language, data)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the census of one folder; return 1 if anything was lost."""
    options = argparse.ArgumentParser(description="Count what outlines hold of a tree.")
    options.add_argument("folder", type=Path)
    options.add_argument("--language", choices=sorted(_SUFFIXES), default="python")
    options.add_argument("--exclude", action="append", default=[], metavar="FOLDER")
    options.add_argument("--name", help="the tree's name and version, for the document")
    chosen = options.parse_args(arguments)
    counts = census(chosen.folder, chosen.language, chosen.exclude)
    document = counts.document(chosen.language, chosen.name or chosen.folder.resolve().name)
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return int(bool(counts.lost))


if __name__ == "__main__":
    sys.exit(main())
