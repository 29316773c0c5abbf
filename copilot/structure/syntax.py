"""Whether a file still parses."""

from __future__ import annotations

from pathlib import PurePosixPath

from tree_sitter import Node

from copilot.structure.grammars import parser_for


def first_error_line(path: str, data: bytes) -> int | None:
    """Return the 1-based line of the first syntax error, or None if there is none to be seen.

    None too for a file that no installed grammar reads.
    """
    parser = parser_for(PurePosixPath(path).suffix)
    if parser is None:
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
