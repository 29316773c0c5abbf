"""What a file defines."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.structure.docs import docs
from copilot.structure.grammars import grammar_of, is_installed
from copilot.structure.reading import TYPES, Found, read

_MARKUP = frozenset({"element", "heading", "template"})


@dataclass(frozen=True)
class Definition:
    """A named part of a file. Lines count from 1, both ends included, decorators with it.

    `parent` is the dotted name of what it stands in, or None; `signature` is the source text up
    to the body; `doc` is the first line of its documentation string or of the comment above it,
    without quotes and comment signs, or "".
    """

    name: str
    kind: str
    parent: str | None
    start_line: int
    end_line: int
    signature: str
    doc: str = ""


def definitions(path: str, data: bytes) -> tuple[Definition, ...]:
    """Return a file's definitions in its order, none if no installed grammar reads it."""
    grammar = grammar_of(path)
    if grammar is None or not is_installed(grammar):
        return ()
    around: list[tuple[Found, str]] = []
    made = []
    reading = read(grammar, data)
    for found, doc in zip(reading.found, docs(reading, data), strict=True):
        while around and not _holds(around[-1][0], found):
            around.pop()
        outer, name = next((o for o in reversed(around) if _is_parent(o[0], found)), (None, ""))
        made.append(_definition(found, data, outer, name, doc))
        around.append((found, _joined(made[-1].parent, found.name)))
    return tuple(made)


def _holds(outer: Found, inner: Found) -> bool:
    """Say whether one stands in the other; two names of one statement share their span."""
    return inner.start < outer.end and (outer.start, outer.end) != (inner.start, inner.end)


def _is_parent(outer: Found, inner: Found) -> bool:
    """Say whether a name belongs to what it stands in: code in a page belongs to no heading."""
    return outer.kind not in _MARKUP or inner.kind in _MARKUP


def _definition(found: Found, data: bytes, outer: Found | None, name: str, doc: str) -> Definition:
    member = found.parent or (outer and outer.kind in TYPES)
    kind = "method" if found.kind == "function" and member else found.kind
    signature = data[found.start : found.signature_end].decode("utf-8", "replace")
    return Definition(
        found.name,
        kind,
        _joined(name, found.parent) if found.parent else name or None,
        found.rows.first + 1,
        found.rows.last + 1,
        signature.strip(),
        doc,
    )


def _joined(outer: str | None, name: str) -> str:
    return f"{outer}.{name}" if outer else name
