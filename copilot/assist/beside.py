"""What is read beside the roots, only to be looked at: examples from history, models of style.

Each is a repository of its own in the prompt, whose files are made, or named one by one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.context.entries import Entry, latest
from copilot.workspace.model import Part, Root, SourceFile

if TYPE_CHECKING:
    from copilot.assist.examples import Tree
    from copilot.assist.read import Read
    from copilot.assist.scope import Scope
    from copilot.context.model import Frame

EXAMPLES, STYLE = "examples", "style"


@dataclass
class Beside:
    """What was read beside the roots: texts, and times of commits, by the names of files."""

    texts: dict[str, SourceFile] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Aliases:
    """What repositories beside the roots are called.

    `examples` are by the alias of the root whose commits they are, `style` what lies at each path.
    """

    examples: Mapping[str, str] = field(default_factory=dict)
    style: Mapping[str, Path] = field(default_factory=dict)

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.style, *self.examples.values())


def aliases_beside(
    roots: Sequence[Root], others: Iterable[str], examples: int, style: Sequence[Path]
) -> Aliases:
    """Name what is read beside the roots as neither a repository nor a folder in a root is called.

    `others` are the aliases of the other repositories.
    """
    if not (examples or style):
        return Aliases()
    taken = {*(root.alias for root in roots), *others}
    past: dict[str, str] = {}
    for root in roots if examples else ():
        if root.is_git:
            past[root.alias] = _free(EXAMPLES, taken, roots)
    return Aliases(past, {_free(STYLE, taken, roots): path for path in style})


def _free(name: str, taken: set[str], roots: Sequence[Root]) -> str:
    """Return a name, with a number behind it where it is taken, and take it."""
    number, free = 1, name
    # A path without its alias must not mean another repository.
    while free in taken or any(os.path.lexists(root.path / free) for root in roots):
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free


def with_beside(scope: Scope, parts: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts, then what is read beside them; the texts of that are held."""
    trees = trees_of(scope)
    by_alias = {tree.root.alias: tree for tree in trees}
    for part in parts:
        alias = part.files[0].repository if part.files else ""
        alias = part.repository.alias if part.repository else alias
        if tree := by_alias.get(alias):
            tree.note(part)
        yield part
    for part in _parts(scope, trees):
        scope.beside.texts.update((file.name, file) for file in part.files if file.data is not None)
        yield part


def following(scope: Scope, entries: Sequence[Entry]) -> Scope:
    """Return the scope with those examples that stand in what was laid out before, and no other."""
    aliases = frozenset(scope.aliases.examples.values())
    if not aliases:
        return scope
    names = (entry.name for entry in latest(entries).values() if entry.is_full)
    standing = tuple(name for name in names if name.partition("/")[0] in aliases)
    return replace(scope, standing=standing)


def trees_of(scope: Scope) -> list[Tree]:
    """Return what is to be known of the roots whose commits are examples."""
    named = scope.aliases.examples
    if not named:
        return []
    from copilot.assist.examples import Tree

    return [Tree(root, named[root.alias]) for root in scope.roots if root.alias in named]


def _parts(scope: Scope, trees: Sequence[Tree]) -> Iterator[Part]:
    if scope.style:
        from copilot.assist.style import style_parts

        yield from style_parts(scope)
    if trees:
        from copilot.assist.examples import example_parts

        yield from example_parts(scope, trees)


def alike_files(
    scope: Scope, read: Read, asked: str, shown: frozenset[str], room: int, frame: Frame | None
) -> list[SourceFile]:
    """Return the examples for a task that `room` tokens hold, the most alike last.

    `read` is what was read of the roots, `shown` are the names of what the prompt holds; `frame` is
    given where it cannot be changed. Their texts are held.
    """
    from copilot.assist.examples import alike

    trees = trees_of(scope)
    repositories = {repository.alias: repository for repository in read.repositories}
    for tree in trees:
        alias = tree.root.alias
        files = tuple(file for file in read.files if file.repository == alias)
        tree.note(Part(files, repositories.get(alias)))
    found = alike(scope, trees, asked, shown, room, frame) if trees else []
    scope.beside.texts.update((file.name, file) for file in found if file.data is not None)
    return found
