"""Lines that are planted in copies of files, each in its file's own language."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from copilot.structure.grammars import grammar_of


class Form(StrEnum):
    """What a planted line says.

    A constant's number or text, an entry of a registry, a pair of a map, an alias.
    """

    NUMBER = "number"
    TEXT = "text"
    ENTRY = "entry"
    PAIR = "pair"
    ALIAS = "alias"


@dataclass(frozen=True)
class Plant:
    """A line to plant at `depth` of the haystack's tokens, from 0 to 1.

    An alias has the name of an earlier plant as its value. Those that are `linked` stand in files
    of one language. With `later`, the overlay shows the file again with that value; where `gone`,
    the overlay says that the file is deleted.
    """

    name: str
    value: str
    depth: float
    form: Form = Form.NUMBER
    linked: bool = False
    later: str | None = None
    gone: bool = False

    @property
    def needs_file(self) -> bool:
        """Whether its file may hold no other plant."""
        return self.gone or self.later is not None


@dataclass(frozen=True)
class _Lines:
    """How a language writes each form; `moved` is an alias of what stands in another file."""

    number: str
    text: str
    entry: str
    alias: str = ""
    pair: str = 'ID_OF["{name}"] = "{value}"'
    moved: str = ""
    module: str = "{line}"
    indent: str = ""


_CONST = _Lines(
    "const {name} = {value};",
    'const {name} = "{value}";',
    'register("{name}", {value});',
    moved='import {{ {value} as {name} }} from "{source}";',
)
_C = _Lines(
    "static const long {name} = {value};",
    'static const char *const {name} = "{value}";',
    'REGISTER("{name}", {value});',
    alias="#define {name} {value}",
)
_PLAIN = _Lines("{name} = {value}", '{name} = "{value}"', 'register("{name}", {value})')
_LINES = {
    "python": _Lines(
        _PLAIN.number, _PLAIN.text, _PLAIN.entry, moved="from {source} import {value} as {name}"
    ),
    "ruby": _PLAIN,
    "lua": _PLAIN,
    "javascript": _CONST,
    "typescript": _CONST,
    "tsx": _CONST,
    "go": _Lines(
        "const {name} = {value}",
        'const {name} = "{value}"',
        'var _ = register("{name}", {value})',
        module="package config\n\n{line}",
    ),
    "rust": _Lines(
        "pub const {name}: u32 = {value};",
        'pub const {name}: &str = "{value}";',
        'register!("{name}", {value});',
        moved="pub use crate::{source}::{value} as {name};",
    ),
    "java": _Lines(
        "static final int {name} = {value};",
        'static final String {name} = "{value}";',
        'static {{ register("{name}", {value}); }}',
        module="class Config {{\n{line}}}\n",
        indent="    ",
    ),
    "c": _C,
    "cpp": _C,
    "php": _Lines(
        "const {name} = {value};",
        'const {name} = "{value}";',
        'register("{name}", {value});',
        module="<?php\n\n{line}",
    ),
    "bash": _Lines(
        "{name}={value}", '{name}="{value}"', 'register "{name}" {value}', alias="{name}=${value}"
    ),
}
_SUFFIXES = {
    "python": "py",
    "ruby": "rb",
    "javascript": "js",
    "typescript": "ts",
    "rust": "rs",
    "cpp": "cc",
    "bash": "sh",
}
_HASH_COMMENTS = frozenset({"python", "ruby", "bash", "r", "perl", "julia", "elixir", "make"})
_SLASH_COMMENTS = frozenset(
    {"javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp", "csharp", "php", "swift"}
    | {"kotlin", "scala", "dart", "zig", "scss", "proto"}
)
_DASH_COMMENTS = frozenset({"lua", "sql", "haskell"})


@cache
def language_of(path: str) -> str:
    """Return the language of a file by its name, "" for one without a grammar."""
    grammar = grammar_of(path)
    return grammar.language if grammar else ""


def is_source(path: str) -> bool:
    """Tell whether a file is program text."""
    known = _HASH_COMMENTS | _SLASH_COMMENTS | _DASH_COMMENTS
    return language_of(path) in known


def can_hold(path: str) -> bool:
    """Tell whether lines can be planted in a file."""
    return language_of(path) in _LINES


def comment_of(path: str) -> str:
    """Return a line that means nothing in a file, without its end."""
    language = language_of(path)
    sign = "//" if language in _SLASH_COMMENTS else "--" if language in _DASH_COMMENTS else "#"
    return f"{sign} ..."


def line_of(plant: Plant, value: str, path: str, source: str, indent: str = "") -> str:
    """Return a plant's line for a file; `source` is the file of what an alias stands for."""
    language = language_of(path)
    lines = _LINES[language]
    template = getattr(lines, plant.form) or lines.number
    if plant.form is Form.ALIAS and source != path and lines.moved:
        template = lines.moved
    shown = _imported(language, source, path)
    return (
        (indent or lines.indent)
        + template.format(name=plant.name, value=value, source=shown)
        + "\n"
    )


def module_of(language: str, number: int) -> str:
    """Return the path of a generated module; Python's for a language that none is written in."""
    known = language if language in _LINES else "python"
    return f"config/limits_{number}.{_SUFFIXES.get(known, known)}"


def module_text(path: str, line: str) -> str:
    """Return a generated module that holds a line."""
    return _LINES[language_of(path)].module.format(line=line)


def _imported(language: str, source: str, path: str) -> str:
    """Return how a file names another one."""
    stem = source.rpartition(".")[0]
    if language in ("javascript", "typescript", "tsx"):
        way = posixpath.relpath(stem, posixpath.dirname(path) or ".")
        way = re.sub(r"[^\w./@-]", "_", way, flags=re.ASCII)
        return way if way.startswith(".") else f"./{way}"
    named = re.sub(r"[^\w/]", "_", stem.removeprefix("src/"), flags=re.ASCII)
    parts = [part for part in named.split("/") if part != "__init__"]
    return ("::" if language == "rust" else ".").join(parts or [stem])
