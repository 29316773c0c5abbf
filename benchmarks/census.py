"""Counts what the outlines of a tree of Python files hold, with Python's own `ast` as judge.

    python benchmarks/census.py FOLDER

Walks each outline along its file, so that each kept line is known by number. A function or class
is found if the line of its `def` or `class` is kept (a line can be kept only once) and
`definitions` names it once; its head is whole if decorators and signature are kept to the last
line. Prints one JSON document; exits with 1 if anything was lost.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from copilot.structure.definitions import definitions
from copilot.structure.outline import outline

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_MARK = re.compile(r"\s*… (\d+) lines?\s*")


def census(folder: Path) -> dict[str, int | float]:
    """Return the counts over all files of a folder that `ast` can parse."""
    total: Counter[str] = Counter()
    seconds = 0.0
    for path in sorted(folder.rglob("*.py")):
        data = path.read_bytes()
        try:
            text = data.decode("utf-8")
            nodes = _nodes(data)
        except (SyntaxError, ValueError):
            total["files_that_ast_cannot_parse"] += 1
            continue
        began = time.perf_counter()
        made = outline(path.name, text)
        seconds += time.perf_counter() - began
        if made is None:
            continue
        total.update(files=1, lines=made.kept_lines + made.left_out_lines)
        total.update(kept_lines=made.kept_lines)
        total.update(bytes=len(data), outline_bytes=len(made.text.encode()))
        kept = _kept_rows(text, made.text)
        named = Counter(d.name for d in definitions(path.name, data) if d.kind in _KINDS)
        wanted = Counter(node.name for node in nodes)
        total["definitions_misnamed"] += sum(((named - wanted) + (wanted - named)).values())
        total.update(word for node in nodes for word in _judged(node, kept))
    return {**total, "seconds": round(seconds, 2)}


_KINDS = {"function", "method", "class"}


def _nodes(data: bytes) -> list[Node]:
    with warnings.catch_warnings(action="ignore"):
        return [node for node in ast.walk(ast.parse(data)) if isinstance(node, Node)]


def _kept_rows(text: str, made: str) -> set[int]:
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


def _judged(node: Node, kept: set[int]) -> Iterator[str]:
    """Yield the words to count for one definition."""
    kind = "class" if isinstance(node, ast.ClassDef) else "function"
    yield kind
    yield f"{kind}_found" if node.lineno in kept else f"{kind}_lost"
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    head = range(first, max(node.lineno, _last_of_head(node)) + 1)
    if len(head) > 1:
        yield "head_of_many_lines"
        yield "head_whole" if kept.issuperset(head) else "head_cut"


def _last_of_head(node: Node) -> int:
    """Return the last line of what stands between the name and the colon."""
    if isinstance(node, ast.ClassDef):
        parts: list[ast.AST] = [*node.bases, *node.keywords]
    else:
        parts = [p for p in ast.walk(node.args) if p is not node.args]
        parts += [node.returns] if node.returns else []
    return max([getattr(part, "end_lineno", 0) or 0 for part in parts], default=0)


if __name__ == "__main__":
    counts = census(Path(sys.argv[1]))
    sys.stdout.write(json.dumps(counts, indent=2) + "\n")
    sys.exit(any(counts.get(f"{word}_lost", 0) for word in ("function", "class")))
