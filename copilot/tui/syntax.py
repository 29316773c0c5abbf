"""Syntax colours by Pygments: of whole files little by little, of single lines until then.

A line lexed alone is wrong inside a text or comment of several lines; a file lexed at once would
hold up the screen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from time import thread_time
from typing import Literal, NamedTuple, Protocol

from copilot.text import suffix_of
from copilot.tui.cells import decoded

# Longer lines stay plain: they are data rather than code, and slow to lex.
MAX_LENGTH = 1000

# Larger files are coloured line by line; of the others, so many are remembered.
_MAX_FILE = 128 * 1024
_KEPT_FILES = 8
# Characters lexed when a file is first looked at, and at each further step: a few milliseconds.
_STEP = 2048
# Seconds of CPU that a step may take on text that a lexer is slow with, and for a whole file:
# beyond these it is coloured line by line.
_STEP_SECONDS = 0.02
_FILE_SECONDS = 1.0
# Lines coloured below the last one that was asked for.
_AHEAD = 100

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

# What Pygments would find by the file's name, in a tenth of a second for the first.
LANGUAGES = {
    ".c": "c", ".cpp": "cpp", ".cs": "csharp", ".css": "css", ".go": "go", ".h": "c",
    ".html": "html", ".java": "java", ".js": "javascript", ".json": "json", ".jsx": "jsx",
    ".kt": "kotlin", ".md": "markdown", ".php": "php", ".py": "python", ".rb": "ruby",
    ".rs": "rust", ".sh": "bash", ".swift": "swift", ".toml": "toml", ".ts": "typescript",
    ".tsx": "tsx", ".xml": "xml", ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip

# What a lexer raises on text its author did not expect.
_LEXER_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError,
                 TypeError, ValueError)  # fmt: skip

Token = tuple[int, tuple[str, ...], str]


class _Lexer(Protocol):
    def get_tokens_unprocessed(self, text: str) -> Iterable[Token]: ...


class Span(NamedTuple):
    """Characters `start` to `end` (excluded) of a line."""

    start: int
    end: int
    kind: SpanKind


Spans = tuple[Span, ...]


class Colours:
    """The colours of the files that are looked at; `step` goes on with what is not done."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[str, int], _File] = OrderedDict()

    def line(self, path: str, text: bytes, number: int, line: bytes) -> Spans:
        """Return the spans of a line of a file's `text`; `number` is 1-based."""
        lexer = _lexer(path.rpartition("/")[2])
        if lexer is None or len(line) > MAX_LENGTH:
            return ()
        if len(text) <= _MAX_FILE:
            found = self._file(path, text, lexer).line(number)
            if found is not None:
                return found
        return spans(path, line)

    @property
    def is_done(self) -> bool:
        """Tell whether all lines that somebody asked for are coloured as their file has them."""
        return all(file.is_enough for file in self._files.values())

    def step(self) -> bool:
        """Go on with the file that was looked at last; tell whether that is enough of it."""
        for file in reversed(self._files.values()):
            if not file.is_enough:
                file.read(_STEP)
                return file.is_enough
        return False

    def _file(self, path: str, text: bytes, lexer: _Lexer) -> _File:
        # The file keeps its text alive, so that no other can have the same identity.
        key = path, id(text)
        found = self._files.get(key)
        if found is None:
            found = self._files[key] = _File(text, lexer)
            found.read(_STEP)
            if len(self._files) > _KEPT_FILES:
                self._files.popitem(last=False)
        self._files.move_to_end(key)
        return found


class _File:
    """One text and the spans of its lines as far as it is lexed."""

    def __init__(self, data: bytes, lexer: _Lexer) -> None:
        self._data = data
        self._lines: list[Spans] = []
        self._open: list[Span] = []
        self._start = 0
        self._is_plain = max(map(len, data.split(b"\n"))) > MAX_LENGTH
        self._is_read = self._is_plain
        self._wanted = 0
        self._seconds = 0.0
        text = data.decode("utf-8", "surrogateescape")
        self._tokens = iter(() if self._is_plain else lexer.get_tokens_unprocessed(text))

    @property
    def is_enough(self) -> bool:
        return self._is_read or len(self._lines) >= self._wanted

    def line(self, number: int) -> Spans | None:
        """Return a line's spans, None where they are not known."""
        if number <= len(self._lines):
            return self._lines[number - 1]
        self._wanted = max(self._wanted, number + _AHEAD)
        return tuple(self._open) if self._is_read and not self._is_plain else None

    def read(self, characters: int) -> None:
        """Lex about so many characters further, fewer where that takes too long."""
        end, begun = self._start + characters, thread_time()
        try:
            while self._start < end and not self._is_read:
                token = next(self._tokens, None)
                if token is None:
                    self._is_read = True
                else:
                    self._take(*token)
                if thread_time() - begun > _STEP_SECONDS:
                    break
        except _LEXER_ERRORS:
            self._is_read = self._is_plain = True
        self._seconds += thread_time() - begun
        if self._seconds > _FILE_SECONDS and not self._is_read:
            self._is_read = self._is_plain = True

    def _take(self, start: int, token: tuple[str, ...], value: str) -> None:
        """Add a token, which may go over several lines, to the lines it is in."""
        kind = _kind(token)
        for number, part in enumerate(value.split("\n")):
            if number:
                self._lines.append(tuple(self._open))
                self._open, self._start = [], start
            if kind is not None and part:
                begin = start - self._start
                _add(self._open, Span(begin, begin + len(part), kind))
            start += len(part) + 1


@lru_cache(maxsize=4096)
def spans(path: str, data: bytes) -> Spans:
    """Return the coloured spans of one line alone of the file at `path`, in order."""
    lexer = _lexer(path.rpartition("/")[2])
    if lexer is None or len(data) > MAX_LENGTH:
        return ()
    try:
        return _line_spans(lexer, decoded(data))
    except _LEXER_ERRORS:
        return ()


def _line_spans(lexer: _Lexer, text: str) -> Spans:
    found: list[Span] = []
    for start, token, value in lexer.get_tokens_unprocessed(text):
        kind = _kind(token)
        if kind is not None:
            _add(found, Span(start, start + len(value), kind))
    return tuple(found)


def _add(spans: list[Span], span: Span) -> None:
    """Add a span, as part of the last one where that goes on with it."""
    last = spans[-1] if spans else None
    if last is not None and (last.end, last.kind) == (span.start, span.kind):
        spans[-1] = Span(last.start, span.end, span.kind)
    else:
        spans.append(span)


@lru_cache(maxsize=256)
def _kind(token: tuple[str, ...]) -> SpanKind | None:
    beginnings = (token[:length] for length in range(len(token), 0, -1))
    return next((_KINDS[names] for names in beginnings if names in _KINDS), None)


@lru_cache(maxsize=512)
def _lexer(file_name: str) -> _Lexer | None:
    # Pygments ships no type information; this keeps its Any in one place.
    known = import_module("pygments.lexers")
    language = LANGUAGES.get(suffix_of(file_name))
    try:
        lexer: _Lexer = (
            known.get_lexer_by_name(language)
            if language
            else known.get_lexer_for_filename(file_name)
        )
    except _LEXER_ERRORS:
        return None
    return lexer
