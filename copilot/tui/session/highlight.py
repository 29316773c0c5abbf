"""Syntax colours of a line in a code block, by the language that the block names."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from copilot.tui.syntax import spans

_EXTENSIONS = 64


@lru_cache(maxsize=_EXTENSIONS)
def file_name(language: str) -> str:
    """Return a file's name in a language that Pygments knows, or a language's own word."""
    # Pygments ships no type information; this keeps its Any in one place.
    known = import_module("pygments.lexers")
    name = language.strip("{}.").split(",")[0].lower()
    for _, aliases, patterns, _ in known.get_all_lexers(plugins=False):
        if name in aliases and patterns:
            return str(patterns[0]).replace("*", "block")
    return f"block.{name}" if name.isalnum() else ""


def code_spans(language: str, text: str) -> tuple[tuple[int, int, str], ...]:
    """Return the coloured characters of a line, in order; none in an unknown language."""
    path = file_name(language) if language else ""
    if not path:
        return ()
    found = spans(path, text.encode("utf-8", "replace"))
    return tuple((span.start, span.end, span.kind) for span in found)
