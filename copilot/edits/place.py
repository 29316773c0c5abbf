"""Operations against the files as they are: a change set, or the reasons why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from copilot.edits.changes import ChangeSet, FileChange
from copilot.edits.match import (
    TextFile,
    contains,
    find,
    nearest,
    new_lines,
    text_file,
    without_bom,
)
from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    Target,
)

# Places of an ambiguous SEARCH that are counted and named.
_NAMED_PLACES = 10


@dataclass(frozen=True)
class Refusal:
    """One operation that cannot be placed: where it stands in the reply, and why."""

    line: int
    path: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Placement:
    """What became of all operations; with any refusal, `changes` is empty.

    `already_applied` names the operations whose result the files hold already.
    """

    changes: ChangeSet = field(default_factory=ChangeSet)
    refusals: tuple[Refusal, ...] = ()
    already_applied: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Edit:
    """`count` lines of the file from `start` on (0-based) make room for `text`."""

    start: int
    count: int
    text: bytes
    operation: Replace | Overwrite


@dataclass
class _FileWork:
    """The operations on one file of the reply, and what became of them."""

    target: Target
    original: bytes | None
    operations: list[Operation] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)

    def refuse(self, operation: Operation, reason: str, detail: str = "") -> None:
        self.refusals.append(Refusal(operation.line, operation.path, reason, detail))

    def note_applied(self, operation: Operation) -> None:
        self.applied.append(f"{self.target.name} (reply line {operation.line})")


def place(
    operations: Sequence[Operation],
    originals: Mapping[Target, bytes | None],
    targets: Mapping[str, Target],
) -> Placement:
    """Place all operations of a reply, or none.

    `targets` maps each raw path of the reply to its file and `originals` each file to its content,
    None where it is missing. All operations see the original content, whatever their order. A
    SEARCH must stand at exactly one place, as whole lines and line ends aside.
    """
    lost = _without_target(operations, targets)
    if lost:
        return Placement(refusals=lost)
    works = _works(operations, originals, targets)
    _refuse_shared_destinations(works, targets)
    changes = [_change(work, originals, targets) for work in works]
    refusals = sorted((r for work in works for r in work.refusals), key=lambda r: r.line)
    applied = tuple(name for work in works for name in work.applied)
    if refusals:
        return Placement(refusals=tuple(refusals), already_applied=applied)
    return Placement(ChangeSet(tuple(c for c in changes if c)), already_applied=applied)


def _without_target(
    operations: Iterable[Operation], targets: Mapping[str, Target]
) -> tuple[Refusal, ...]:
    named = ((operation, path) for operation in operations for path in _paths(operation))
    return tuple(
        Refusal(operation.line, path, "the path is no file of a repository")
        for operation, path in named
        if path not in targets
    )


def _paths(operation: Operation) -> tuple[str, ...]:
    if isinstance(operation, Rename):
        return operation.path, operation.new_path
    return (operation.path,)


def _works(
    operations: Sequence[Operation],
    originals: Mapping[Target, bytes | None],
    targets: Mapping[str, Target],
) -> list[_FileWork]:
    """Group the operations by file; one on a renamed file may use its old or its new path."""
    old_names = {
        targets[operation.new_path]: targets[operation.path]
        for operation in operations
        if isinstance(operation, Rename)
    }
    works: dict[Target, _FileWork] = {}
    for operation in operations:
        named = targets[operation.path]
        target = named if isinstance(operation, Rename) else old_names.get(named, named)
        work = works.setdefault(target, _FileWork(target, originals.get(target)))
        work.operations.append(operation)
    return [*works.values()]


def _refuse_shared_destinations(works: Sequence[_FileWork], targets: Mapping[str, Target]) -> None:
    first: dict[Target, Rename] = {}
    for work in works:
        for operation in work.operations:
            if not isinstance(operation, Rename):
                continue
            other = first.setdefault(targets[operation.new_path], operation)
            if other is not operation:
                work.refuse(operation, f"line {other.line} renames another file to the same path")


def _change(
    work: _FileWork,
    originals: Mapping[Target, bytes | None],
    targets: Mapping[str, Target],
) -> FileChange | None:
    _refuse_clashes(work)
    _refuse_broken_texts(work)
    first = work.operations[0]
    if work.refusals:
        return None
    if isinstance(first, Create):
        return _created(work, first)
    if work.original is None:
        for operation in work.operations:
            work.refuse(operation, "there is no such file")
        return None
    if isinstance(first, Delete):
        return FileChange(work.target.repository, work.target.path, work.original, None)
    return _updated(work, work.original, originals, targets)


def _refuse_clashes(work: _FileWork) -> None:
    """Refuse what cannot stand beside a CREATE, OVERWRITE or DELETE, and a second RENAME."""
    whole = next((o for o in work.operations if isinstance(o, Create | Overwrite | Delete)), None)
    rename = next((o for o in work.operations if isinstance(o, Rename)), None)
    for operation in work.operations:
        joins = isinstance(operation, Rename) and not isinstance(whole, Create | Delete)
        owner = rename if joins else whole
        if owner and operation is not owner:
            verb = f"{type(owner).__name__.lower()}s"
            work.refuse(operation, f"the block at line {owner.line} {verb} the same file")


def _refuse_broken_texts(work: _FileWork) -> None:
    for operation in work.operations:
        if any(_encoded(text) is None for text in _texts(operation)):
            work.refuse(operation, "its text holds a lone surrogate, which no UTF-8 file can hold")


def _texts(operation: Operation) -> tuple[str, ...]:
    if isinstance(operation, Replace):
        return operation.search, operation.replace
    return (operation.text,) if isinstance(operation, Create | Overwrite) else ()


def _encoded(text: str) -> bytes | None:
    """Return whole lines as UTF-8, or None where the text has a lone surrogate."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return None
    return data if data.endswith(b"\n") or not data else data + b"\n"


def _created(work: _FileWork, operation: Create) -> FileChange | None:
    text = _encoded(operation.text)
    if work.original == text:
        work.note_applied(operation)
        return None
    if work.original is not None:
        work.refuse(operation, "the file exists already")
        return None
    return FileChange(work.target.repository, work.target.path, None, text)


def _updated(
    work: _FileWork,
    original: bytes,
    originals: Mapping[Target, bytes | None],
    targets: Mapping[str, Target],
) -> FileChange | None:
    rename = next((o for o in work.operations if isinstance(o, Rename)), None)
    if rename:
        _check_destination(work, rename, targets[rename.new_path], originals)
    after = _edited(work, original)
    if work.refusals or (not rename and after == original):
        return None
    repository, path = work.target.repository, work.target.path
    if not rename:
        return FileChange(repository, path, original, after)
    return FileChange(repository, targets[rename.new_path].path, original, after, path)


def _check_destination(
    work: _FileWork,
    rename: Rename,
    destination: Target,
    originals: Mapping[Target, bytes | None],
) -> None:
    if destination == work.target:
        work.refuse(rename, "changes nothing: the new path is the old one")
    elif destination.repository != work.target.repository:
        work.refuse(rename, "the new path is in another repository")
    elif originals.get(destination) is not None:
        work.refuse(rename, "the new path exists already")


def _edited(work: _FileWork, original: bytes) -> bytes:
    rewrites = [o for o in work.operations if isinstance(o, Replace | Overwrite)]
    file = text_file(original)
    if file is None:
        for operation in rewrites:
            work.refuse(operation, "the file is no UTF-8 text")
        return original
    located = (_located(work, file, operation) for operation in rewrites)
    edits = sorted((edit for edit in located if edit), key=lambda edit: edit.start)
    _refuse_overlaps(work, edits)
    return original if work.refusals else _applied(file, edits)


def _applied(file: TextFile, edits: Iterable[_Edit]) -> bytes:
    pieces = [file.bom]
    position = 0
    for edit in edits:
        pieces += file.lines[position : edit.start]
        pieces += new_lines(file, edit.start, edit.count, edit.text)
        position = edit.start + edit.count
    return b"".join(pieces + file.lines[position:])


def _refuse_overlaps(work: _FileWork, edits: Sequence[_Edit]) -> None:
    for upper, lower in pairwise(edits):
        if lower.start < upper.start + upper.count:
            first, second = sorted((upper.operation, lower.operation), key=lambda o: o.line)
            work.refuse(second, f"overlaps the block at line {first.line}")


def _located(work: _FileWork, file: TextFile, operation: Replace | Overwrite) -> _Edit | None:
    if isinstance(operation, Replace):
        return _located_search(work, file, operation)
    text = _for_file(file, operation.text)
    if text == file.text:
        work.note_applied(operation)
        return None
    return _Edit(0, len(file.lines), text, operation)


def _located_search(work: _FileWork, file: TextFile, operation: Replace) -> _Edit | None:
    search = _for_file(file, operation.search)
    text = _for_file(file, operation.replace)
    if not search or search == text:
        reason = "changes nothing: SEARCH and REPLACE are equal" if search else "SEARCH is empty"
        work.refuse(operation, reason)
        return None
    found = find(file, search, _NAMED_PLACES + 1)
    if _stands_already(file, search, text, found):
        work.note_applied(operation)
    elif not found:
        work.refuse(operation, "SEARCH occurs nowhere in the file", nearest(file, search))
    elif len(found) > 1:
        work.refuse(operation, f"SEARCH occurs {_times(found)}", "it must stand at one place only")
    else:
        return _Edit(found[0], search.count(b"\n"), text, operation)
    return None


def _for_file(file: TextFile, text: str) -> bytes:
    data = _encoded(text) or b""
    return without_bom(data) if file.bom else data


def _stands_already(file: TextFile, search: bytes, text: bytes, found: Sequence[int]) -> bool:
    """Tell whether REPLACE is there: in SEARCH's stead, or around the only SEARCH."""
    if not found:
        return bool(text) and len(find(file, text, 2)) == 1
    return len(found) == 1 and contains(text, search) and bool(find(file, text, 1))


def _times(found: Sequence[int]) -> str:
    lines = ", ".join(str(line + 1) for line in found[:_NAMED_PLACES])
    if len(found) > _NAMED_PLACES:
        return f"more than {_NAMED_PLACES} times, first at lines {lines}"
    return f"{len(found)} times, at lines {lines}"
