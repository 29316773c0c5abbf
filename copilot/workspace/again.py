"""Reading files a second time, of which everything but the text is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import structs

from copilot.workspace.choose import content_of
from copilot.workspace.contents import FileReader, blob_id
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker
from copilot.workspace.model import Root, SourceFile
from copilot.workspace.object_reader import read_in_order

if TYPE_CHECKING:
    from copilot.workspace.remote_cache import KeptRepository


def read_again(
    files: Sequence[SourceFile],
    roots: Sequence[Root],
    kept: Sequence[KeptRepository],
    masker: Masker | None,
) -> Iterator[SourceFile | None]:
    """Yield each file with its text, None for one that is not as it was.

    Files of one repository should stand together, sorted by path. Raises GitFailed.
    """
    places = {root.alias: root for root in roots}
    commits = {one.name.alias: one for one in kept}
    for alias, group in groupby(files, key=lambda file: file.repository):
        some = list(group)
        kept_here = commits.get(alias)
        read = _of_commit(some, kept_here) if kept_here else _of_root(some, places[alias])
        for file, data in zip(some, read, strict=True):
            yield _with_text(file, data, masker)


def _of_root(files: Sequence[SourceFile], root: Root) -> Iterator[bytes | None]:
    if root.state is not None:
        with closing(read_in_order(root.path, [file.blob or "" for file in files])) as read:
            yield from (contents.data for contents in read)
        return
    with FileReader(root.path) as reader:
        for file in files:
            yield reader.read(file.path).data


def _of_commit(files: Sequence[SourceFile], kept: KeptRepository) -> Iterator[bytes | None]:
    from copilot.workspace.remote import blobs

    yield from blobs(kept, [file.blob or "" for file in files])


def _with_text(file: SourceFile, data: bytes | None, masker: Masker | None) -> SourceFile | None:
    if data is None or blob_id(data, len(file.blob or "") or 40) != file.blob:
        return None
    if file.content == file.blob:
        return structs.replace(file, data=data, unread=False)
    text = read_text(data)
    if text is None:
        return None
    shown = masker.masked(file.path, text.text)[0] if masker and file.masks else text.text
    if file.content != content_of(shown):
        return None
    return structs.replace(file, data=shown.encode(), unread=False)
