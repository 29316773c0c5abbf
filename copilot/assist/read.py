"""Reading for a prompt: everything, then some of it again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from msgspec import structs

from copilot.assist.scope import Scope
from copilot.context.draft import Copy, Draft
from copilot.context.entries import Shape
from copilot.errors import ReadIncomplete, UsageError
from copilot.text import one_line
from copilot.workspace.again import read_again
from copilot.workspace.model import Part, Repository, SourceFile

_NAMED = 5


@dataclass(frozen=True)
class Read:
    """All files and repositories of one reading."""

    files: tuple[SourceFile, ...]
    repositories: tuple[Repository, ...]

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Read:
        """Gather the parts. Raises ReadIncomplete if the system refused a file."""
        files: list[SourceFile] = []
        repositories = []
        for part in parts:
            files += part.files
            repositories += [part.repository] if part.repository else []
        check_complete(files)
        return cls(tuple(files), tuple(repositories))


def unread(file: SourceFile) -> SourceFile:
    """Return a file without its text."""
    return file if file.data is None else file.without_data()


def check_complete(files: Sequence[SourceFile]) -> None:
    """Raise ReadIncomplete if the system refused to open a file."""
    denied = [file for file in files if file.denied]
    if denied:
        named = ", ".join(one_line(file.name) for file in denied[:_NAMED])
        more = f" and {len(denied) - _NAMED} more" if len(denied) > _NAMED else ""
        raise ReadIncomplete(
            f"{named}{more}: {denied[0].reason}",
            "mend the permissions, or leave it out with --exclude",
        )


class NothingToRead(UsageError):
    """No file of what was named has a text."""


def check_not_empty(files: Sequence[SourceFile], scope: Scope) -> None:
    """Raise NothingToRead if no file has a text."""
    if not any(file.is_text for file in files):
        raise NothingToRead(
            f"nothing to read in {', '.join(str(root.path) for root in scope.roots)}",
            "name a folder with text files (--root), or check --include and --exclude",
        )


def read_texts(files: Sequence[SourceFile], scope: Scope) -> list[SourceFile]:
    """Return the files with their texts, in their order; those that lack it are read again.

    Raises ReadIncomplete if one is changed at this very moment.
    """
    again = {file.name: scope.beside.texts.get(file.name) for file in files if file.data is None}
    again = {name: held for name, held in again.items() if held}
    lacking = [file for file in files if file.data is None and file.name not in again]
    lacking.sort(key=lambda file: (file.repository, os.fsencode(file.path)))
    read = read_again(lacking, scope.places, scope.kept, scope.masker)
    again |= {file.name: found for file, found in zip(lacking, read, strict=True)}
    texts = []
    for file in files:
        found = again.get(file.name) if file.data is None else file
        if found is None:
            raise ReadIncomplete(f"{one_line(file.name)} changed while it was read", "try again")
        texts.append(found)
    return texts


def with_outlines(files: Sequence[SourceFile], scope: Scope, draft: Draft) -> list[Copy]:
    """Return copies of those files whose outline is shorter, counted; all files have their text."""
    if not files:
        return []
    from copilot.structure.outliner import Outliner

    parts = [Part(tuple(some)) for _, some in groupby(files, attrgetter("repository"))]
    whole = {file.name: file for file in files}
    copies: list[Copy] = []
    with Outliner(scope.cache) as outliner:
        for made in outliner.outlined(parts):
            some = [file for file in made.part.files if file.name in made.names]
            copies += [
                structs.replace(copy, source=whole[copy.file.name].content or "")
                for copy in draft.copies(some, Shape.OUTLINE)
            ]
    return copies
