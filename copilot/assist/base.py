"""The part of a prompt that depends on no task: frozen once, followed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread

import msgspec

from copilot.assist import ahead
from copilot.assist.beside import following
from copilot.assist.freeze import freeze, may_lack_files
from copilot.assist.read import Read, read_texts, with_outlines
from copilot.assist.scope import Scope
from copilot.context.draft import Copy, Draft, gone
from copilot.context.entries import Shape
from copilot.context.frozen import Frozen, Loading, shows_all
from copilot.context.overlay import Due, has_jumped, has_outgrown, left_out, what_is_due
from copilot.workspace.snapshot import Progress

MARKS_TAKEN = "a file that changed holds the marks of the prompt's frame"


@dataclass(frozen=True)
class Base:
    """What is frozen, the files as they are, and why the base is a new one, if it is."""

    frozen: Frozen
    read: Read
    why_new: str = ""


def base_of(
    scope: Scope, draft: Draft, progress: Progress, *, for_task: bool = False
) -> Base | None:
    """Return the base as it was frozen with all changes since behind it, else a new one.

    None where the mode leaves it to the budget, and that is too small for all files. `for_task`
    says that files are ranked next if the base lacks some.

    Raises GitFailed, ReadIncomplete, or UsageError if there is nothing to read.
    """
    keys = _keys(scope)
    with scope.frozen.held(keys[0]) as whole, scope.frozen.held(keys[1]) as part:
        why = "" if not scope.fresh else "as you asked"
        before = None
        slots = (whole, part) if may_lack_files(scope) else (whole,)
        for slot in () if scope.fresh else slots:
            if kept := slot.begin(scope.budget):
                if for_task and not shows_all(kept.record):
                    ahead.begin()
                followed = _followed(kept, scope, draft, progress)
                if isinstance(followed, Base):
                    if followed.frozen.record is not kept.record:
                        slot.save(followed.frozen, is_kept=True)
                    return followed
                if followed is not None:
                    why, before = followed, kept.record
        made = freeze(scope, draft, progress, before)
        if made is None:
            return None
        is_partial = not shows_all(made.frozen.record)
        saving = Thread(target=(part if is_partial else whole).save, args=(made.frozen,))
        saving.start()
        # What waits for the cache is written while the disk takes the base.
        scope.cache.flush()
        saving.join()
    if _keys(scope) != keys:
        # The first secret that was found made the key that masks, and scopes, are named by.
        with scope.frozen.held(_keys(scope)[is_partial]) as slot:
            # Its bytes lie in the same folder, under the name that their digest gives.
            slot.save(made.frozen, is_kept=True)
    return Base(made.frozen, made.read, why)


def _keys(scope: Scope) -> tuple[str, str]:
    """Return the names of a base with all files, and of one that the budget shortened."""
    return scope.key(None), scope.key(scope.budget or 0)


def _followed(
    loading: Loading, scope: Scope, draft: Draft, progress: Progress
) -> Base | str | None:
    """Return the base with what changed appended, why there must be a new one, None if damaged."""
    scope = following(scope, loading.record.entries)
    read = Read.of(scope.parts(progress, skip=True))
    kept = loading.end()
    if kept is None:
        return None
    due = what_is_due(kept, read.files)
    may_hold_more = due.gone or any(e.shape is Shape.DELETED for e in kept.record.overlay)
    if may_hold_more and (name := left_out(kept, read.files)):
        return f"{name} must not be shown any longer"
    if alias := has_jumped(kept.record.heads, read.repositories):
        return f"another branch is checked out in {alias}"
    if not due:
        return Base(kept, read)
    copies = _copies(due, kept, scope, draft)
    if copies is None:
        return MARKS_TAKEN
    frozen = _appended(kept, copies, draft)
    if scope.budget is not None and frozen.tokens > scope.budget:
        return "the changes since the last one do not fit the budget"
    if has_outgrown(frozen):
        return "what changed since the last one makes up a quarter"
    return Base(frozen, read)


def _copies(due: Due, kept: Frozen, scope: Scope, draft: Draft) -> list[Copy] | None:
    """Return what is to be appended, None if the frame cannot hold it."""
    shapes = {file.name: shape for file, shape in due.changed}
    files = read_texts([file for file, _ in due.changed], scope)
    outlines = [file for file in files if shapes[file.name] is Shape.OUTLINE]
    outlined = {copy.file.name: copy for copy in with_outlines(outlines, scope, draft)}
    full = draft.copies([file for file in files if file.name not in outlined])
    names = [*shapes, *due.gone]
    if not draft.fits(kept.record.frame, names):
        return None
    copies = [outlined.get(copy.file.name, copy) for copy in (*full, *outlined.values())]
    return sorted(copies, key=lambda copy: copy.file.name) + [gone(name) for name in due.gone]


def _appended(kept: Frozen, copies: Sequence[Copy], draft: Draft) -> Frozen:
    laid = draft.lay(copies, kept.record.frame)
    record = msgspec.structs.replace(
        kept.record,
        overlay=(*kept.record.overlay, *(entry for entry, _ in laid)),
        overlay_data=kept.record.overlay_data
        + b"".join(piece for _, some in laid for piece in some),
    )
    return Frozen(record, kept.pieces)
