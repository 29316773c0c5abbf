"""Models of style: texts that the user names, of which the tone and the form count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from copilot.context.bodies import count_kept
from copilot.context.counting import counter_of
from copilot.context.entries import Shape, foot_of, head_of
from copilot.context.model import Frame
from copilot.errors import ReadIncomplete
from copilot.text import one_line
from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.contents import FileReader, blob_id
from copilot.workspace.facts import Bytes
from copilot.workspace.model import Part, Repository, Root, SourceFile
from copilot.workspace.snapshot import read_parts

if TYPE_CHECKING:
    from copilot.assist.scope import Scope

_OVER = "over budget: what models of style may take"
# Tokens that a frame may take more than the plainest one.
_FRAME_TOKENS = 8


def style_parts(scope: Scope) -> Iterator[Part]:
    """Yield the texts that the user named, a repository for each path, as far as there is room.

    The patterns for what is read of the roots do not count here. Raises ReadIncomplete.
    """
    room = scope.room_beside
    for alias, path in scope.aliases.style.items():
        shown = []
        for file in _files(alias, path, scope):
            tokens = _tokens(file, scope) if file.data is not None else 0
            if tokens > room:
                shown.append(structs.replace(file, data=None, content=None, reason=_OVER))
                continue
            room -= tokens
            shown.append(file)
        folder = path if path.is_dir() else path.parent
        yield Part(tuple(shown), Repository(alias, folder, None, dirty=True))


def _files(alias: str, path: Path, scope: Scope) -> list[SourceFile]:
    chooser = Chooser(Selection(), scope.cache, scope.masker)
    if path.is_dir():
        parts = read_parts([Root(alias, path, is_git=False)], chooser)
        return [file for part in parts for file in part.files]
    verdict = chooser.before_reading(path.name)
    if verdict.left_out:
        return [SourceFile(alias, path.name, None, verdict.left_out, kind=verdict.kind)]
    with FileReader(path.parent) as reader:
        contents = reader.read(path.name)
    if contents.data is None:
        raise ReadIncomplete(
            f"--style {one_line(str(path))}: {contents.problem}", "name a file with a text"
        )
    read = Bytes(path.name, "named", blob_id(contents.data), contents.data, verdict.kind)
    return chooser.source_files(alias, [read])


def _tokens(file: SourceFile, scope: Scope) -> int:
    head = head_of(file.name, Shape.FULL, Frame())
    text = head + (file.data or b"") + b"\n" + foot_of(Frame())
    counter = counter_of(scope.tokenizer)
    return count_kept([text], counter, scope.tokenizer, scope.cache)[0] + _FRAME_TOKENS
