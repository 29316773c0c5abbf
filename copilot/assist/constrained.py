"""Edits in two steps on one prompt, each held to a grammar: the files first, then their blocks.

For servers that follow grammars. The first request asks for the paths alone; the second goes on
from there, and its grammar needs to know the lines of those files only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from copilot.assist.pack import Packed
from copilot.assist.repair import turns
from copilot.backends.protocol import Message
from copilot.edits.grammar import NO_EDITS, edit_grammar, path_grammar
from copilot.edits.operations import Operation, Replace, Reply
from copilot.edits.path_lines import path_in
from copilot.edits.paths import qualify
from copilot.errors import EditsRefused, ReplyIncomplete
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.text import one_line

__all__ = [
    "NO_EDITS",
    "Files",
    "Settled",
    "asks_for_blocks",
    "asks_for_files",
    "blocks_grammar",
    "files_grammar",
    "named_files",
    "settled",
]

# Lines of all files together up to which the grammar of all costs next to nothing.
_ONE_STEP_LINES = 2000
_CREATE, _DELETE, _CLOSING = "CREATE ", "DELETE ", "END OF FILES:"


@dataclass(frozen=True)
class Files:
    """The files that a model wants to change, by their names with alias.

    `left_out` says of each other path that it named why it cannot be changed.
    """

    edited: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def listed(self) -> tuple[str, ...]:
        """All of them, in the order in which their blocks must stand, each with its verb."""
        deleted = (f"{_DELETE}{name}" for name in self.deleted)
        return (*deleted, *(f"{_CREATE}{name}" for name in self.created), *self.edited)


@dataclass(frozen=True)
class Settled:
    """A reply whose blocks can stand beside each other; `left_out` says which others it had."""

    reply: Reply
    left_out: tuple[str, ...] = ()


def all_files(packed: Packed) -> Files | None:
    """Return all files where they are so few lines that one step is enough, else None.

    A small model does better without being asked to choose first.
    """
    texts = _texts(packed)
    lines = sum(text.count("\n") for text in texts.values())
    if not texts or lines > _ONE_STEP_LINES:
        return None
    files = Files(tuple(texts))
    return files if blocks_grammar(packed, files) else None


def files_grammar(packed: Packed) -> str | None:
    """Return the grammar for the list of files to change, None if there are too many."""
    return path_grammar(_texts(packed).keys(), [root.alias for root in packed.roots])


def asks_for_files(prompts: Path) -> Message:
    """Return what stands behind the prompt in the first step."""
    return Message("user", load_prompt("constrained-files", prompts))


def asks_for_blocks(listed: str, files: Files, prompts: Path) -> tuple[Message, Message]:
    """Return what stands behind that in the second step: the list as it came, and the request."""
    names = "\n".join(f"- {one_line(name)}" for name in files.listed)
    return turns(listed, fill_prompt(load_prompt("constrained-edits", prompts), files=names))


def blocks_grammar(packed: Packed, files: Files, *, again: bool = False) -> str | None:
    """Return the grammar for the blocks of these files, None if their texts are too long for one.

    Where the model is asked `again`, it may send any of these blocks, or none.
    """
    texts = _texts(packed)
    return edit_grammar(
        {name: texts[name] for name in files.edited},
        packed.prompt.frame.marker,
        created=files.created,
        deleted=files.deleted,
        again=again,
    )


def named_files(listed: str, packed: Packed) -> Files:
    """Read the list of the first step; a file named twice is what it was named first.

    No grammar of ours admits an empty list, but a server that heeds none may send it. Raises
    ReplyIncomplete if the list breaks off before the first path has ended, EditsRefused if none of
    its files can be changed.
    """
    lines = listed.split("\n")[:-1]
    if not lines:
        raise ReplyIncomplete("the model's list of files breaks off", "ask again", listed)
    texts = _texts(packed)
    there = {f"{file.repository}/{file.path}" for file in packed.prompt.files}
    aliases = [root.alias for root in packed.roots]
    found: dict[str, str] = {}
    left_out: list[str] = []
    for line in lines:
        if line.startswith(_CLOSING):
            break
        verb = next((verb for verb in (_CREATE, _DELETE) if line.startswith(verb)), "")
        name = line.removeprefix(verb)
        verb = "" if verb == _CREATE and name in texts else verb
        if name in found:
            continue
        if verb == _CREATE:
            why = _refusal(name, there | found.keys(), aliases)
        else:
            why = "" if name in texts else "there is no such file that can be edited"
        if why:
            left_out.append(f"{one_line(name)}: {why}")
        else:
            found[name] = verb
    edited, created, deleted = (_with(found, verb) for verb in ("", _CREATE, _DELETE))
    if left_out and not found:
        raise EditsRefused("the model named no file that can be changed", "; ".join(left_out))
    return Files(edited, created, deleted, tuple(left_out))


def _texts(packed: Packed) -> dict[str, str]:
    """Return the texts that can be edited, by names that a reply can hold on a line."""
    return {name: text for name, text in packed.editable_texts.items() if path_in(name) == name}


def _with(found: dict[str, str], wanted: str) -> tuple[str, ...]:
    return tuple(name for name, verb in found.items() if verb == wanted)


def _refusal(name: str, there: Collection[str], aliases: Collection[str]) -> str:
    """Return why no file can be created by this name, or an empty string."""
    target = qualify(name, aliases)
    if isinstance(target, str):
        return f"the path {target}"
    folded = name.casefold()
    for other in (one.casefold() for one in there):
        if folded == other:
            return "there is such a file, which the model did not see in full"
        if folded.startswith(f"{other}/"):
            return "a part of its path is a file"
        if other.startswith(f"{folded}/"):
            return "it is a folder"
    return ""


def settled(reply: Reply, packed: Packed) -> Settled:
    """Leave out blocks that change nothing, and those that overlap one before them.

    A grammar holds each SEARCH to lines of the file, but cannot tell what other blocks took.
    """
    texts = _texts(packed)
    kept: list[Operation] = []
    left_out: list[str] = []
    taken: dict[str, list[_Taken]] = {}
    for operation in reply.operations:
        others = taken.setdefault(operation.path, [])
        span = _span(operation, texts.get(operation.path, ""))
        why = "changes nothing" if _is_idle(operation) else _clash(span, others)
        if why:
            left_out.append(f"line {operation.line} of the reply: {why}")
            continue
        kept.append(operation)
        others.append(_Taken(*span, operation.line))
    return Settled(replace(reply, operations=tuple(kept)), tuple(left_out))


class _Taken(NamedTuple):
    """What a block takes of its file's text, in characters, and its line of the reply."""

    start: int
    stop: int
    line: int


def _is_idle(operation: Operation) -> bool:
    return isinstance(operation, Replace) and operation.search == operation.replace


def _span(operation: Operation, text: str) -> tuple[int, int]:
    """Return what an operation takes of its file: lines, or all; nothing if it has no place."""
    if not isinstance(operation, Replace):
        return 0, len(text) + 1
    start = f"\n{text}".find(f"\n{operation.search}")
    return (start, start + len(operation.search)) if start >= 0 else (0, 0)


def _clash(span: tuple[int, int], others: Sequence[_Taken]) -> str:
    start, stop = span
    for other in others:
        if start < other.stop and other.start < stop:
            return f"overlaps the block at line {other.line}"
    return ""
