"""What our queries find in one file.

A query file names what it captures:

- `@definition.KIND` the whole of a definition, with `@name`, and
  `@body` what an outline may leave out of it,
  `@open` the last token of the signature where the body has no brace of its own,
  `@close` the token after the body where the body does not hold it,
  `@tail` any token, where the last one of the body goes with it,
  `@parent` what it belongs to where that is not around it.
- `@again` one more equation of the function before it: they are one definition.
- `@wrapper` with `@inner`: a definition's decorators or template head belong to it.
- `@value` the value of a constant, or a statement: its inner lines may go when they are many.
- `@rest` a statement like the one before it: it goes.
- `@data` a value that goes when it is long, with all that stands in it, after its first element,
  `@sample`.
- `@block` stays although what is around it goes; its inner lines may go when they are many.
- `@attribute` stays although it stands in a body.
- `@type` a type written inside of a value: it stays, but for one in the body of a function;
  `@inside` is the body of a function without a name.
- `@doc` a documentation string, `@comment` a comment: the first line with a word stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tree_sitter import Node, Query, QueryCursor, Range, Tree

from copilot.structure.embedded import Parsed, parse
from copilot.structure.grammars import Grammar, load
from copilot.structure.templates import TemplateTag, template_tags

Captures = dict[str, list[Node]]
_QUERIES = Path(__file__).parent / "queries"
_DEFINITION = "definition."
_CLOSING = frozenset({"}", ")", "]", "end"})
_PASSING = frozenset({"parenthesized_declarator", "reference_declarator"})
_LINE_FEED = 0x0A
_WORD = re.compile(rb"[\w\x80-\xff]")
_OPENING = re.compile(rb"[A-Za-z]{0,2}[\"']+")
_CLOSING_MARKS = re.compile(r" #+$")
_ERRORS = "(ERROR) @error (MISSING) @error"

TYPES = frozenset(
    {"class", "struct", "union", "enum", "interface", "trait", "impl", "record", "at-rule"}
    | {"table", "message", "service"}
)
CALLABLES = frozenset({"function", "method", "constructor", "property", "macro", "target", "rule"})


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines of a file, counted from 0, both ends included; empty if `last < first`."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Found:
    """One definition: byte offsets, rows, and where its signature ends."""

    kind: str
    name: str
    parent: str | None
    start: int
    end: int
    rows: Rows
    signature_end: int
    body: Rows | None


@dataclass(frozen=True, slots=True)
class Extra:
    """A capture that is no definition: its role is the capture's name, such as `value` or `doc`.

    `word_row` is where the first word of a comment or a documentation string stands.
    """

    role: str
    start: int
    end: int
    rows: Rows
    column: int
    word_row: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was found in a file, in the order of the file, outer before inner."""

    found: tuple[Found, ...]
    extras: tuple[Extra, ...]
    errors: tuple[Rows, ...]


def read(grammar: Grammar, data: bytes) -> Reading:
    """Parse a file and what is embedded in it, and run their languages' queries.

    The grammar must be installed. A file that nests too deep for it is one error.
    """
    return read_parsed(parse(grammar, data), data)


def read_parsed(parsed: Sequence[Parsed], data: bytes) -> Reading:
    """Run the queries on what `parse` returned for a file."""
    parts = [_read(one, data) for one in parsed]
    if not parts:
        return Reading((), (), (Rows(0, max(0, data.rstrip().count(b"\n"))),))
    if len(parts) == 1:
        return parts[0]
    return Reading(
        tuple(sorted((f for part in parts for f in part.found), key=lambda f: (f.start, -f.end))),
        tuple(sorted((e for part in parts for e in part.extras), key=lambda e: (e.start, -e.end))),
        _as_runs({row for part in parts for run in part.errors for row in _range(run)}),
    )


def _read(parsed: Parsed, data: bytes) -> Reading:
    grammar, tree = parsed.grammar, parsed.tree
    matches = [captures for _, captures in _cursor(grammar).matches(tree.root_node)]
    wrappers = {m["inner"][0].id: m["wrapper"][0] for m in matches if "wrapper" in m}
    again = {m["again"][0].start_byte for m in matches if "again" in m}
    found = _merged(_found(m, data, wrappers) for m in matches if _kind(m))
    extras = [extra for m in matches for extra in (*_extras(m, data), *_data(m, data))]
    if parsed.place:
        extras.append(_place(parsed.place))
    elif grammar.language == "html":
        tags = template_tags(data)
        found += [_template(tag) for tag in tags if tag.kind]
        extras += [_tag(tag) for tag in tags]
    return Reading(
        tuple(_continued(sorted(found, key=lambda f: (f.start, -f.end)), again)),
        tuple(sorted(extras, key=lambda e: (e.start, -e.end))),
        () if parsed.example else _errors(tree, grammar, data),
    )


@cache
def _query(grammar: Grammar) -> Query:
    texts = [(_QUERIES / f"{name}.scm").read_text("utf-8") for name in grammar.queries]
    return Query(load(grammar), "\n".join(texts))


def _cursor(grammar: Grammar) -> QueryCursor:
    return QueryCursor(_query(grammar))


def _kind(captures: Captures) -> str | None:
    return next((n.removeprefix(_DEFINITION) for n in captures if n.startswith(_DEFINITION)), None)


def _found(captures: Captures, data: bytes, wrappers: dict[int, Node]) -> tuple[int, Found]:
    """Return a definition with the offset of its name, which tells it from all others."""
    kind = _kind(captures) or ""
    node = outer = captures[_DEFINITION + kind][0]
    name = captures["name"][0] if "name" in captures else _declared(node)
    while wrapper := wrappers.get(outer.id):
        outer = wrapper
    body = captures["body"][0] if "body" in captures else None
    parent = captures.get("parent")
    found = Found(
        kind,
        _name(kind, _text(name, data).replace("`", "")),
        _text(parent[0], data) if parent else None,
        outer.start_byte,
        node.end_byte,
        Rows(outer.start_point.row, rows_of(node, data).last),
        _signature_end(captures, node, body),
        _body_rows(captures, body or node, data) if body or "close" in captures else None,
    )
    return name.start_byte, found


def _declared(node: Node) -> Node:
    """Follow a C declarator down to the name in it."""
    while inner := node.child_by_field_name("declarator") or _unnamed_inner(node):
        node = inner
    return node


def _unnamed_inner(node: Node) -> Node | None:
    """Return what is in `(x)` or `&x`, where C's grammars name no field."""
    return node.named_children[-1] if node.type in _PASSING and node.named_children else None


def _name(kind: str, text: str) -> str:
    """Return a name without a key's quotes or the marks that close a heading."""
    if kind == "heading":
        return _CLOSING_MARKS.sub("", text)
    return text.strip("\"'") if kind == "key" else text


def _text(node: Node, data: bytes) -> str:
    return " ".join(data[node.start_byte : node.end_byte].decode("utf-8", "replace").split())


def _signature_end(captures: Captures, node: Node, body: Node | None) -> int:
    if "open" in captures:
        return max(n.end_byte for n in captures["open"])
    return body.start_byte if body else node.end_byte


def _body_rows(captures: Captures, body: Node, data: bytes) -> Rows:
    """Return the rows strictly inside a body: its opening and closing tokens stay."""
    rows = rows_of(body, data)
    opened = [rows_of(n, data).last for n in captures.get("open", [])] or [rows.first]
    last = rows.last
    if "close" in captures:
        last = captures["close"][-1].start_point.row - 1
    elif "tail" not in captures and body.children and body.children[-1].type in _CLOSING:
        last = rows.last - 1
    return Rows(max(opened) + 1, last)


def rows_of(node: Node, data: bytes) -> Rows:
    """Return a node's rows; white space at its end, which some grammars take in, has none."""
    end, row = node.end_byte, node.end_point.row
    while end > node.start_byte and data[end - 1] in b" \t\r\n":
        end -= 1
        row -= data[end] == _LINE_FEED
    return Rows(node.start_point.row, row)


def _word_row(node: Node, data: bytes) -> int | None:
    """Return the row of the first word in a comment or a string, past its opening quotes."""
    text = data[node.start_byte : node.end_byte]
    opening = _OPENING.match(text)
    word = _WORD.search(text, opening.end() if opening else 0)
    if word is None:
        return None
    return node.start_point.row + text.count(b"\n", 0, word.start())


def _merged(named: Iterable[tuple[int, Found]]) -> list[Found]:
    """Keep one definition per name: a function before the variable that holds it."""
    chosen: dict[int, Found] = {}
    for key, found in named:
        other = chosen.get(key)
        chosen[key] = _join(other, found) if other else found
    return list(chosen.values())


def _join(one: Found, two: Found) -> Found:
    best, rest = (two, one) if _weight(two) > _weight(one) else (one, two)
    if rest.start < best.start:
        best = replace(best, start=rest.start, rows=Rows(rest.rows.first, best.rows.last))
    return best


def _weight(found: Found) -> tuple[bool, bool, bool, int]:
    known = found.kind in CALLABLES | TYPES
    return found.body is not None, known, found.parent is not None, found.signature_end


def _continued(found: Iterable[Found], again: Set[int]) -> Iterator[Found]:
    """Join a function's type signature and its equations, which follow one another."""
    last: Found | None = None
    for each in found:
        if last and each.start in again and each.name == last.name:
            last = _longer(last, each)
            continue
        if last:
            yield last
        last = each
    if last:
        yield last


def _longer(one: Found, two: Found) -> Found:
    """Let a definition go on to the end of its next equation, which is a part of its body."""
    rows = Rows(one.rows.first, two.rows.last)
    if one.body:
        return replace(one, end=two.end, rows=rows, body=Rows(one.body.first, rows.last))
    return replace(two, start=one.start, rows=rows)


def _extras(captures: Captures, data: bytes) -> Iterator[Extra]:
    for role in ("value", "rest", "block", "doc", "comment", "attribute", "type", "inside"):
        for node in captures.get(role, []):
            rows = rows_of(node, data) if role != "comment" else _rows_alone(node, data)
            if role != "comment" or rows.first <= rows.last:
                word = _word_row(node, data) if role in ("doc", "comment") else None
                column = node.start_point.column
                yield Extra(role, node.start_byte, node.end_byte, rows, column, word)


def _data(captures: Captures, data: bytes) -> Iterator[Extra]:
    """Yield what may go of a long value: not its first element, nor its brackets."""
    for node in captures.get("data", []):
        rows, start = rows_of(node, data), node.start_byte
        first = rows.first + (not _opens_line(node, data))
        if "sample" in captures:
            start, first = (n := captures["sample"][0]).end_byte, rows_of(n, data).last + 1
        closed = bool(node.children) and node.children[-1].type in _CLOSING
        body = Rows(first, rows.last - closed)
        yield Extra("data", start, node.end_byte, body, node.start_point.column, None)


def _template(tag: TemplateTag) -> Found:
    rows = Rows(tag.row, tag.last_row)
    return Found(tag.kind, tag.name, None, tag.start, tag.last, rows, tag.end, None)


def _tag(tag: TemplateTag) -> Extra:
    return Extra("attribute", tag.start, tag.end, Rows(tag.row, tag.row), 0, None)


def _place(part: Range) -> Extra:
    """Return where embedded code stands: it stays, as far as its own language keeps it."""
    rows = Rows(part.start_point.row, part.end_point.row)
    # One byte longer, it is outside of all that stands in it.
    return Extra("attribute", part.start_byte, part.end_byte + 1, rows, 0, None)


def _rows_alone(node: Node, data: bytes) -> Rows:
    """Return the rows that a comment has for itself: code may follow it on its last line."""
    rows, start = rows_of(node, data), node.end_byte
    if not _opens_line(node, data):
        return Rows(rows.first, rows.first - 1)
    end = data.find(b"\n", start)
    followed = data[start : None if end < 0 else end].strip() and data[start - 1] != _LINE_FEED
    return Rows(rows.first, rows.last - bool(followed))


def _opens_line(node: Node, data: bytes) -> bool:
    """Say whether a comment stands alone and is no `#!` line, which no other comment may join."""
    if node.start_byte == 0 and data.startswith(b"#!"):
        return False
    return not data[node.start_byte - node.start_point.column : node.start_byte].strip()


def _errors(tree: Tree, grammar: Grammar, data: bytes) -> tuple[Rows, ...]:
    """Return the rows that hold tokens which fit nowhere, as runs."""
    if not tree.root_node.has_error:
        return ()
    nodes = QueryCursor(Query(load(grammar), _ERRORS)).captures(tree.root_node).get("error", [])
    end = max(0, tree.root_node.end_point.row - (tree.root_node.end_point.column == 0))
    rows = {min(r, end) for node in nodes for part in _loose(node) for r in _each(part, data)}
    return _as_runs(rows)


def _as_runs(rows: Iterable[int]) -> tuple[Rows, ...]:
    runs: list[Rows] = []
    for row in sorted(rows):
        if runs and runs[-1].last == row - 1:
            runs[-1] = Rows(runs[-1].first, row)
        else:
            runs.append(Rows(row, row))
    return tuple(runs)


def _loose(error: Node) -> list[Node]:
    """Return the tokens of an error; whole nodes beside them could be parsed."""
    tokens = [child for child in error.children if child.child_count == 0]
    return tokens if 0 < len(tokens) < len(error.children) else [error]


def _each(node: Node, data: bytes) -> range:
    return _range(rows_of(node, data))


def _range(rows: Rows) -> range:
    return range(rows.first, rows.last + 1)
