"""Operations against the files as they are: a change set, or the reasons why there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, FileChange
from copilot.edits.guards import refused_text, shrinks
from copilot.edits.located import Edit, Located, Standing, Unplaced, locate, overwritten
from copilot.edits.match import UTF8, TextFile, trailing_keys
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
from copilot.edits.works import (
    FileWork,
    Placed,
    Refusal,
    by_file,
    new_text,
    refuse_clashes,
    refuse_folders,
    refuse_shared_destinations,
    refuse_spellings,
    without_target,
)

__all__ = ["Placed", "Placement", "Refusal", "place"]

_STALE = "the file changed since the model saw it"
_Texted: TypeAlias = Replace | Overwrite | Write


@dataclass(frozen=True)
class Placement:
    """What became of all operations; with any refusal, `changes` is empty.

    `already_applied` names the operations whose result the files hold already, `already` the files
    of which that is true of every operation. `placed` holds what found its place, also where
    something else was refused.
    """

    changes: ChangeSet = field(default_factory=ChangeSet)
    refusals: tuple[Refusal, ...] = ()
    already_applied: tuple[str, ...] = ()
    placed: tuple[Placed, ...] = ()
    already: tuple[Target, ...] = ()


def place(
    operations: Sequence[Operation],
    originals: Mapping[Target, bytes | None],
    targets: Mapping[str, Target],
    *,
    stale: Collection[Target] = frozenset(),
    executable: Collection[Target] = frozenset(),
    encodings: Mapping[Target, str] = MappingProxyType({}),
) -> Placement:
    """Place all operations of a reply, or none.

    `targets` maps each raw path of the reply to its file and `originals` each file to its content,
    None where it is missing. All operations see the original content, whatever their order. A
    SEARCH must stand at exactly one place, on the first rung of `rungs.climb` that finds any.

    `stale` are files that changed since the model saw them: there a SEARCH must stand exactly, and
    nothing else is done. `executable` are the files with that mode. `encodings` names the Python
    codec of each file that is no UTF-8; bytes outside the edits stay as they are.
    """
    lost = without_target(operations, targets)
    if lost:
        return Placement(refusals=lost)
    works = [
        FileWork(
            target,
            originals.get(target),
            encodings.get(target, UTF8),
            target in stale,
            target in executable,
            next((targets[o.new_path] for o in group if isinstance(o, Rename)), None),
            group,
        )
        for target, group in by_file(operations, targets).items()
    ]
    refuse_shared_destinations(works, targets)
    refuse_spellings(works)
    refuse_folders(works)
    changes = [_change(work, originals) for work in works]
    return _placement(works, changes)


def _placement(works: Sequence[FileWork], changes: Iterable[FileChange | None]) -> Placement:
    refusals = sorted((r for work in works for r in work.refusals), key=lambda r: r.line)
    made = () if refusals else tuple(change for change in changes if change)
    return Placement(
        ChangeSet(made),
        tuple(refusals),
        tuple(name for work in works for name in work.applied),
        tuple(sorted((p for work in works for p in work.placed), key=lambda p: p.line)),
        tuple(work.target for work in works if work.is_applied),
    )


def _change(work: FileWork, originals: Mapping[Target, bytes | None]) -> FileChange | None:
    refuse_clashes(work)
    _refuse_broken_texts(work)
    if work.refusals:
        return None
    creation = next((o for o in work.operations if isinstance(o, Create)), None)
    if creation or (work.original is None and isinstance(work.operations[0], Write)):
        return _created(work, creation or work.operations[0])
    if work.original is None:
        for operation in work.operations:
            if isinstance(operation, Delete):
                work.note_applied(operation)
            else:
                work.refuse(operation, "there is no such file")
        return None
    if isinstance(work.operations[0], Delete):
        return _deleted(work, work.operations[0])
    return _updated(work, work.original, originals)


def _refuse_broken_texts(work: FileWork) -> None:
    for operation in work.operations:
        texts = new_text(operation), _old_text(operation)
        if not all(_is_unicode(text) for text in texts if text is not None):
            work.refuse(operation, "its text holds a lone surrogate, which no UTF-8 file can hold")


def _old_text(operation: Operation) -> str | None:
    if isinstance(operation, Replace):
        return operation.search
    return operation.text if isinstance(operation, Delete) else None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _created(work: FileWork, operation: Operation) -> FileChange | None:
    text = new_text(operation) or ""
    if work.original is not None:
        if work.file is not None and _holds(work.file, text):
            for one in work.operations:
                work.note_applied(one)
        else:
            work.refuse(operation, "the file exists already")
        return None
    if reason := _guarded(work, text, []):
        work.refuse(operation, reason)
        return None
    for one in work.operations:
        work.note_placed(one)
    wanted = [o.executable for o in work.operations if isinstance(o, Create | SetMode)]
    mode = EXECUTABLE_MODE if any(wanted) else None
    target = work.target
    return FileChange(target.repository, target.path, None, text.encode(), mode=mode)


def _holds(file: TextFile, text: str) -> bool:
    """Tell whether a file that was to be created is there with the same text."""
    try:
        return isinstance(overwritten(file, text), Standing)
    except UnicodeEncodeError:
        return False


def _deleted(work: FileWork, operation: Delete) -> FileChange | None:
    if work.is_stale:
        work.refuse(operation, _STALE)
        return None
    if operation.text is not None and not _has_lines(work.file, operation.text):
        work.refuse(operation, "the file holds something else than the lines that the diff removes")
        return None
    work.note_placed(operation)
    target, old_mode = work.target, EXECUTABLE_MODE if work.is_executable else None
    return FileChange(target.repository, target.path, work.original, None, old_mode=old_mode)


def _has_lines(file: TextFile | None, text: str) -> bool:
    """Tell whether a file has just these lines; white space behind them does not count."""
    lines = text.removeprefix("\ufeff").removesuffix("\n").encode().split(b"\n") if text else []
    return file is not None and trailing_keys(file.lines) == trailing_keys(lines)


def _updated(
    work: FileWork, original: bytes, originals: Mapping[Target, bytes | None]
) -> FileChange | None:
    rename = work.rename
    if rename and work.destination:
        _check_destination(work, rename, work.destination, originals)
    old_mode, mode = _modes(work)
    after = _edited(work, original)
    if work.refusals or (not rename and mode is None and after == original):
        return None
    path = work.destination.path if work.destination else work.target.path
    old_path = work.target.path if rename else None
    return FileChange(work.target.repository, path, original, after, old_path, old_mode, mode)


def _check_destination(
    work: FileWork,
    rename: Rename,
    destination: Target,
    originals: Mapping[Target, bytes | None],
) -> None:
    if work.is_stale:
        work.refuse(rename, _STALE)
    elif destination == work.target:
        work.refuse(rename, "changes nothing: the new path is the old one")
    elif destination.repository != work.target.repository:
        work.refuse(rename, "the new path is in another repository")
    elif originals.get(destination) is not None:
        work.refuse(rename, "the new path exists already")
    else:
        work.note_placed(rename)


def _modes(work: FileWork) -> tuple[int | None, int | None]:
    """Return the mode before and after, None and None where it is not changed."""
    operation = next((o for o in work.operations if isinstance(o, SetMode)), None)
    if operation is None:
        return None, None
    if operation.executable == work.is_executable:
        work.note_applied(operation)
        return None, None
    work.note_placed(operation)
    modes = PLAIN_MODE, EXECUTABLE_MODE
    return modes if operation.executable else modes[::-1]


def _edited(work: FileWork, original: bytes) -> bytes:
    texted = [o for o in work.operations if isinstance(o, Replace | Overwrite | Write)]
    if not texted:
        return original
    file = work.file
    if file is None:
        known = "no UTF-8 text" if work.encoding == UTF8 else f"not kept whole in {work.encoding}"
        for operation in texted:
            work.refuse(operation, f"the file is {known}")
        return original
    edits: list[tuple[Edit, Operation]] = []
    for operation in texted:
        edit = _accepted(work, operation, _located(work, file, operation))
        if edit:
            edits.append((edit, operation))
    edits.sort(key=lambda pair: (pair[0].start, pair[0].count))
    _refuse_overlaps(work, file, edits)
    return original if work.refusals else _applied(file, [edit for edit, _ in edits])


def _located(work: FileWork, file: TextFile, operation: _Texted) -> Located:
    """Find the place of one text, unless a guard forbids what it says."""
    try:
        if not isinstance(operation, Replace):
            return _rewritten(work, file, operation)
        reason = _guarded(work, operation.replace, operation.search.split("\n"))
        return Unplaced(reason) if reason else locate(file, operation, is_stale=work.is_stale)
    except UnicodeEncodeError:
        return Unplaced(f"its text holds characters that the file's {work.encoding} cannot hold")


def _rewritten(work: FileWork, file: TextFile, operation: Overwrite | Write) -> Located:
    """Give a file another text, unless it is stale, or the text leaves something out."""
    edit = overwritten(file, operation.text)
    if isinstance(edit, Standing):
        return edit
    if work.is_stale:
        return Unplaced(_STALE)
    lines = len(file.lines), len(edit.lines)
    if shrinks(*lines):
        return Unplaced(
            f"the whole new text has {lines[1]} lines, the file has {lines[0]}",
            "remove parts with SEARCH blocks for just them, or delete the file",
        )
    old = [line.decode() for line in file.lines]
    return Unplaced(reason) if (reason := _guarded(work, operation.text, old)) else edit


def _guarded(work: FileWork, text: str, old: Sequence[str]) -> str:
    path = (work.destination or work.target).path
    return refused_text(path, old, text.split("\n"), lambda: work.marker_kinds)


def _accepted(work: FileWork, operation: Operation, located: Located) -> Edit | None:
    """Note what became of an operation and return its edit, if it has one."""
    if isinstance(located, Standing):
        work.note_applied(operation)
        return None
    if isinstance(located, Unplaced):
        work.refuse(operation, located)
        return None
    work.note_placed(operation, located.rung, located.start, located.note)
    return located


def _refuse_overlaps(
    work: FileWork, file: TextFile, edits: Sequence[tuple[Edit, Operation]]
) -> None:
    """Refuse edits that share lines or a point, or come behind a line without an end."""
    feed = file.encoded(b"\n")
    for (upper, one), (lower, other) in pairwise(edits):
        same_point = upper.start == lower.start and upper.count == lower.count == 0
        is_open = bool(upper.lines) and not upper.lines[-1].endswith(feed)
        if lower.start < upper.start + upper.count or same_point or is_open:
            first, second = sorted((one, other), key=lambda o: o.line)
            work.refuse(second, f"overlaps the block at line {first.line}")


def _applied(file: TextFile, edits: Iterable[Edit]) -> bytes:
    pieces = [file.bom]
    position = 0
    for edit in edits:
        pieces += file.raw[position : edit.start]
        pieces += edit.lines
        position = edit.start + edit.count
    return b"".join(pieces + file.raw[position:])
