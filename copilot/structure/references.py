"""What a file uses: what it calls, which types it names, what it imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Node, Query, QueryCursor

from copilot.structure.embedded import Parsed, parse
from copilot.structure.grammars import Grammar, grammar_of, is_installed, load
from copilot.structure.templates import template_tags

_QUERIES = Path(__file__).parent / "queries" / "uses"
_KINDS = ("call", "type", "import")  # A call that is `@none` as well only looks like one.


@dataclass(frozen=True)
class Reference:
    """A name that a file uses. `kind` is `call`, `type` or `import`; `line` counts from 1."""

    name: str
    kind: str
    line: int


def references(path: str, data: bytes) -> tuple[Reference, ...]:
    """Return what a file uses in its order, nothing if no installed grammar reads it.

    An import's name is as the file has it, such as `a.b` or `./c.js`, without quotes.
    """
    grammar = grammar_of(path)
    if grammar is None or not is_installed(grammar):
        return ()
    return references_in(parse(grammar, data), grammar, data)


def references_in(parts: Sequence[Parsed], grammar: Grammar, data: bytes) -> tuple[Reference, ...]:
    """Return what a file uses, of which `parts` are what `parse` returned."""
    rows: dict[tuple[int, int, str], int] = {}
    for parsed in parts:
        if parsed.grammar.uses:
            captures = QueryCursor(_query(parsed.grammar)).captures(parsed.tree.root_node)
            none = {n.id for n in captures.get("none", [])}
            for kind in _KINDS:
                found = [n for n in captures.get(kind, []) if kind != "call" or n.id not in none]
                rows |= {(_start(n), n.end_byte, kind): n.start_point.row for n in found}
    if grammar.language == "html":
        rows |= {(*tag.uses, "import"): tag.row for tag in template_tags(data) if tag.uses}
    return tuple(
        Reference(_name(data[start:end]), kind, rows[start, end, kind] + 1)
        for start, end, kind in sorted(rows)
    )


def _start(node: Node) -> int:
    """Return where a name begins; an import that is captured whole begins with its keyword."""
    keyword = node.children[0] if node.child_count else node
    return keyword.end_byte if keyword.type == "import" else node.start_byte


def _name(source: bytes) -> str:
    return " ".join(source.decode("utf-8", "replace").split()).strip("\"'`<>")


@cache
def _query(grammar: Grammar) -> Query:
    files = [_QUERIES / f"{name}.scm" for name in grammar.uses]
    return Query(load(grammar), "\n".join(file.read_text("utf-8") for file in files))
