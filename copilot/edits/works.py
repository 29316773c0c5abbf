"""The operations of a reply sorted by file, and those that cannot stand side by side."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from copilot.edits.guards import marker_kinds
from copilot.edits.located import Unplaced
from copilot.edits.match import UTF8, TextFile, text_file
from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    SetMode,
    Target,
    Write,
)
from copilot.edits.rungs import Rung

_VERBS: dict[type, str] = {
    Create: "creates",
    Overwrite: "overwrites",
    Write: "writes",
    Delete: "deletes",
    Rename: "renames",
    SetMode: "sets the mode of",
}


@dataclass(frozen=True)
class Refusal:
    """One operation that cannot be placed: where it stands in the reply, and why.

    `detail` helps a person, and the model, to see why. `candidates` are the 0-based lines where
    SEARCH stands, if there are several.
    """

    line: int
    path: str
    reason: str
    detail: str = ""
    candidates: tuple[int, ...] = ()


@dataclass(frozen=True)
class Placed:
    """One operation that found its place.

    `target` is the file as the change names it, `line` the line of the reply, `start` the 0-based
    line of the file before, `note` what a person may want to know of the place.
    """

    target: Target
    line: int
    rung: Rung
    start: int
    note: str = ""


@dataclass
class FileWork:
    """The operations on one file of the reply, and what became of them."""

    target: Target
    original: bytes | None
    encoding: str = UTF8
    is_stale: bool = False
    is_executable: bool = False
    destination: Target | None = None
    operations: list[Operation] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)

    @cached_property
    def file(self) -> TextFile | None:
        """The file as text, None where it is none."""
        return None if self.original is None else text_file(self.original, self.encoding)

    @cached_property
    def marker_kinds(self) -> frozenset[str]:
        return marker_kinds([line.decode() for line in self.file.lines] if self.file else [])

    @property
    def rename(self) -> Rename | None:
        return next((o for o in self.operations if isinstance(o, Rename)), None)

    @property
    def is_applied(self) -> bool:
        """Tell whether the file holds already what every operation would make."""
        return len(self.applied) == len(self.operations) > 0

    def refuse(self, operation: Operation, why: str | Unplaced) -> None:
        unplaced = Unplaced(why) if isinstance(why, str) else why
        fields = unplaced.reason, unplaced.detail, unplaced.candidates
        self.refusals.append(Refusal(operation.line, operation.path, *fields))

    def note_applied(self, operation: Operation) -> None:
        self.applied.append(f"{self.target.name} (reply line {operation.line})")

    def note_placed(
        self, operation: Operation, rung: Rung = Rung.WHOLE, start: int = 0, note: str = ""
    ) -> None:
        name = self.destination or self.target
        self.placed.append(Placed(name, operation.line, rung, start, note))


def named_paths(operation: Operation) -> tuple[str, ...]:
    """Return the raw paths that an operation names."""
    if isinstance(operation, Rename):
        return operation.path, operation.new_path
    return (operation.path,)


def new_text(operation: Operation) -> str | None:
    """Return the text that an operation writes, None where it writes none."""
    if isinstance(operation, Replace):
        return operation.replace
    return operation.text if isinstance(operation, Create | Overwrite | Write) else None


def without_target(
    operations: Iterable[Operation], targets: Mapping[str, Target]
) -> tuple[Refusal, ...]:
    """Refuse the operations with a path that means no file."""
    named = ((operation, path) for operation in operations for path in named_paths(operation))
    return tuple(
        Refusal(operation.line, path, "the path is no file of a repository")
        for operation, path in named
        if path not in targets
    )


def by_file(
    operations: Sequence[Operation], targets: Mapping[str, Target]
) -> dict[Target, list[Operation]]:
    """Group the operations by file; one on a renamed file may use its old or its new path."""
    old_names = {
        targets[operation.new_path]: targets[operation.path]
        for operation in operations
        if isinstance(operation, Rename)
    }
    grouped: dict[Target, list[Operation]] = {}
    for operation in operations:
        named = targets[operation.path]
        target = named if isinstance(operation, Rename) else old_names.get(named, named)
        grouped.setdefault(target, []).append(operation)
    return grouped


def refuse_clashes(work: FileWork) -> None:
    """Refuse what cannot stand beside a whole new text or a DELETE, and a second of one kind."""
    operations = work.operations
    wholes = (o for o in operations if isinstance(o, Create | Overwrite | Write | Delete))
    whole = next(wholes, None)
    mode = next((o for o in operations if isinstance(o, SetMode)), None)
    for operation in operations:
        owner: Operation | None = whole
        if isinstance(operation, Rename) and not isinstance(whole, Create | Delete):
            owner = work.rename
        elif isinstance(operation, SetMode) and not isinstance(whole, Delete):
            owner = mode
        if owner and operation is not owner:
            verb = _VERBS[type(owner)]
            work.refuse(operation, f"the block at line {owner.line} {verb} the same file")


def refuse_shared_destinations(works: Sequence[FileWork], targets: Mapping[str, Target]) -> None:
    """Refuse a second file that is renamed to one path."""
    first: dict[Target, Rename] = {}
    for work in works:
        for operation in work.operations:
            if not isinstance(operation, Rename):
                continue
            other = first.setdefault(targets[operation.new_path], operation)
            if other is not operation:
                work.refuse(operation, f"line {other.line} renames another file to the same path")


def refuse_spellings(works: Sequence[FileWork]) -> None:
    """Refuse two paths that some disks take for one: other case, or other composition.

    Two files that are there already, with different contents, are two.
    """
    first: dict[tuple[str, str], tuple[Target, FileWork]] = {}
    for work in works:
        for target in _names(work):
            other, owner = first.setdefault(_spelling(target), (target, work))
            if owner is work or other == target:
                continue
            contents = {one.original for one in (owner, work)} - {None}
            is_new = target != work.target or other != owner.target
            if is_new or len(contents) < 2:
                work.refuse(
                    work.operations[0],
                    f"some disks take {target.path} and {other.path}, of line "
                    f"{owner.operations[0].line}, for the same file",
                )


def refuse_folders(works: Sequence[FileWork]) -> None:
    """Refuse a path below another one, which would have to be a file and a folder at once."""
    # With the slash sorted first, what lies below a path comes directly behind it.
    named = sorted(
        ((target.name.replace("/", "\0"), work) for work in works for target in _left(work)),
        key=lambda pair: pair[0],
    )
    above, owner = "", None
    for name, work in named:
        if owner is not None and name.startswith(f"{above}\0"):
            shown = above.replace("\0", "/")
            work.refuse(work.operations[0], f"{shown} is a file, and cannot be a folder as well")
        else:
            above, owner = name, work


def _left(work: FileWork) -> Iterator[Target]:
    """Yield the file that is there afterwards, if there is one."""
    if not any(isinstance(operation, Delete) for operation in work.operations):
        yield work.destination or work.target


def _names(work: FileWork) -> Iterator[Target]:
    yield work.target
    if work.destination:
        yield work.destination


def _spelling(target: Target) -> tuple[str, str]:
    folded = unicodedata.normalize("NFC", target.path).casefold()
    return target.repository, unicodedata.normalize("NFC", folded)
