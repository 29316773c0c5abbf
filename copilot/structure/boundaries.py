"""Where a line can be added to a file that stays valid: between what stands at its top level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from tree_sitter import Node

from copilot.structure.embedded import parse
from copilot.structure.grammars import grammar_of, is_installed

# Nodes whose children are looked at, and of these such as a line may stand in.
_PASSED = {
    "c": frozenset({"preproc_ifdef", "preproc_if"}),
    "cpp": frozenset({"preproc_ifdef", "preproc_if", "namespace_definition", "declaration_list"}),
    "java": frozenset({"class_declaration", "class_body"}),
    "ruby": frozenset({"module", "class", "body_statement"}),
}
_TAKING = {
    "cpp": frozenset({"translation_unit", "preproc_ifdef", "preproc_if", "declaration_list"}),
    "java": frozenset({"class_body"}),
    "ruby": frozenset({"program", "body_statement"}),
}
# What must stay at the beginning of a file.
_HEADERS = frozenset(
    {"future_import_statement", "package_clause", "import_declaration", "inner_attribute_item"}
    | {"php_tag", "namespace_use_declaration", "hash_bang_line", "namespace_definition"}
)
# What belongs to the thing below it.
_LEADING = frozenset({"comment", "line_comment", "block_comment", "attribute_item", "decorator"})

# Before these a line can be added in a block.
_STATEMENTS = frozenset(
    {"expression_statement", "return_statement", "if_statement", "for_statement", "with_statement"}
    | {"while_statement", "try_statement", "function_definition", "decorated_definition"}
    | {"raise_statement", "assert_statement"}
)


@lru_cache(maxsize=512)
def boundaries(path: str, data: bytes) -> tuple[int, ...]:
    """Return the byte offsets of lines before which one may be added, in order.

    Java's and Ruby's are in classes too. There is none at the beginning of a file, and none at all
    in one that cannot be parsed.
    """
    root, language = _root(path, data), _language(path)
    if root is None:
        return ()
    found = sorted(set(_found(root, language, data)))
    is_taking = root.type in _TAKING.get(language, {root.type})
    return (*found, len(data)) if is_taking and data.endswith(b"\n") else tuple(found)


@lru_cache(maxsize=64)
def inner_boundaries(path: str, data: bytes) -> tuple[tuple[int, str], ...]:
    """Return such offsets inside of Python's functions and classes, with the indentation there."""
    root = _root(path, data) if _language(path) == "python" else None
    return tuple(sorted(_inner(root, data))) if root else ()


def _language(path: str) -> str:
    grammar = grammar_of(path)
    return grammar.language if grammar else ""


def _root(path: str, data: bytes) -> Node | None:
    """Return the root of a file's tree, None where something in it cannot be read."""
    grammar = grammar_of(path)
    if grammar is None or not is_installed(grammar) or b"\r" in data:
        return None
    parts = parse(grammar, data)
    root = parts[0].tree.root_node if parts else None
    return None if root is None or root.has_error else root


def _inner(node: Node, data: bytes) -> Iterator[tuple[int, str]]:
    for child in node.named_children:
        if child.type == "block":
            # The first statement may be the documentation.
            yield from _indented(child.named_children[1:], data)
        yield from _inner(child, data)


def _indented(children: Sequence[Node], data: bytes) -> Iterator[tuple[int, str]]:
    for child in children:
        start = child.start_byte - child.start_point.column
        indent = data[start : child.start_byte]
        if not indent.strip() and child.type in _STATEMENTS:
            yield start, indent.decode()


def _found(node: Node, language: str, data: bytes) -> Iterator[int]:
    passed = _PASSED.get(language, frozenset())
    if node.type in _TAKING.get(language, passed) or (
        node.parent is None and language not in _TAKING
    ):
        yield from _between(node, language, data)
    for child in node.named_children:
        if child.type in passed:
            yield from _found(child, language, data)


def _between(node: Node, language: str, data: bytes) -> Iterator[int]:
    children = node.named_children
    headers = (n + 1 for n in range(len(children)) if _is_header(children, n, language))
    first = max(headers, default=0)
    for number, child in enumerate(children):
        start = child.start_byte - child.start_point.column
        is_alone = not number or not _reaches(children[number - 1], child)
        if number >= first and start and is_alone and not data[start : child.start_byte].strip():
            yield start


def _is_header(children: Sequence[Node], number: int, language: str) -> bool:
    """Tell whether a child must stay above all others: a text that comes first is one of these."""
    child = children[number]
    if child.type in _HEADERS:
        return child.type != "namespace_definition" or language == "php"
    is_text = child.type == "expression_statement" and child.named_child_count == 1
    is_first = all(before.type in _LEADING for before in children[:number])
    return is_text and is_first and child.named_children[0].type == "string"


def _reaches(above: Node, child: Node) -> bool:
    """Tell whether two nodes belong together, or share a line."""
    end = above.end_point.row - (above.end_point.column == 0)
    gap = child.start_point.row - end
    return gap < 1 or (gap == 1 and above.type in _LEADING)
