"""Code of other languages inside a file: scripts and styles in HTML, Vue and Svelte, Markdown's
fences and front matter.

It is parsed in its place, so that every offset and line is one of the whole file. The queries in
`queries/embedded/` say where it stands: `@content`, and `@tag`, `@language` or `@embedded.NAME`
for its language.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Node, Parser, Point, Query, QueryCursor, Range, Tree

from copilot.structure.dollar_quotes import painted_bodies
from copilot.structure.grammars import Grammar, grammar_called, is_installed, load, parser_of
from copilot.structure.nesting import too_deep
from copilot.structure.templates import painted_over

_QUERIES = Path(__file__).parent / "queries" / "embedded"
_EMBEDDED = "embedded."
_DEEPEST = 3
_SCRIPTS = re.compile(r"(?:text|application)/(?:x-)?")
_TYPES = dict.fromkeys(("", "module", "babel", "ecmascript"), "javascript")
_TYPES |= dict.fromkeys(("ld+json", "importmap", "speculationrules"), "json")
_WORD = re.compile(r"[\w+#-]+")
_NO_TEXT = re.compile("[\udc80-\udcff]")
_PAGES = frozenset({"html", "vue", "svelte"})
_TAG = re.compile(rb"<(script|style)\b([^<>]*)>", re.IGNORECASE)
_CLOSING = {
    name: re.compile(rb"</" + name + rb"\s*>", re.IGNORECASE) for name in (b"script", b"style")
}
_ATTRIBUTE = re.compile(rb"""([\w-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")


def _joined_lines(data: bytes) -> bytes:
    """Let a Dockerfile's grammar, which takes no carriage return there, see that a line goes on."""
    return data.replace(b"\\\r\n", b" \\\n")


_PAINTERS = {"html": painted_over, "sql": painted_bodies, "dockerfile": _joined_lines}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree of a file or of a part of it. `place` is the part; None for the file itself.

    `example` says that it need not be whole: mistakes in it are not told.
    """

    grammar: Grammar
    tree: Tree
    place: Range | None = None
    example: bool = False


def parse(grammar: Grammar, data: bytes) -> tuple[Parsed, ...]:
    """Parse a file and what is embedded in it, outer before inner.

    Nothing is returned for a file that nests too deep for its grammar. The grammar must be
    installed; embedded code in a language without an installed grammar is not looked at.
    """
    if too_deep(grammar.language, data):
        return ()
    painter, source = _PAINTERS.get(grammar.language), _as_text(data)
    source = painter(source) if painter else source
    parsed = level = [Parsed(grammar, parser_of(grammar).parse(source))]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inner(outer, source)]
        parsed = parsed + level
    return tuple(parsed)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a file in another language: its pieces, without marks of quotes and lists."""

    language: str
    place: Range
    pieces: tuple[Range, ...]
    example: bool = False


def _as_text(data: bytes) -> bytes:
    """Put "?" for each byte that is no UTF-8: a query that compares texts would fail on it."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _NO_TEXT.sub("?", data.decode("utf-8", "surrogateescape")).encode("utf-8")
    return data


def _inner(outer: Parsed, data: bytes) -> Iterator[Parsed]:
    parts = list(_parts(outer, data))
    if outer.grammar.language in _PAGES and outer.tree.root_node.has_error:
        parts += _strays(data, outer.place, parts)
    for part in parts:
        grammar = _called(part.language)
        text = b"".join(data[r.start_byte : r.end_byte] for r in part.pieces)
        if grammar is None or not is_installed(grammar) or too_deep(grammar.language, text):
            continue
        if text.strip():
            tree = Parser(load(grammar), included_ranges=list(part.pieces)).parse(data)
            yield Parsed(grammar, tree, part.place, outer.example or part.example)


def _parts(outer: Parsed, data: bytes) -> Iterator[_Part]:
    query = _query(outer.grammar)
    if query is None:
        return
    for _, captures in QueryCursor(query).matches(outer.tree.root_node):
        node = captures["content"][0]
        pieces = tuple(_pieces(node))
        if pieces:
            language, example = _language(captures, data), "language" in captures
            yield _Part(language, node.range, pieces, example)


def _strays(data: bytes, within: Range | None, found: Sequence[_Part]) -> Iterator[_Part]:
    """Yield scripts and styles that a page's own mistakes hide from its grammar."""
    position, last = (within.start_byte, within.end_byte) if within else (0, len(data))
    known = {part.place.end_byte for part in found}
    starts = [0, *(match.end() for match in re.finditer(b"\n", data))]
    while tag := _TAG.search(data, position, last):
        closing = _CLOSING[tag[1].lower()].search(data, tag.end(), last)
        position = closing.end() if closing else last
        if closing and closing.start() not in known and tag.end() < closing.start():
            place = _range(starts, tag.end(), closing.start())
            name = "javascript" if tag[1].lower() == b"script" else "css"
            yield _Part(_of_tag(name, tag[2]), place, (place,))


def _range(starts: list[int], first: int, last: int) -> Range:
    """Return a range by its offsets; `starts` are those of the file's lines."""
    return Range(_point(starts, first), _point(starts, last), first, last)


def _point(starts: list[int], offset: int) -> Point:
    row = bisect_right(starts, offset) - 1
    return Point(row, offset - starts[row])


@cache
def _query(grammar: Grammar) -> Query | None:
    files = [_QUERIES / f"{name}.scm" for name in grammar.queries]
    text = "\n".join(file.read_text("utf-8") for file in files if file.is_file())
    return Query(load(grammar), text) if text else None


def _language(captures: dict[str, list[Node]], data: bytes) -> str:
    """Return what a part of a file calls its language."""
    if "language" in captures:
        return _text(captures["language"][0], data).decode("utf-8", "replace")
    name = next(n.removeprefix(_EMBEDDED) for n in captures if n.startswith(_EMBEDDED))
    return _of_tag(name, _text(captures["tag"][0], data)) if "tag" in captures else name


def _of_tag(usual: str, tag: bytes) -> str:
    """Return the language of a script or a style by its attributes, such as `lang="ts"`."""
    attributes = {
        key.decode("ascii", "replace").lower(): value.decode("utf-8", "replace").strip("\"'")
        for key, value in _ATTRIBUTE.findall(tag)
    }
    if "lang" in attributes:
        return str(attributes["lang"])
    if usual == "javascript" and "type" in attributes:
        kind = _SCRIPTS.sub("", attributes["type"].strip().lower())
        return _TYPES.get(kind, kind)
    return usual


def _text(node: Node, data: bytes) -> bytes:
    return data[node.start_byte : node.end_byte]


def _called(name: str) -> Grammar | None:
    """Look up the first word of an info string, such as `python` in `{.python}`."""
    word = _WORD.search(name)
    return grammar_called(word[0]) if word else None


def _pieces(content: Node) -> Iterator[Range]:
    start, point = content.start_byte, content.start_point
    for child in content.children:
        if child.type == "block_continuation" and child.end_byte > child.start_byte:
            if child.start_byte > start:
                yield Range(point, child.start_point, start, child.start_byte)
            start, point = child.end_byte, child.end_point
    if content.end_byte > start:
        yield Range(point, content.end_point, start, content.end_byte)
