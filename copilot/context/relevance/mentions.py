"""Files that the task names: paths, modules, definitions, tracebacks, failing tests, and --focus.

A name that many files could mean says little of each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from copilot.context.relevance.failures import FailedTest, failures_in
from copilot.context.relevance.frames import Frame, frames_in
from copilot.context.relevance.model import Query, Signal
from copilot.context.relevance.places import SAME_END, WHOLE, Files, Match, split_path
from copilot.context.relevance.words import is_common

Symbols = Mapping[str, Collection[str]]

_DIGITS = 6
_PATH = re.compile(r"[\w@.~+$#%/\\-]+")
_MODULE = re.compile(r"(?<!\w)[^\W\d]\w*(?:(?:\.|::)[^\W\d]\w*)+")
_QUALIFIED = re.compile(r"[^\W\d][\w$]*(?:(?:\.|::|#|->)[^\W\d][\w$]*)*")
_NAME_SEPARATOR = re.compile(r"\.|::|#|->")
_RELATIVE = frozenset({"crate", "self", "super", "this"})
_CODE_LIKE = re.compile(r".*(?:_|[a-z][A-Z]|[A-Z]{2,}[a-z]|\d)", re.DOTALL)
_MARKED_NAME = re.compile(r"(?<!`)`+\s*([^`\s(]+)(?:\([^`\n]*\))?\s*`+|(?<!\w)([^\W\d]\w*)\(")
_MOST_PARTS = 20
_MODULE_ONE_NAME = 0.4
_FOLDER = 0.6
_PROSE_NAME = 0.3
_CAPITALISED_NAME = 0.6
_MOST_PROSE_DEFINERS = 3
_SHORTEST_NAME = 3
# Each frame farther from the failure counts this much of the one before.
_NEXT_FRAME = 0.85


def mentions(query: Query, names: Sequence[str], symbols: Symbols | None = None) -> list[Signal]:
    """Return what the task says of files outright, one signal for each way of saying it.

    `symbols` gives the files that define a name. Names in `symbols` and in the focus that are not
    in `names` are passed over.
    """
    files = Files(names)
    failed = failures_in(query.task)
    traced = frames_in(failed.rest)
    known = _Definitions({} if symbols is None else symbols, frozenset(names))
    return [
        _focus(query.focus, files, frozenset(names)),
        _paths(traced.rest, files),
        _definitions(traced.rest, known),
        _traceback(traced.frames, files),
        _failing(failed.tests, files, known),
    ]


@dataclass
class _Scores:
    """The best score of each file so far, and what gave it."""

    scores: dict[str, float] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    def raise_to(self, score: float, why: str, names: Iterable[str]) -> None:
        rounded = round(score, _DIGITS)
        for name in names:
            if rounded > self.scores.get(name, 0.0):
                self.scores[name] = rounded
                self.why[name] = why

    def signal(self, name: str) -> Signal:
        return Signal(name, self.scores, self.why)


@dataclass(frozen=True)
class _Definitions:
    """Which files define a name."""

    symbols: Symbols
    files: frozenset[str]

    def of(self, name: str) -> frozenset[str]:
        return self.files.intersection(self.symbols.get(name, ()))


def _focus(focus: Sequence[str], files: Files, names: frozenset[str]) -> Signal:
    found = _Scores()
    for path in focus:
        if path in names:
            found.raise_to(WHOLE, "given as focus", [path])
        else:
            folder = path.rstrip("/") + "/"
            found.raise_to(WHOLE, f"in the focus {folder}", files.below(folder))
    return found.signal("focus")


def _paths(task: str, files: Files) -> Signal:
    found = _Scores()
    for token in dict.fromkeys(_PATH.findall(task)):
        path = token.partition("#")[0].rstrip(".-~+")
        _path(path, files, found)
    for module in dict.fromkeys(_MODULE.findall(task)):
        if not files.by_path(module).names:
            _module(module, f"named in the task as {module}", files, found)
    for name in files.odd_names:
        if name.partition("/")[2] in task:
            found.raise_to(WHOLE, "named in the task", [name])
    return found.signal("paths")


def _path(path: str, files: Files, found: _Scores) -> None:
    """Take a path for a file, for a file without its ending, or for a folder."""
    if not _looks_like_path(path):
        return
    why = f"named in the task as {path}"
    file = files.by_path(path)
    found.raise_to(file.share, why, file.names)
    if not file.names:
        _path_of_many(path, why, files, found)


def _looks_like_path(path: str) -> bool:
    return "/" in path or "\\" in path or "." in path or path[:1].isupper()


def _path_of_many(path: str, why: str, files: Files, found: _Scores) -> None:
    """Take a path for that of files without their endings, and for a folder."""
    parts = tuple(part for part in split_path(path) if part not in {"~", "@"})
    if len(parts) > 1 or path.isupper():
        module = files.by_module(parts)
        if module.strength >= SAME_END:
            found.raise_to(module.share, why, module.names)
    if len(parts) > 1 or path.endswith("/"):
        folder = files.by_folder(path)
        if folder.strength >= SAME_END:
            _folders(folder, why, files, found)


def _folders(folder: Match, why: str, files: Files, found: _Scores) -> None:
    for name in folder.names:
        below = files.below(name)
        found.raise_to(_FOLDER * folder.share / sqrt(len(below)), why, below)


def _module(module: str, why: str, files: Files, found: _Scores) -> None:
    """Take dotted names for a module and what is in it: the longest beginning that is a file."""
    parts = tuple(_NAME_SEPARATOR.split(module, _MOST_PARTS)[:_MOST_PARTS])
    while parts and parts[0] in _RELATIVE:
        parts = parts[1:]
    for count in range(len(parts), 0, -1):
        match = files.by_module(parts[:count])
        if match.strength >= SAME_END:
            strength = 1.0 if count > 1 else _MODULE_ONE_NAME
            found.raise_to(strength * match.share, why, match.names)
            return


def _definitions(task: str, known: _Definitions) -> Signal:
    found = _Scores()
    marked = {name for pair in _MARKED_NAME.findall(task) for name in pair if name}
    for token in dict.fromkeys(_QUALIFIED.findall(task)):
        parts = _NAME_SEPARATOR.split(token)
        for owner, name in zip(["", *parts], parts, strict=False):
            is_code = len(parts) > 1 or token in marked or name in marked
            files = known.of(name) & known.of(owner) or known.of(name)
            if files:
                score = _name_strength(name, is_code, len(files)) / len(files)
                found.raise_to(score, f"defines {name}, named in the task", files)
    return found.signal("definitions")


def _name_strength(name: str, is_code: bool, definers: int) -> float:
    """Return how surely a word of the task is the name of a definition."""
    if len(name) < _SHORTEST_NAME or (is_common(name) and not is_code):
        return 0.0
    if is_code or _CODE_LIKE.match(name):
        return 1.0
    if name[0].isupper():
        return _CAPITALISED_NAME
    return _PROSE_NAME if definers <= _MOST_PROSE_DEFINERS else 0.0


def _traceback(frames: Sequence[Frame], files: Files) -> Signal:
    """Score the files of frames; those of libraries are none of ours and do not count."""
    found = _Scores()
    places: Counter[int] = Counter()
    for frame in frames:
        match = files.by_path(frame.path)
        if match.strength >= SAME_END:
            place = places[frame.trace]
            places[frame.trace] += 1
            found.raise_to(_NEXT_FRAME**place * match.share, _frame_why(place), match.names)
    return found.signal("traceback")


def _frame_why(place: int) -> str:
    return f"frame {place + 1} of a traceback in the task" if place else "where the task's error is"


def _failing(tests: Sequence[FailedTest], files: Files, known: _Definitions) -> Signal:
    found = _Scores()
    why = "failing test in the task"
    for test in tests:
        if test.path:
            match = files.by_path(test.path)
            found.raise_to(match.share, why, match.names)
        if test.module:
            _module(test.module, why, files, found)
        if test.folder:
            _folders(files.by_folder(test.folder), why, files, found)
        if definers := known.of(test.function):
            found.raise_to(WHOLE / len(definers), why, definers)
    return found.signal("failing")
