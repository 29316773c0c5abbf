"""The files of a patch that came from somewhere else, as far as it tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from copilot.workspace.diffs import DiffFile, Status
from copilot.workspace.patch_text import PatchPart

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SUBMODULE = "160000"


def files_of(parts: Iterable[PatchPart]) -> Iterator[DiffFile]:
    """Yield the files; one that became a link, or the reverse, has two parts and is one file."""
    before: DiffFile | None = None
    for part in parts:
        file = _file(part)
        if before and before.path == file.path and (before.status, file.status) == _REPLACED:
            before = _both(before, file)
            continue
        if before:
            yield before
        before = file
    if before:
        yield before


_REPLACED = ("deleted", "added")


def _both(gone: DiffFile, come: DiffFile) -> DiffFile:
    return replace(
        come,
        status="modified",
        old_mode=gone.old_mode,
        old_blob=gone.old_blob,
        is_binary=gone.is_binary or come.is_binary,
        hunks=gone.hunks + come.hunks,
    )


def _file(part: PatchPart) -> DiffFile:
    fields = part.fields
    old_blob, _, rest = fields.get("index", "").partition("..")
    blob, _, mode = rest.partition(" ")
    status = _status(part)
    has_old, has_new = status != "added", status != "deleted"
    return DiffFile(
        path=part.name,
        old_path=fields.get("renamed_from") or fields.get("copied_from"),
        status=status,
        old_mode=(fields.get("old_mode") or fields.get("deleted_mode") or mode) if has_old else "",
        mode=(fields.get("mode") or fields.get("created_mode") or mode) if has_new else "",
        is_binary=part.is_binary,
        old_blob=_full(old_blob),
        blob=_full(blob),
        hunks=tuple(part.hunks),
    )


def _full(blob: str) -> str | None:
    return blob if _ID.fullmatch(blob) and blob.strip("0") else None


def _status(part: PatchPart) -> Status:
    fields = part.fields
    modes = (fields.get("index", "")[-6:], fields.get("created_mode"), fields.get("deleted_mode"))
    if _SUBMODULE in modes:
        return "submodule"
    if "renamed_to" in fields:
        return "renamed"
    if "copied_to" in fields:
        return "copied"
    if "created_mode" in fields or part.old is None:
        return "added"
    if "deleted_mode" in fields or part.new is None:
        return "deleted"
    return "mode" if "mode" in fields and not part.hunks and not part.is_binary else "modified"
