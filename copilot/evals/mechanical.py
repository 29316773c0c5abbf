"""Edits with one right result, made by code: what a model must do to a file when asked in words.

Python is edited by the exact positions of its syntax tree; of other languages only declarations on
one line and locals whose every use is plain to see, all else is left alone.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from random import Random
from types import MappingProxyType

from copilot.evals import plain_edits
from copilot.evals.plain_edits import (
    MOST_LINES,
    MOST_USES,
    Edit,
    Spans,
    Wish,
    drawn,
    fresh_name,
    is_named,
    other_value,
)
from copilot.evals.pythonic import parsed

RENAME, PARAMETER, CONSTANT, DEFAULT, INSERT = KINDS = (
    "rename",
    "parameter",
    "constant",
    "default",
    "insert",
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_python(path: str) -> bool:
    """Tell whether a file is edited by its syntax tree."""
    return path.endswith((".py", ".pyi"))


def edit_in(path: str, text: str, kind: str, random: Random) -> Edit | None:
    """Return an edit of a kind drawn from those that the file offers, None if it offers none.

    The file's lines end in line feeds alone.
    """
    if not is_python(path):
        return plain_edits.edit_in(path, text, kind, random)
    module = _module_of(text)
    return drawn(_MAKERS[kind](module, random), module.written, random) if module else None


def same_program(one: str, other: str) -> bool:
    """Tell whether two Python texts are the same but for comments and layout."""
    trees = parsed(one), parsed(other)
    try:
        return all(trees) and len({ast.dump(tree) for tree in trees if tree}) == 1
    except RecursionError:
        return False


@dataclass(frozen=True)
class _Module:
    """A module's text with its tree and where each line begins, in bytes."""

    text: str
    data: bytes
    tree: ast.Module
    starts: tuple[int, ...]

    def span(self, node: ast.expr | ast.stmt | ast.arg) -> tuple[int, int]:
        """Return where a node begins and ends, in bytes."""
        begin = self.starts[node.lineno - 1] + node.col_offset
        return begin, self.starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)

    def source(self, node: ast.expr | ast.stmt | ast.arg) -> str:
        begin, end = self.span(node)
        return self.data[begin:end].decode()

    def written(self, spans: Spans) -> str:
        """Return the text with other words at some places."""
        data = self.data
        for (begin, end), words in sorted(spans.items(), reverse=True):
            data = data[:begin] + words.encode() + data[end:]
        return data.decode()

    def functions(self) -> Iterator[_Function]:
        """Yield the functions whose name no other of the module has."""
        all_of = [node for node in ast.walk(self.tree) if isinstance(node, _Function)]
        names = Counter(node.name for node in all_of)
        yield from (node for node in all_of if names[node.name] == 1)


# The kinds of edits of one file are looked for one after another.
@lru_cache(maxsize=4)
def _module_of(text: str) -> _Module | None:
    """Return a module, None for one that does not parse or has other ends of lines."""
    tree = None if "\r" in text else parsed(text)
    if tree is None:
        return None
    data = text.encode()
    sizes = (len(line) + 1 for line in data.split(b"\n"))
    return _Module(text, data, tree, tuple(accumulate(sizes, initial=0)))


_Maker = Callable[[_Module, Random], Iterator[Wish]]


def _renames(module: _Module, random: Random) -> Iterator[Wish]:
    """Yield a new name for each local whose every mention in its function is a plain use."""
    new = fresh_name(module.text, random)
    for function in module.functions():
        first, last = function.lineno, function.end_lineno or function.lineno
        if last - first >= MOST_LINES:
            continue
        inside = [node for statement in function.body for node in ast.walk(statement)]
        named = [node for node in inside if isinstance(node, ast.Name)]
        # What a class in a function is given is no local.
        if any(isinstance(node, ast.ClassDef) for node in inside):
            continue
        for name in sorted({node.id for node in named if isinstance(node.ctx, ast.Store)}):
            uses = {module.span(node) for node in named if node.id == name}
            if not 2 <= len(uses) <= MOST_USES or uses != _mentions(module, function, name):
                continue
            words = {"function": function.name, "name": name, "new": new}
            yield words, dict.fromkeys(uses, new)


def _mentions(module: _Module, function: _Function, name: str) -> set[tuple[int, int]]:
    """Return where a word stands in a function, comments and strings included."""
    begin, end = module.span(function)
    word = re.compile(rb"(?<![\w\x80-\xff])" + name.encode() + rb"(?![\w\x80-\xff])")
    return {match.span() for match in word.finditer(module.data, begin, end)}


def _parameters(module: _Module, random: Random) -> Iterator[Wish]:
    """Yield one more parameter for each function with plain ones on a single line."""
    name, value = fresh_name(module.text, random), str(random.randint(2, 97))
    for function in module.functions():
        given = function.args
        if given.vararg or given.kwarg or given.kwonlyargs or given.posonlyargs:
            continue
        if function.decorator_list:
            continue
        head = module.data[module.starts[function.lineno - 1] : module.starts[function.lineno]]
        nodes: list[ast.expr | ast.arg] = [*given.args, *given.defaults]
        ends = [module.span(node)[1] for node in nodes]
        bare = re.search(rb"\bdef +\w+\(\)", head)
        if ends and max(ends) < module.starts[function.lineno]:
            place, words = max(ends), f", {name}={value}"
            # A default in brackets ends before what closes it.
            if module.data[place : place + 1] != b")" or module.data[place + 1 : place + 2] == b")":
                continue
        elif not ends and bare:
            place, words = module.starts[function.lineno - 1] + bare.end() - 1, f"{name}={value}"
        else:
            continue
        yield {"function": function.name, "new": f"{name}={value}"}, {(place, place): words}


def _constants(module: _Module, random: Random) -> Iterator[Wish]:
    """Yield another value for each constant of a module or a class."""
    for name, _, value in _assigned(module):
        old = module.source(value)
        if new := other_value(old, random):
            yield {"name": name, "old": old, "new": new}, {module.span(value): new}


def _assigned(module: _Module) -> Iterator[tuple[str, ast.stmt, ast.expr]]:
    """Yield the names that are given a value once, outside of functions, on one line."""
    named = (node for node in ast.walk(module.tree) if isinstance(node, ast.Name))
    stored = Counter(node.id for node in named if isinstance(node.ctx, ast.Store))
    bodies = [node.body for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    for statement in (one for body in (module.tree.body, *bodies) for one in body):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value:
            target, value = statement.target, statement.value
        else:
            continue
        is_one_line = statement.lineno == statement.end_lineno
        if isinstance(target, ast.Name) and is_one_line and stored[target.id] == 1:
            yield target.id, statement, value


def _defaults(module: _Module, random: Random) -> Iterator[Wish]:
    """Yield another default for each parameter that has a plain one."""
    for function in module.functions():
        given = function.args
        behind = given.args[len(given.args) - len(given.defaults) :]
        pairs = [*zip(behind, given.defaults, strict=False)]
        pairs += [(a, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d]
        for parameter, value in pairs:
            old = module.source(value)
            if new := other_value(old, random):
                words = {"function": function.name, "name": parameter.arg, "old": old, "new": new}
                yield words, {module.span(value): new}


def _inserts(module: _Module, random: Random) -> Iterator[Wish]:
    """Yield one more constant below each whose line stands once in the file."""
    name, lines = fresh_name(module.text, random).upper(), module.text.split("\n")
    counts = Counter(map(str.strip, lines))
    for _, statement, value in _assigned(module):
        above, place = lines[statement.lineno - 1], module.starts[statement.lineno]
        new = other_value(module.source(value), random)
        if new and is_named(above, counts) and statement.lineno < len(lines):
            indent = above[: len(above) - len(above.lstrip())]
            words = {"line": above.strip(), "new": f"{name} = {new}"}
            yield words, {(place, place): f"{indent}{name} = {new}\n"}


_MAKERS: Mapping[str, _Maker] = MappingProxyType(
    {
        RENAME: _renames,
        PARAMETER: _parameters,
        CONSTANT: _constants,
        DEFAULT: _defaults,
        INSERT: _inserts,
    }
)
