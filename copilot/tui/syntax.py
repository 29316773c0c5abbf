"""Syntax colours of single lines, by Pygments; a line that cannot be lexed is plain text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Literal, Protocol

from copilot.tui.rows import line_text

# Longer lines stay plain: they are data rather than code, and slow to lex.
MAX_LENGTH = 1000

SpanKind = Literal["comment", "definition", "keyword", "number", "string"]

# Pygments' token types are tuples of names; the longest known beginning decides.
_KINDS: dict[tuple[str, ...], SpanKind] = {
    ("Comment",): "comment",
    ("Keyword",): "keyword",
    ("Literal", "Number"): "number",
    ("Literal", "String"): "string",
    ("Name", "Builtin"): "keyword",
    ("Name", "Class"): "definition",
    ("Name", "Decorator"): "definition",
    ("Name", "Function"): "definition",
    ("Name", "Tag"): "definition",
    ("Operator", "Word"): "keyword",
}

# What a lexer raises on text its author did not expect.
_LEXER_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError,
                 TypeError, ValueError)  # fmt: skip


class _Lexer(Protocol):
    def get_tokens_unprocessed(self, text: str) -> Iterable[tuple[int, tuple[str, ...], str]]: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (excluded) of a line as it is shown."""

    start: int
    end: int
    kind: SpanKind


@lru_cache(maxsize=8192)
def spans(path: str, data: bytes) -> tuple[Span, ...]:
    """Return the coloured spans of one line of the file at `path`, in order."""
    lexer = _lexer(path.rpartition("/")[2])
    if lexer is None or len(data) > MAX_LENGTH:
        return ()
    try:
        return tuple(_spans(lexer, line_text(data, MAX_LENGTH)))
    except _LEXER_ERRORS:
        return ()


def _spans(lexer: _Lexer, text: str) -> Iterable[Span]:
    for start, token, value in lexer.get_tokens_unprocessed(text):
        kind = _kind(token)
        if kind is not None:
            yield Span(start, start + len(value), kind)


def _kind(token: tuple[str, ...]) -> SpanKind | None:
    beginnings = (token[:length] for length in range(len(token), 0, -1))
    return next((_KINDS[names] for names in beginnings if names in _KINDS), None)


@lru_cache(maxsize=512)
def _lexer(file_name: str) -> _Lexer | None:
    # Pygments ships no type information; this keeps its Any in one place.
    find = import_module("pygments.lexers").get_lexer_for_filename
    try:
        lexer: _Lexer = find(file_name)
    except _LEXER_ERRORS:
        return None
    return lexer
