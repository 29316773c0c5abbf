"""Making an example of a commit: its files' texts as a prompt shows them, and its edit blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from copilot.assist.example_text import TextChange, example_text
from copilot.workspace.choose import Chooser
from copilot.workspace.contents import blob_id
from copilot.workspace.encodings import read_text
from copilot.workspace.facts import Bytes
from copilot.workspace.kinds import Kind
from copilot.workspace.masker import Masker
from copilot.workspace.masks.placeholders import Mask
from copilot.workspace.model import Root, SourceFile
from copilot.workspace.object_reader import ObjectReader
from copilot.workspace.past_changes import PastChange, named_changes

SUFFIX = ".txt"
_LARGEST_BLOB = 256 * 1024


class Made(msgspec.Struct, frozen=True, array_like=True):
    """An example as it is kept; without a text the commit is none. `masks` are lines and words."""

    text: str = ""
    tokens: int = 0
    masks: tuple[tuple[int, str, str], ...] = ()


class Itself(dict[str, str]):
    """Objects that are read by their ids."""

    def __missing__(self, key: str) -> str:
        return key


def as_file(alias: str, name: str, text: str, why: str) -> SourceFile:
    """Return an example as a file."""
    data = text.encode()
    blob = blob_id(data)
    kind = Kind.DOCUMENTATION
    return SourceFile(alias, f"{name}{SUFFIX}", blob, why, data, kind=kind, content=blob)


class ShownText:
    """Reads a file's text at one of its states as a prompt shows it; None if it may not."""

    def __init__(self, reader: ObjectReader, chooser: Chooser) -> None:
        self._reader = reader
        self._chooser = chooser

    def __call__(self, path: str, blob: str) -> tuple[str, tuple[Mask, ...]] | None:
        verdict = self._chooser.before_reading(path)
        data = None if verdict.left_out else self._reader.read(blob).data
        if data is None or len(data) > _LARGEST_BLOB or blob_id(data, len(blob)) != blob:
            return None
        read = Bytes(path, "tracked", blob, data, verdict.kind)
        (file,) = self._chooser.source_files("", [read])
        return None if file.data is None else (file.data.decode(), file.masks)


# Returns a file's text at a blob and its masks, None if it may not be shown.
_Read = Callable[[str, str], "tuple[str, tuple[Mask, ...]] | None"]


def made_of(change: PastChange, alias: str, read: _Read, masker: Masker | None) -> Made:
    """Return an example without its tokens, with secrets masked as in the files themselves."""
    changes: list[TextChange] = []
    masks: dict[str, str] = {}
    for file in change.files:
        texts: list[str | None] = []
        for blob in (file.old, file.new):
            found = read(file.path, blob) if blob else ("", ())
            if found is None:
                return Made()
            texts.append(found[0] if blob else None)
            masks |= {mask.placeholder: mask.kind for mask in found[1]}
        changes.append(TextChange(f"{alias}/{file.path}", *texts))
    message, told = masker.masked("message.txt", change.message) if masker else (change.message, ())
    masks |= {mask.placeholder: mask.kind for mask in told}
    text = example_text(message, changes)
    return Made(text, 0, tuple(_masks_in(text, masks))) if text else Made()


def _masks_in(text: str, masks: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n"), 1) if masks else ():
        yield from ((number, kind, word) for word, kind in masks.items() if word in line)


def examples_again(
    root: Root, alias: str, names: Sequence[str], masker: Masker | None
) -> Iterator[tuple[str, bytes]]:
    """Yield examples by their paths as they were made, `alias` being what the root was called.

    Raises GitFailed.
    """
    changes = named_changes(root, [name.removesuffix(SUFFIX) for name in names])
    with ObjectReader(root.path, Itself()) as reader:

        def read(path: str, blob: str) -> tuple[str, tuple[Mask, ...]] | None:
            data = reader.read(blob).data
            text = read_text(data) if data is not None else None
            if text is None:
                return None
            return masker.masked(path, text.text) if masker else (text.text, ())

        for name, change in changes.items():
            yield f"{name}{SUFFIX}", made_of(change, alias, read, masker).text.encode()
