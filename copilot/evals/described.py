"""What a function does, in words that do not name it: from its documentation and its structure.

Four fields as in RepoQA (Liu et al. 2024, arXiv 2406.06025): purpose, input, output, procedure. The
function's name and its parameters' names are blanked wherever they stand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copilot.settings.prompts import fill_prompt

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_MOST_PURPOSE = 600
# Where the prose of a documentation string ends.
_SECTION = re.compile(
    r"^\s*(?:(?:Args|Arguments|Params|Parameters|Returns?|Yields?|Raises|Examples?|Notes?|"
    r"Attributes|See Also|References|Warnings?|Todo)\s*:?\s*$|[:@]\w+|>>> |\.\. )",
    re.MULTILINE | re.IGNORECASE,
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
# Names that may be words of the language: small letters, a vowel among them.
_PLAIN = re.compile(r"a|i|in|to|of|on|at|by|is|it|as|an|or|if|no|so|up|(?=.*[aeiouy])[a-z]{3,}")
_COMMAS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>")
# A fixed list, so that a description does not depend on the Python that makes it.
_NAMES = (
    "abc argparse ast asyncio base64 bisect collections contextlib copy csv ctypes dataclasses "
    "datetime decimal difflib email enum errno fcntl fnmatch functools gc glob gzip hashlib heapq "
    "hmac html http importlib inspect io itertools json logging math mimetypes multiprocessing "
    "operator os pathlib pickle platform queue random re secrets select shlex shutil signal socket "
    "sqlite3 ssl stat statistics string struct subprocess sys tarfile tempfile textwrap threading "
    "time traceback types typing unicodedata urllib uuid warnings weakref xml zipfile zlib"
)
_STANDARD = frozenset(_NAMES.split())


@dataclass(frozen=True)
class Told:
    """What is known of a function: its name, and those of its parameters without `self`.

    `purpose` is the prose of its documentation, "" without any. The rest are keys of the words with
    what fills their blanks: how many there are, and names.
    """

    name: str
    parameters: tuple[str, ...]
    purpose: str
    input: tuple[tuple[str, str], ...]
    output: tuple[tuple[str, str], ...]
    procedure: tuple[tuple[str, str], ...]

    @property
    def is_enough(self) -> bool:
        """Whether the function can be told from others by this."""
        return bool(self.purpose) or len(self.procedure) > 2


def words_of(text: str) -> dict[str, str]:
    """Read the small words that descriptions are made of: a line each, behind its key."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def described(told: Told, template: str, words: dict[str, str]) -> str:
    """Return a description that names neither the function nor its parameters."""

    blank = words.get("hidden", "…")

    def said(facts: Sequence[tuple[str, str]], between: str) -> str:
        shown = [
            fill_prompt(words.get(key, key), count=value, names=hidden(value, told, blank))
            for key, value in facts
        ]
        return between.join(shown) or words.get("unknown", "-")

    purpose = hidden(told.purpose, told, blank) or words.get("unknown", "-")
    fields = {"input": said(told.input, ", "), "output": said(told.output, ", ")}
    return fill_prompt(
        template, purpose=purpose, procedure=said(told.procedure, "; "), **fields
    ).strip()


def hidden(text: str, told: Told, blank: str) -> str:
    """Return a text without the names: as they are written, and the function's as words too.

    Of a name of several words that all stand in the text, apart from each other, the longest goes.
    A parameter's name that is a word of the language stays where it is used as such.
    """
    words = [word.lower() for word in _WORD.findall(told.name)]
    text = re.sub(rf"\b{re.escape(told.name)}\b", blank, text, flags=re.IGNORECASE)
    if words:
        text = re.sub(r"\b" + r"[\s_-]*".join(words) + r"s?\b", blank, text, flags=re.IGNORECASE)
    if len(words) > 1 and all(_stands(word, text) for word in words):
        longest = max(words, key=len)
        text = re.sub(rf"\b{longest}\w*", blank, text, flags=re.IGNORECASE)
    for name in told.parameters:
        is_plain = _PLAIN.fullmatch(name) is not None
        marked = rf"[`'\"*]+{re.escape(name)}[`'\"*]+" if is_plain else rf"\b{re.escape(name)}\b"
        text = re.sub(marked, blank, text)
    return text


def _stands(word: str, text: str) -> bool:
    return re.search(rf"\b{word}", text, re.IGNORECASE) is not None


def told_of_python(node: _Function, tree: ast.Module, *, is_method: bool) -> Told:
    """Return what the syntax tree tells of a function."""
    given = node.args
    plain = [*given.posonlyargs, *given.args][1 if is_method and not _is_static(node) else 0 :]
    every = [*plain, *given.kwonlyargs]
    names = tuple(one.arg for one in (*every, given.vararg, given.kwarg) if one)
    return Told(
        node.name,
        names,
        _prose(ast.get_docstring(node) or ""),
        tuple(_input(node, every)),
        tuple(_output(node)),
        tuple(_procedure(node, tree)),
    )


def told_of_signature(name: str, signature: str, doc: str, lines: int) -> Told:
    """Return what a signature and the first line of a comment tell of a function."""
    behind = signature.partition(name)[2]
    inside = behind[behind.find("(") + 1 :].rpartition(")")[0] if "(" in behind else ""
    while (bare := _COMMAS.sub("", inside)) != inside:
        inside = bare
    parts = [
        part for part in inside.split(",") if part.strip() not in ("", "self", "&self", "void")
    ]
    names = {word for part in parts for word in re.findall(r"[A-Za-z_]\w*", part)}
    count = [_counted(len(parts))]
    return Told(name, tuple(sorted(names)), doc, tuple(count), (), (("lines", str(lines)),))


def _counted(count: int) -> tuple[str, str]:
    return ({0: "no_parameters", 1: "one_parameter"}.get(count, "parameters"), str(count))


def _is_static(node: _Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)


def _prose(doc: str) -> str:
    """Return the text before the first section of a documentation string, on one line."""
    section = _SECTION.search(doc)
    text = " ".join(doc[: section.start() if section else None].split())
    if len(text) <= _MOST_PURPOSE:
        return text
    return text[:_MOST_PURPOSE].rpartition(" ")[0]


def _input(node: _Function, every: Sequence[ast.arg]) -> Iterator[tuple[str, str]]:
    yield _counted(len(every))
    types = [ast.unparse(one.annotation) for one in every if one.annotation]
    if types:
        yield "typed", ", ".join(types)
    optional = len(node.args.defaults) + sum(d is not None for d in node.args.kw_defaults)
    if optional:
        yield "optional", str(optional)
    if node.args.vararg or node.args.kwarg:
        yield "further", ""


def _output(node: _Function) -> Iterator[tuple[str, str]]:
    inside = list(_own(node))
    returned = [one.value for one in inside if isinstance(one, ast.Return) and one.value]
    if any(isinstance(one, ast.Yield | ast.YieldFrom) for one in inside):
        yield "yields", ""
    elif node.returns and not _is_none(node.returns):
        yield "returns_typed", ast.unparse(node.returns)
    else:
        yield ("returns" if returned else "returns_nothing"), ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _own(node: _Function) -> Iterator[ast.AST]:
    """Yield what stands in a function, but not in those inside of it."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        one = waiting.pop(0)
        yield one
        if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(one)


def _procedure(node: _Function, tree: ast.Module) -> Iterator[tuple[str, str]]:
    inside = list(_own(node))
    yield "lines", str((node.end_lineno or node.lineno) - node.lineno + 1)
    if isinstance(node, ast.AsyncFunctionDef):
        yield "asynchronous", ""
    if any(isinstance(one, ast.For | ast.AsyncFor | ast.While) for one in inside):
        yield "loops", ""
    if any(isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) for one in inside):
        yield "nested", ""
    if raised := _raised(inside):
        yield "raises", ", ".join(raised)
    if called := _called(inside, _imports(tree)):
        yield "calls", ", ".join(called)


def _raised(inside: Sequence[ast.AST]) -> list[str]:
    causes = [one.exc for one in inside if isinstance(one, ast.Raise)]
    heads = [cause.func if isinstance(cause, ast.Call) else cause for cause in causes]
    return list(dict.fromkeys(head.id for head in heads if isinstance(head, ast.Name)))


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return what a module names of the standard library, with its full name."""
    found: dict[str, str] = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.Import):
            found |= {(n.asname or n.name.partition(".")[0]): n.name for n in one.names}
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            found |= {(n.asname or n.name): f"{one.module}.{n.name}" for n in one.names}
    return {name: full for name, full in found.items() if full.partition(".")[0] in _STANDARD}


def _called(inside: Sequence[ast.AST], imports: dict[str, str]) -> list[str]:
    called = [
        ast.unparse(one.func) for one in inside if isinstance(one, ast.Call) and _is_name(one)
    ]
    heads = [(name.partition(".")[0], name.partition(".")[2]) for name in called]
    full = (
        f"{imports[head]}{'.' if rest else ''}{rest}" for head, rest in heads if head in imports
    )
    return list(dict.fromkeys(full))


def _is_name(call: ast.Call) -> bool:
    """Tell whether what is called is a name, or a part of what a name stands for."""
    head = call.func
    while isinstance(head, ast.Attribute):
        head = head.value
    return isinstance(head, ast.Name)
