"""Patches in the V4A format: `*** Begin Patch` … `*** End Patch`.

The format is the one that OpenAI's prompting guide for GPT-4.1 and the `apply_patch` tool of codex
describe. Context selects a place as a SEARCH does; `@@` lines are anchors above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from copilot.edits.fences import fence_in
from copilot.edits.lines import check_count, exact, is_blank, joined, next_filled, refused
from copilot.edits.operations import Create, Delete, Operation, Rename, Replace

_BEGIN = "*** Begin Patch"
_END = "*** End Patch"
_END_OF_FILE = "*** End of File"
_MOVE = "*** Move to:"
_VERB = re.compile(r"\*\*\* (Add|Delete|Update) File:(.*)", re.DOTALL)
_LIKE_VERB = re.compile(
    r"\*{3,}+ ?(?:(?:[A-Za-z]++ File|Move to|End of File|End Patch|Begin Patch)\b"
    # A hunk of a context diff.
    r"|\d++(?:,\d++)? \*{4}$)"
)
_HEREDOC = re.compile(r"[^<\n]{0,100}<<-?[ \t]*(['\"]?)(\w{1,30})\1[ \t]*")
_NUMBERS = re.compile(r"-\d+(?:,\d+)? \+\d+(?:,\d+)?\b")
_LONGEST_MARK = 4200
_MOST_ANCHORS = 20


@dataclass
class _Chunk:
    """One place of an update: the lines above it, and its own lines with their signs."""

    start: int
    anchors: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    at_end: bool = False


def begins_patch(line: str) -> bool:
    """Tell whether a line begins a V4A patch."""
    return line.strip() == _BEGIN


def is_patch_mark(line: str) -> bool:
    """Tell whether a line has a meaning only inside a patch, or nearly begins one."""
    text = line.strip()
    if len(text) > _LONGEST_MARK:
        return False
    squeezed = text.casefold().replace(" ", "")
    return bool(_LIKE_VERB.match(text)) or squeezed == "***beginpatch"


def heredoc_word(line: str) -> str | None:
    """Return the word that ends the shell's here-document which a line begins, if it does."""
    match = _HEREDOC.fullmatch(line.rstrip())
    return match[2] if match else None


def read_patch(lines: Sequence[str], start: int) -> tuple[list[Operation], int]:
    """Return the operations of the patch that begins at index `start`, and the index behind it.

    Raises EditsRefused where the patch is cut off or a line of it is not understood.
    """
    operations: list[Operation] = []
    index = next_filled(lines, start + 1)
    while index < len(lines) and not _is_end(lines[index]):
        read, index = _section(lines, index)
        operations += read
        check_count(operations)
        index = next_filled(lines, index)
    if index >= len(lines):
        raise refused(start, f"{_END} is missing: the reply was cut off")
    if not operations:
        raise refused(start, "the patch holds no edits")
    return operations, index + 1


def _is_end(line: str) -> bool:
    return line.strip() == _END


def _section(lines: Sequence[str], start: int) -> tuple[list[Operation], int]:
    text = lines[start].strip()
    match = _VERB.fullmatch(text) if len(text) <= _LONGEST_MARK else None
    if match is None:
        if fence_in(text):
            raise refused(start, f"the fence is closed before {_END}: the reply was cut off")
        raise refused(start, "this is no line of a patch that is understood", text)
    path = match[2].strip()
    if not path:
        raise refused(start, "the patch names no file", text)
    if match[1] == "Delete":
        return [Delete(path, start + 1)], start + 1
    return (_added if match[1] == "Add" else _updated)(lines, start, path)


def _added(lines: Sequence[str], start: int, path: str) -> tuple[list[Operation], int]:
    index = start + 1
    while index < len(lines) and lines[index][:1] == "+":
        index += 1
    text = exact([line[1:] for line in lines[start + 1 : index]])
    following = next_filled(lines, index)
    if following < len(lines) and lines[following][:1] == "+":
        raise refused(index, "a line of the added file has no `+`")
    return [Create(path, text, start + 1)], following


def _updated(lines: Sequence[str], start: int, path: str) -> tuple[list[Operation], int]:
    operations: list[Operation] = []
    index = _behind_empty(lines, start + 1)
    if index < len(lines) and lines[index].startswith(_MOVE):
        new_path = lines[index][len(_MOVE) :].strip()
        if not new_path:
            raise refused(index, "the patch names no file", lines[index])
        operations.append(Rename(path, new_path, start + 1))
        path, index = new_path, index + 1
    chunks, index = _chunks(lines, index)
    operations += [_replace(chunk, path) for chunk in chunks]
    if not operations and index < len(lines):
        raise refused(start, "the update changes nothing", lines[start])
    return operations, index


def _behind_empty(lines: Sequence[str], start: int) -> int:
    """Return the index behind empty lines that only set `@@` or `***` apart."""
    index = next_filled(lines, start)
    apart = index < len(lines) and lines[index].startswith(("@@", "***"))
    return index if apart and not any(lines[start:index]) else start


def _chunks(lines: Sequence[str], start: int) -> tuple[list[_Chunk], int]:
    """Return the chunks of an update, and the index of the line that ends it."""
    chunks: list[_Chunk] = []
    index = _behind_empty(lines, start)
    while index < len(lines) and not _ends_update(lines, index):
        chunk, index = _chunk(lines, index)
        chunks.append(chunk)
        check_count(chunks)
    return chunks, index


def _ends_update(lines: Sequence[str], index: int) -> bool:
    line = lines[index]
    if line[:1] == "*":
        return line.rstrip() != _END_OF_FILE
    return line[:1] == " " and _END in line and _is_padded_end(lines, index)


def _is_padded_end(lines: Sequence[str], index: int) -> bool:
    """Tell an indented end from a line of context: nothing of a patch follows it."""
    if not _is_end(lines[index]):
        return False
    following = next_filled(lines, index + 1)
    return following == len(lines) or fence_in(lines[following]) is not None


def _chunk(lines: Sequence[str], start: int) -> tuple[_Chunk, int]:
    chunk = _Chunk(start)
    index = start
    while index < len(lines) and lines[index].startswith("@@"):
        chunk.anchors += _anchor(lines[index])
        index += 1
    if len(chunk.anchors) > _MOST_ANCHORS:
        raise refused(start, f"more than {_MOST_ANCHORS} `@@` lines stand above each other")
    begin = index
    index = _body_end(lines, begin)
    chunk.body = [*lines[begin:index]]
    if index < len(lines) and lines[index].rstrip() == _END_OF_FILE:
        chunk.at_end = True
        return chunk, next_filled(lines, index + 1)
    while chunk.body and is_blank(chunk.body[-1]) and chunk.body[-1][:1] != " ":
        chunk.body.pop()
    return chunk, index


def _anchor(line: str) -> list[str]:
    """Return the line that an `@@` names; the numbers of a unified diff name none."""
    text = line[2:].rstrip().removeprefix(" ")
    return [text] if text.strip() and not _NUMBERS.match(text) else []


def _body_end(lines: Sequence[str], start: int) -> int:
    for index in range(start, len(lines)):
        line = lines[index]
        sign = line[:1]
        if sign in ("+", "-", "", "\r"):
            continue
        if sign == " ":
            if _END in line and _is_padded_end(lines, index):
                return index
        elif sign == "*" or line.startswith("@@"):
            return index
        elif not is_blank(line):
            raise refused(index, "a line of the patch has none of ' ', '+', '-'", line)
    return len(lines)


def _replace(chunk: _Chunk, path: str) -> Replace:
    """Return the chunk as an edit; its blank lines without a sign are context."""
    if not chunk.body:
        raise refused(chunk.start, "the patch's `@@` has no lines below it")
    search = joined([line[1:] for line in chunk.body if line[:1] != "+"])
    text = joined([line[1:] for line in chunk.body if line[:1] != "-"])
    if not search and not chunk.anchors and not chunk.at_end:
        raise refused(chunk.start, "adds lines, but no line of the file says where")
    return Replace(path, search, text, chunk.start + 1, tuple(chunk.anchors), chunk.at_end)
