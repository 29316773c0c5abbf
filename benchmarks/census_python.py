"""What Python files define, by Python's own `ast`."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from benchmarks.census_judged import Judged

Assignment = ast.Assign | ast.AnnAssign
Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def judge(data: bytes) -> list[Judged] | None:
    """Return functions, classes, their fields and the variables of a file.

    None if `ast` cannot parse it.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return None
    return list(_judged(tree, in_class=False, inside=False))


def _judged(node: ast.AST, *, in_class: bool, inside: bool) -> Iterator[Judged]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Node):
            is_class = isinstance(child, ast.ClassDef)
            yield _definition(child, in_class=in_class, inside=inside)
            yield from _judged(child, in_class=is_class, inside=inside or not is_class)
        elif isinstance(node, ast.Module | ast.ClassDef) and isinstance(child, Assignment):
            yield from _names(child, in_class=in_class, inside=inside)
        else:
            yield from _judged(child, in_class=in_class, inside=inside)


def _definition(node: Node, *, in_class: bool, inside: bool) -> Judged:
    kind = "class" if isinstance(node, ast.ClassDef) else "method" if in_class else "function"
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    head = tuple(range(first, max(node.lineno, _last_of_head(node)) + 1))
    return Judged(kind, node.name, node.lineno, head, node.end_lineno or node.lineno, inside)


def _names(node: Assignment, *, in_class: bool, inside: bool) -> Iterator[Judged]:
    """Yield the plain names that a statement of a module or a class gives a value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    targets = [name for t in targets for name in (t.elts if isinstance(t, ast.Tuple) else [t])]
    kind, last = "field" if in_class else "variable", node.end_lineno or node.lineno
    for name in targets:
        if isinstance(name, ast.Name):
            yield Judged(kind, name.id, name.lineno, (name.lineno,), last, inside)


def _last_of_head(node: Node) -> int:
    """Return the last line of what stands between the name and the colon."""
    if isinstance(node, ast.ClassDef):
        parts: list[ast.AST] = [*node.bases, *node.keywords]
    else:
        parts = [p for p in ast.walk(node.args) if p is not node.args]
        parts += [node.returns] if node.returns else []
    return max([getattr(part, "end_lineno", 0) or 0 for part in parts], default=0)
