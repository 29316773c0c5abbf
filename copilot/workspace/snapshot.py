"""Reading: every file of every root, once, with its text or the reason why it is left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from copilot.batches import batches
from copilot.workspace.attributes import NOTHING_TOLD, Told
from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.contents import MISSING, FileReader, blob_id
from copilot.workspace.facts import Bytes
from copilot.workspace.judge import Verdict
from copilot.workspace.kinds import Kind
from copilot.workspace.listing import Listed, Listing, attributes_of, list_root
from copilot.workspace.model import Part, Repository, Root, Snapshot, SourceFile
from copilot.workspace.vendored import vendored_folders, vendored_reason

_BATCH_FILES, _BATCH_BYTES = 256, 4 * 1024 * 1024
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
    return gathered(read_parts(roots, Chooser(selection or Selection()), progress))


def gathered(parts: Iterable[Part]) -> Snapshot:
    """Return all parts as one."""
    files: list[SourceFile] = []
    repositories = []
    for part in parts:
        files += part.files
        if part.repository:
            repositories.append(part.repository)
    return Snapshot(tuple(repositories), tuple(files))


def read_parts(
    roots: Sequence[Root], choose: Chooser, progress: Progress = _silent
) -> Iterator[Part]:
    """Read all roots, a part after another, so that what is done with it need not be kept.

    Raises GitFailed.
    """
    for root in roots:
        yield from _read_root(root, choose, progress)


def _read_root(root: Root, choose: Chooser, progress: Progress) -> Iterator[Part]:
    listing = list_root(root)
    listed = sorted(listing.files, key=lambda file: os.fsencode(file.path))
    colliding = names_colliding(file.path for file in listed)
    blobs: dict[str, str | None] = {}
    hints = _hints(root, listing)
    with FileReader(root.path) as reader:
        read = (_read_file(root.alias, file, reader, choose, hints) for file in listed)
        for some in batches(read, _size, _BATCH_BYTES, _BATCH_FILES):
            files = _judged(root.alias, some, choose)
            blobs.update((file.path, file.blob) for file in files)
            progress(len(blobs), len(listed))
            yield Part(tuple(named_as_colliding(file, colliding) for file in files))
    dirty = root.is_git and _is_dirty(listing, blobs)
    yield Part((), Repository(root.alias, root.path, listing.revision, dirty))


def _size(file: SourceFile | Bytes) -> int:
    return len(file.data or b"")


def _judged(alias: str, files: Sequence[SourceFile | Bytes], choose: Chooser) -> list[SourceFile]:
    """Return the files in their order, those that were read judged by their contents."""
    judged = iter(choose.source_files(alias, [file for file in files if isinstance(file, Bytes)]))
    return [next(judged) if isinstance(file, Bytes) else file for file in files]


def _hints(root: Root, listing: Listing) -> _Hints:
    untracked = [file for file in listing.files if root.is_git and file.index_blob is None]
    told = {**listing.told, **attributes_of(root.path, untracked)}
    return _Hints(told, vendored_folders(file.path for file in listing.files))


def _read_file(
    alias: str, listed: Listed, reader: FileReader, choose: Chooser, hints: _Hints
) -> SourceFile | Bytes:
    path = listed.path
    told = hints.attributes.get(path, NOTHING_TOLD)
    verdict = choose.before_reading(path, told, vendored_reason(path, hints.vendored))
    if listed.left_out or verdict.left_out:
        return _unread(alias, listed, verdict)
    contents = reader.read(path)
    if contents.data is not None:
        blob = blob_id(contents.data, len(listed.index_blob or "") or 40)
        return Bytes(path, listed.origin, blob, contents.data, verdict.kind, told)
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


def names_colliding(paths: Iterable[str]) -> Set[str]:
    """Return the names that differ from another in case only, folded."""
    return {path for path, count in Counter(map(str.casefold, paths)).items() if count > 1}


def named_as_colliding(file: SourceFile, colliding: Set[str]) -> SourceFile:
    if not colliding or file.path.casefold() not in colliding:
        return file
    return replace(file, reason=f"{file.reason}; another name differs from it in case only")


def _is_dirty(listing: Listing, blobs: Mapping[str, str | None]) -> bool:
    """Tell whether what was read differs from the commit.

    A clean file that git converts on checkout (line ends, filters) has the index's blob only
    inside git; it counts as changed here, which errs on the safe side.
    """
    index = {f.path: f.index_blob for f in listing.files if f.index_blob is not None}
    if index != listing.committed:
        return True
    return any(index.get(path) != blob for path, blob in blobs.items())
