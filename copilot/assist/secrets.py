"""Secrets in what is staged, found as they are found for a prompt; no model is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from copilot.workspace.encodings import read_text
from copilot.workspace.masks.find import find_secrets
from copilot.workspace.masks.placeholders import PLACEHOLDER_KIND
from copilot.workspace.model import Root
from copilot.workspace.object_reader import ObjectReader
from copilot.workspace.stage import staged_files

_LINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True, order=True)
class Leak:
    """Where a secret stands: the path from the root, the line from 1, and its kind."""

    path: str
    line: int
    kind: str


@dataclass(frozen=True)
class Searched:
    """What was found, and by path why other files could not be looked at.

    A file without a text, such as a picture, holds nothing that could be found.
    """

    leaks: tuple[Leak, ...]
    unread: dict[str, str]


def find_staged(root: Root, paths: Collection[str]) -> Searched:
    """Search these files as they are staged. Raises GitFailed."""
    entries = staged_files(root)
    blobs = {
        path: entries[path].blob
        for path in paths
        if path in entries and entries[path].mode not in (_LINK, _SUBMODULE)
    }
    leaks: list[Leak] = []
    unread = {path: "not staged" for path in paths if path not in entries}
    with ObjectReader(root.path, blobs) as reader:
        for path in sorted(blobs):
            contents = reader.read(path)
            if contents.data is None:
                unread[path] = contents.problem
            elif found := read_text(contents.data):
                leaks += _leaks(path, found.text)
    return Searched(tuple(leaks), unread)


def _leaks(path: str, text: str) -> Iterator[Leak]:
    """Yield the secrets of a text; one that goes over several lines is one."""
    line, end = 1, 0
    last = Leak(path, 0, "")
    for span in find_secrets(path, text):
        line += text.count("\n", end, span.start)
        end = span.start
        leak = Leak(path, line, span.kind)
        goes_on = leak.kind == last.kind and leak.line - last.line <= 1
        # What masks leave is no secret.
        if not goes_on and leak.kind != PLACEHOLDER_KIND:
            yield leak
        last = leak
