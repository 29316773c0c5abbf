"""Files and lines in tracebacks and compilers' messages, of many languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A place in a traceback: `depth` 0 is nearest to the failure, `trace` counts tracebacks."""

    path: str
    depth: int
    trace: int


@dataclass(frozen=True)
class Traced:
    """The frames of a text, and the text without the lines they stand on."""

    frames: tuple[Frame, ...]
    rest: str


@dataclass(frozen=True)
class _Style:
    """How lines of one sort of traceback look; the group `path` is the file.

    `last` is true where the failure is at the end, `apart` where lines have nothing to do with each
    other.
    """

    line: re.Pattern[str]
    last: bool = False
    apart: bool = False


_STYLES = (
    # Python, and its exception groups.
    _Style(re.compile(r'[\s|]*File "(?P<path>[^"]+)", line \d+'), last=True),
    # pytest
    _Style(
        re.compile(r"(?P<path>[^\s:]+\.py):\d+: (?:in \S|\w*(?:Error|Exception|Warning|Exit)\b)"),
        last=True,
    ),
    # Java, Kotlin, Scala
    _Style(
        re.compile(r"\s*at (?:[\w.@-]*/)*(?P<class>[\w.$<>]+)\((?P<path>[\w$-]+\.\w+)(?::\d+)?\)")
    ),
    # JavaScript and TypeScript in V8, Rust's backtraces
    _Style(re.compile(r"\s*at (?:.*\()?(?P<path>[^\s()]+?):\d+:\d+\)?\s*$")),
    # Vitest
    _Style(re.compile(r"\s*❯ (?:.* )?(?P<path>[^\s:]+\.\w+):\d+:\d+\s*$")),
    # JavaScript in Firefox and Safari
    _Style(re.compile(r"\s*[^\s@]*@(?P<path>[^\s@]+?):\d+:\d+\s*$")),
    # C#
    _Style(re.compile(r"\s*at .+ in (?P<path>.+?):line \d+\s*$")),
    # Go
    _Style(re.compile(r"\s+(?P<path>\S+\.go):\d+(?: \+0x[0-9a-f]+)?\s*$")),
    # Ruby
    _Style(re.compile(r"\s*(?:from |# )?(?P<path>[^\s:]+\.\w+):\d+:in ")),
    # PHP
    _Style(re.compile(r"\s*#\d+ (?P<path>\S+\.php)\(\d+\):")),
    # Rust
    _Style(re.compile(r".*\bpanicked at (?:'.*', )?(?P<path>[^\s:',]+\.rs):\d+"), apart=True),
    _Style(re.compile(r"\s*--> (?P<path>[^\s:]+):\d+:\d+"), apart=True),
    # Compilers, linters, `go test`
    _Style(re.compile(r"\s*(?P<path>[^\s:()]+\.\w+):\d+(?::\d+)?(?::| -)\s"), apart=True),
    _Style(re.compile(r"\s*(?P<path>[^\s:()]+\.\w+)\(\d+,\d+\): "), apart=True),
)
_NEW_TRACE = re.compile(
    r"[\s+|]*(?:Traceback \(most recent|Exception Group Traceback|Caused by: |goroutine \d+ "
    r"|stack backtrace:|(?:Uncaught )?\w*(?:Error|Exception): )"
)
# Longer lines are data.
_MOST_LINE = 1000
_SCHEME = re.compile(r"[a-z][a-z-]+:/{2,}")
_QUERY = re.compile(r"\?.*$")


def frames_in(text: str) -> Traced:
    """Return the places in a text's tracebacks. Most lines are not of one, and stay."""
    rest: list[str] = []
    traces: list[tuple[_Style, list[str]]] = []
    current: _Style | None = None
    for line in text.splitlines():
        found = _place(line)
        if found is None:
            rest.append(line)
            if _NEW_TRACE.match(line):
                current = None
            continue
        style, path = found
        if style is not current or style.apart:
            traces.append((style, []))
        traces[-1][1].append(path)
        current = style
    return Traced(tuple(_frames(traces)), "\n".join(rest))


def _frames(traces: list[tuple[_Style, list[str]]]) -> Iterator[Frame]:
    for number, (style, paths) in enumerate(traces):
        deepest_first = reversed(paths) if style.last else paths
        for depth, path in enumerate(deepest_first):
            yield Frame(path, depth, number)


def _place(line: str) -> tuple[_Style, str] | None:
    for style in _STYLES if len(line) <= _MOST_LINE else ():
        if match := style.line.match(line):
            return style, _path(match)
    return None


def _path(match: re.Match[str]) -> str:
    path = _QUERY.sub("", _SCHEME.sub("/", match["path"]))
    full = match.groupdict().get("class")
    return "/".join([*_package(full), path]) if full else path


def _package(full: str) -> list[str]:
    """Return the folders of a Java class: the names before the first in capitals."""
    names = full.split(".")[:-1]
    classes = (at for at, name in enumerate(names) if name[:1].isupper())
    return names[: next(classes, len(names))]
