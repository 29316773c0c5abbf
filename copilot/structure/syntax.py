"""Whether a file still parses."""

from __future__ import annotations

import re

from tree_sitter import Node

from copilot.structure.grammars import grammar_of, parser_for
from copilot.structure.nesting import too_deep
from copilot.text import suffix_of

# Of these a grammar refuses what their tools accept, or lets pass what they refuse: templates,
# extensions and dialects are usual in them.
_UNJUDGED = frozenset({"dockerfile", "make", "cmake", "yaml", "markdown"})
_UNJUDGED |= {"html", "css", "scss", "vue", "svelte", "sql"}
# Their grammars refuse one in ten of the files that compile.
_UNJUDGED |= {"dart", "kotlin", "objc", "perl", "swift", "zig"}
# Tools read these with comments and trailing commas.
_RELAXED_JSON = re.compile(r"(?:^|/)(?:\.vscode/|\.|[jt]sconfig)[^/]*$|\.jsonc$")


def first_error_line(path: str, data: bytes) -> int | None:
    """Return the 1-based line of the first syntax error, or None if there is none to be seen.

    None too for a file that no installed grammar reads, or of a language that is not judged.
    """
    grammar, parser = grammar_of(path), parser_for(suffix_of(path))
    if parser is None or grammar is None or grammar.language in _UNJUDGED:
        return None
    relaxed = grammar.language == "json" and _RELAXED_JSON.search(path)
    if relaxed or too_deep(grammar.language, data):
        return None
    root = parser.parse(data).root_node
    return _first_error(root) if root.has_error else None


def broken_by(path: str, before: bytes | None, after: bytes | None) -> int | None:
    """Return the first broken line of `after` if `before` parsed (or was not there), else None."""
    if after is None or (before is not None and first_error_line(path, before) is not None):
        return None
    return first_error_line(path, after)


def _first_error(root: Node) -> int:
    """Walk down to the first innermost erroneous node.

    An outer one often begins far above the mistake: it holds all that was read before it.
    """
    node = root
    while broken := next((child for child in node.children if child.has_error), None):
        node = broken
    return int(node.start_point.row) + 1
