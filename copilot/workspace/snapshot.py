"""Reading: every file of every root, once, with its text or the reason why it is left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from copilot.workspace.attributes import NOTHING_TOLD, Told, read_attributes
from copilot.workspace.choose import Bytes, Chooser
from copilot.workspace.choose import Selection as Selection
from copilot.workspace.contents import MISSING, FileReader, blob_id
from copilot.workspace.judge import Verdict
from copilot.workspace.kinds import Kind
from copilot.workspace.listing import Listed, Listing, as_work_tree, list_root
from copilot.workspace.model import Repository, Root, Snapshot, SourceFile
from copilot.workspace.vendored import vendored_folders, vendored_reason

# Called with the number of files read and of all files known so far.
Progress = Callable[[int, int], None]


def _silent(_done: int, _known: int) -> None:
    return


@dataclass(frozen=True)
class _Hints:
    """What is known of a root's files before they are read."""

    attributes: Mapping[str, Told] = field(default_factory=dict)
    vendored: Mapping[str, str] = field(default_factory=dict)


def read_snapshot(
    roots: Sequence[Root],
    selection: Selection | None = None,
    progress: Progress = _silent,
) -> Snapshot:
    """Read all roots. Raises GitFailed, or UsageError for a pattern that is none."""
    choose = Chooser(selection or Selection())
    repositories: list[Repository] = []
    files: list[SourceFile] = []
    for root in roots:
        listing = list_root(root)
        read = _read_root(root, listing, choose, progress)
        files += read
        dirty = root.is_git and _is_dirty(listing, read)
        repositories.append(Repository(root.alias, root.path, listing.revision, dirty))
    return Snapshot(tuple(repositories), tuple(files))


def _read_root(
    root: Root, listing: Listing, choose: Chooser, progress: Progress
) -> list[SourceFile]:
    reader = FileReader(root.path)
    listed = sorted(listing.files, key=lambda file: os.fsencode(file.path))
    hints = _hints(root, listed, reader)
    files = []
    for number, file in enumerate(listed, 1):
        files.append(_read_file(root.alias, file, reader, choose, hints))
        progress(number, len(listed))
    return _with_collisions(files)


def _hints(root: Root, listed: Sequence[Listed], reader: FileReader) -> _Hints:
    vendored = vendored_folders(file.path for file in listed)
    asked = (
        file.path
        for file in listed
        if file.left_out is None and reader.is_inside(file.path.rpartition("/")[0])
    )
    if root.is_git:
        return _Hints(read_attributes(root.path, asked), vendored)
    if not any(file.path.endswith(".gitattributes") for file in listed):
        return _Hints(vendored=vendored)
    with as_work_tree(root.path) as as_if:
        return _Hints(read_attributes(root.path, asked, *as_if), vendored)


def _read_file(
    alias: str, listed: Listed, reader: FileReader, choose: Chooser, hints: _Hints
) -> SourceFile:
    path = listed.path
    told = hints.attributes.get(path, NOTHING_TOLD)
    verdict = choose.before_reading(path, told, vendored_reason(path, hints.vendored))
    if listed.left_out or verdict.left_out:
        return _unread(alias, listed, verdict)
    contents = reader.read(path)
    if contents.data is not None:
        blob = blob_id(contents.data, len(listed.index_blob or "") or 40)
        read = Bytes(path, listed.origin, blob, contents.data, verdict.kind, told)
        return choose.source_file(alias, read)
    if listed.sparse and contents.problem == MISSING:
        reason = "not on disk: outside the sparse checkout"
        return SourceFile(alias, path, listed.index_blob, reason, kind=verdict.kind)
    return SourceFile(
        alias, path, None, contents.problem, denied=contents.denied, kind=verdict.kind
    )


def _unread(alias: str, listed: Listed, verdict: Verdict) -> SourceFile:
    return SourceFile(
        alias,
        listed.path,
        listed.index_blob,
        listed.left_out or verdict.left_out or "",
        denied=listed.denied and verdict.left_out is None,
        kind=Kind.VENDORED if listed.is_repository else verdict.kind,
    )


def _with_collisions(files: list[SourceFile]) -> list[SourceFile]:
    """Say of files whose names differ in case only that they do: some disks hold but one."""
    folded = Counter(file.path.casefold() for file in files)
    if len(folded) == len(files):
        return files
    return [
        replace(file, reason=f"{file.reason}; another name differs from it in case only")
        if folded[file.path.casefold()] > 1
        else file
        for file in files
    ]


def _is_dirty(listing: Listing, files: Sequence[SourceFile]) -> bool:
    """Tell whether what was read differs from the commit.

    A clean file that git converts on checkout (line ends, filters) has the index's blob only
    inside git; it counts as changed here, which errs on the safe side.
    """
    index = {f.path: f.index_blob for f in listing.files if f.index_blob is not None}
    if index != listing.committed:
        return True
    return any(index.get(file.path) != file.blob for file in files)
