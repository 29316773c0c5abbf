"""What a file uses: what it calls, which types it names, what it imports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Query, QueryCursor

from copilot.structure.grammars import Grammar, grammar_of, is_installed, load, parser_of

_QUERIES = Path(__file__).parent / "queries" / "uses"
_KINDS = ("call", "type", "import")


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
    if grammar is None or not grammar.uses or not is_installed(grammar):
        return ()
    captures = QueryCursor(_query(grammar)).captures(parser_of(grammar).parse(data).root_node)
    nodes = {(n.start_byte, n.end_byte, kind): n for kind in _KINDS for n in captures.get(kind, [])}
    return tuple(
        Reference(_name(data[start:end]), kind, nodes[start, end, kind].start_point.row + 1)
        for start, end, kind in sorted(nodes)
    )


def _name(source: bytes) -> str:
    return " ".join(source.decode("utf-8", "replace").split()).strip("\"'`<>")


@cache
def _query(grammar: Grammar) -> Query:
    files = [_QUERIES / f"{name}.scm" for name in grammar.uses]
    return Query(load(grammar), "\n".join(file.read_text("utf-8") for file in files))
