"""Which grammar reads a file."""

from __future__ import annotations

from functools import cache

import tree_sitter_python
from tree_sitter import Language, Parser

_LANGUAGES = {".py": tree_sitter_python.language, ".pyi": tree_sitter_python.language}


@cache
def parser_for(suffix: str) -> Parser | None:
    """Return the parser for a file-name suffix such as `.py`, or None if no grammar reads it."""
    language = _LANGUAGES.get(suffix.lower())
    return Parser(Language(language())) if language else None
