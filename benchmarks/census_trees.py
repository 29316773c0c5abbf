"""What files of other languages define, by the types of the nodes in tree-sitter's own tree.

None of the project's queries is used: the tree is walked node by node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from tree_sitter import Node, Parser, TreeCursor

from benchmarks.census_judged import Judged

SUFFIXES = {
    "go": (".go",),
    "javascript": (".js", ".jsx", ".mjs", ".cjs"),
    "rust": (".rs",),
    "typescript": (".ts", ".tsx", ".mts", ".cts"),
}

_KINDS = {
    "go": {
        "function_declaration": "function",
        "method_declaration": "method",
        "method_elem": "method",
        "type_spec": "type",
        "type_alias": "type",
        "field_declaration": "field",
        "const_spec": "constant",
        "var_spec": "variable",
    },
    "rust": {
        "function_item": "function",
        "function_signature_item": "function",
        "struct_item": "struct",
        "union_item": "union",
        "enum_item": "enum",
        "enum_variant": "field",
        "trait_item": "trait",
        "impl_item": "impl",
        "field_declaration": "field",
        "macro_definition": "macro",
        "const_item": "constant",
        "static_item": "constant",
        "type_item": "type",
        "associated_type": "type",
        "mod_item": "module",
    },
    "javascript": {
        "function_declaration": "function",
        "generator_function_declaration": "function",
        "method_definition": "method",
        "class_declaration": "class",
        "field_definition": "field",
        "variable_declarator": "variable",
    },
    "typescript": {
        "function_declaration": "function",
        "generator_function_declaration": "function",
        "function_signature": "function",
        "method_definition": "method",
        "method_signature": "method",
        "abstract_method_signature": "method",
        "class_declaration": "class",
        "abstract_class_declaration": "class",
        "interface_declaration": "interface",
        "enum_declaration": "enum",
        "enum_body": "field",
        "enum_assignment": "field",
        "type_alias_declaration": "type",
        "internal_module": "namespace",
        "module": "module",
        "public_field_definition": "field",
        "property_signature": "field",
        "variable_declarator": "variable",
    },
}
_FUNCTIONS = {
    *("function_declaration", "method_declaration", "func_literal"),
    *("function_item", "closure_expression"),
    *("generator_function_declaration", "method_definition", "arrow_function"),
    *("function_expression", "generator_function"),
}
_FUNCTION_VALUES = {"arrow_function", "function_expression", "generator_function", "func_literal"}
_GO_TYPES = {"struct_type": "struct", "interface_type": "interface"}
_BLOCKS = {"block", "statement_block"}
_RUST_TYPES = {"impl_item", "trait_item"}
_BEFORE = {"attribute_item", "decorator"}
_AROUND = {"export_statement", "ambient_declaration", "lexical_declaration"}
_AROUND |= {"variable_declaration", "type_declaration", "expression_statement"}


def judge(parser: Parser, language: str, data: bytes) -> list[Judged] | None:
    """Return what a file defines, or None if tree-sitter itself reports an error in it."""
    root = parser.parse(data).root_node
    if root.has_error:
        return None
    kinds, lines = _KINDS[language], data.split(b"\n")
    defining: list[tuple[Node, bool]] = []
    no_head: set[int] = set()
    for node, is_body, inside in _walk(root.walk()):
        if is_body and not inside:
            no_head.update(_inner_rows(node))
        elif "comment" in node.type:
            no_head.update(_rows_alone(node, lines))
        if node.type in kinds:
            defining.append((node, inside))
    return [
        judged
        for node, inside in defining
        for judged in _judged(node, kinds, inside=inside, no_head=no_head)
    ]


def _walk(cursor: TreeCursor) -> Iterator[tuple[Node, bool, bool]]:
    """Yield each node, whether it is the body of a function, and whether it stands in one."""
    around: list[tuple[str, bool]] = [("", False)]
    while True:
        node, (outer, inside) = cast("Node", cursor.node), around[-1]
        is_body = cursor.field_name == "body" and outer in _FUNCTIONS
        yield node, is_body, inside
        if cursor.goto_first_child():
            around.append((node.type, inside or is_body))
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            around.pop()


def _inner_rows(body: Node) -> range:
    """Return the rows of a body that an outline leaves out: all after the sign that opens it."""
    before = body.prev_sibling
    first = body.start_point.row if body.type in _BLOCKS or not before else before.end_point.row
    return range(first + 1, body.end_point.row + (body.type not in _BLOCKS))


def _rows_alone(comment: Node, lines: Sequence[bytes]) -> range:
    """Return the rows that hold nothing but a comment."""
    first, last = comment.start_point, comment.end_point
    if lines[first.row][: first.column].strip():
        return range(0)
    followed = bool(lines[last.row][last.column :].strip())
    return range(first.row, last.row + 1 - followed)


def _judged(
    node: Node, kinds: dict[str, str], *, inside: bool, no_head: set[int]
) -> Iterator[Judged]:
    kind, first = _kind(node, kinds), _first(node)
    last = _last(node, kind)
    for name in _names(node, kind):
        text = " ".join((name.text or b"").decode("utf-8", "replace").split())
        row = name.start_point.row
        if node.type == "enum_body":
            yield Judged(kind, text, row + 1, (row + 1,), row + 1, inside)
            continue
        head = range(min(first, row), max(_head_last(node, last), row) + 1)
        lines = tuple(r + 1 for r in head if r == row or inside or r not in no_head)
        yield Judged(kind, text, row + 1, lines, max(row, last) + 1, inside)


def _kind(node: Node, kinds: dict[str, str]) -> str:
    kind = kinds[node.type]
    around = node.parent and node.parent.parent
    value = node.child_by_field_name("value")
    if node.type == "type_spec":
        return _GO_TYPES.get(_field_type(node), kind)
    if kind == "function" and around and around.type in _RUST_TYPES:
        return "method"
    if value and value.type == "expression_list" and value.named_child_count == 1:
        value = value.named_children[0]
    if kind in ("variable", "field") and value and value.type in _FUNCTION_VALUES:
        return "function" if kind == "variable" else "method"
    return "class" if kind == "variable" and value and value.type == "class" else kind


def _field_type(node: Node) -> str:
    part = node.child_by_field_name("type")
    return part.type if part else ""


def _names(node: Node, kind: str) -> list[Node]:
    """Return the names that a node defines: none for a local variable or a pattern."""
    if kind in ("variable", "constant") and not _is_of_the_file(node):
        return []
    if node.type == "impl_item":
        return [n for n in [node.child_by_field_name("type")] if n]
    if node.type == "enum_body":
        return [n for n in node.named_children if n.type not in ("enum_assignment", "comment")]
    names = node.children_by_field_name("name") or node.children_by_field_name("property")
    if node.type == "field_declaration" and not names:
        return _embedded(node)
    patterns = ("object_pattern", "array_pattern", ",")
    return [n for n in names if n.type not in patterns and n.text != b"_"]


def _embedded(node: Node) -> list[Node]:
    """Return the name of a field that Go names by its type: the last part of it."""
    part = node.child_by_field_name("type")
    while part and part.type in ("generic_type", "qualified_type", "pointer_type"):
        part = part.child_by_field_name("name" if part.type == "qualified_type" else "type")
    return [part] if part else []


def _is_of_the_file(node: Node) -> bool:
    """Say whether a variable is a name of its file, or a constant of any place in Rust."""
    if node.type in ("const_item", "static_item"):
        return True
    while node.parent and node.parent.type in (*_AROUND, "const_declaration", *_GO_GROUPS):
        node = node.parent
    return node.parent is not None and node.parent.type in ("program", "source_file")


_GO_GROUPS = ("var_declaration", "var_spec_list")


def _first(node: Node) -> int:
    """Return the row where a definition begins, with its decorators or attributes."""
    while node.parent and node.parent.type in _AROUND and _is_first(node, node.parent):
        node = node.parent
    row, before = node.start_point.row, node.prev_named_sibling
    while before and (before.type in _BEFORE or "comment" in before.type):
        if before.type in _BEFORE:
            row = before.start_point.row
        before = before.prev_named_sibling
    return row


def _last(node: Node, kind: str) -> int:
    """Return the row where a definition ends; a variable goes with its whole statement."""
    while kind == "variable" and node.parent and node.parent.type in _AROUND:
        node = node.parent
    return node.end_point.row - (node.end_point.column == 0)


def _is_first(node: Node, around: Node) -> bool:
    return next((n for n in around.named_children if n.type != "decorator"), node).id == node.id


def _head_last(node: Node, last: int) -> int:
    """Return the last row of a signature: where its body opens, or its value begins."""
    if node.type == "type_spec" and _field_type(node) in _GO_TYPES:
        return _opening(node.child_by_field_name("type"), last)
    if node.type == "macro_definition":
        return node.start_point.row
    value = node.child_by_field_name("value")
    if value is None:
        body = node.child_by_field_name("body")
        return body.start_point.row if body and not _is_tuple(body) else last
    if value.type == "arrow_function":
        return next(n.start_point.row for n in value.children if n.type == "=>")
    body = value.child_by_field_name("body") if value.type in _FUNCTION_VALUES else None
    return (body or value).start_point.row


def _is_tuple(body: Node) -> bool:
    return body.type == "ordered_field_declaration_list"


def _opening(node: Node | None, last: int) -> int:
    """Return the row of the first brace in a node, which a grammar may hold one level down."""
    rows = [
        part.start_point.row
        for child in (node.children if node else [])
        for part in (child, *child.children[:1])
        if part.type == "{"
    ]
    return rows[0] if rows else last
