"""Edits in two steps on one prompt, each held to a grammar: the files first, then their blocks.

For servers that follow grammars. The first request asks for the paths alone; the second goes on
from there, and its grammar needs to know the lines of those files only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.assist.named_wholes import named_wholes
from copilot.assist.pack import Packed
from copilot.assist.repair import turns
from copilot.assist.settle import Settled, settle
from copilot.backends.protocol import Message
from copilot.edits.grammar import NO_EDITS, Wholes, edit_grammar, path_grammar, short_grammar
from copilot.edits.grammar_paths import NewPaths
from copilot.edits.operations import Overwrite, Replace, Reply
from copilot.edits.path_lines import path_in
from copilot.edits.paths import qualify
from copilot.errors import EditsRefused, ReplyIncomplete
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.text import one_line

__all__ = [
    "NO_EDITS",
    "Files",
    "Settled",
    "all_files",
    "asks_for_blocks",
    "asks_for_files",
    "asks_to_differ",
    "blocks_grammar",
    "files_grammar",
    "named_files",
    "one_block_grammar",
    "settled",
]

# Lines of all files together up to which the grammar of all costs next to nothing.
_ONE_STEP_LINES = 2000
_NONE = Wholes()
_EDITS = (Replace, Overwrite)
_CREATE, _DELETE, _RENAME, _CLOSING = "CREATE ", "DELETE ", "RENAME ", "END OF FILES:"


@dataclass(frozen=True)
class Files:
    """The files that a model wants to change, by their names with alias.

    `wholes` are those to delete, to move or to make, `offered` those that may be, since the task
    names them. `left_out` says of each other path that it named why it cannot be changed.
    """

    edited: tuple[str, ...] = ()
    wholes: Wholes = _NONE
    left_out: tuple[str, ...] = ()
    offered: Wholes = _NONE

    @property
    def listed(self) -> tuple[str, ...]:
        """All of them, those to make first, as their blocks must stand; each with its verb."""
        return (
            *(f"{_CREATE}{name}" for name in self.wholes.created),
            *(f"{_DELETE}{name}" for name in self.wholes.deleted),
            *(f"{_RENAME}{name}" for name in self.wholes.renamed),
            *self.edited,
        )


def all_files(packed: Packed, task: str) -> Files | None:
    """Return all files where they are so few lines that one step is enough, else None.

    A small model does better without being asked to choose first. Only what the task names is
    offered to be made, deleted or moved: such a model would take any other way that is open.
    """
    texts = _texts(packed)
    if sum(text.count("\n") for text in texts.values()) > _ONE_STEP_LINES:
        return None
    paths = _paths(packed)
    offered = named_wholes(task, texts, paths, lambda name: _is_free(name, paths))
    files = Files(tuple(texts), offered=offered)
    return files if blocks_grammar(packed, files) else None


def files_grammar(packed: Packed) -> str | None:
    """Return the grammar for the list of files to change, None if there are too many."""
    return path_grammar([*_texts(packed), *_bare_names(packed).values()], _paths(packed))


def asks_for_files(prompts: Path) -> Message:
    """Return what stands behind the prompt in the first step."""
    return Message("user", load_prompt("constrained-files", prompts))


def asks_for_blocks(listed: str, files: Files, prompts: Path) -> tuple[Message, Message]:
    """Return what stands behind that in the second step: the list, and the request.

    Of a list that repeats itself, each line is shown once: a small model would go on like that.
    """
    names = "\n".join(f"- {one_line(name)}" for name in files.listed)
    return turns(_once(listed), fill_prompt(load_prompt("constrained-edits", prompts), files=names))


def asks_to_differ(task: str, prompts: Path) -> str:
    """Return the request for blocks that change something, behind some that do not."""
    return fill_prompt(load_prompt("constrained-again", prompts), task=task)


def _once(listed: str) -> str:
    lines = dict.fromkeys(one for one in listed.split("\n")[:-1] if not one.startswith(_CLOSING))
    closing = f"{_CLOSING} {len(lines)} file{'' if len(lines) == 1 else 's'}"
    return "".join(f"{line}\n" for line in (*lines, closing))


def blocks_grammar(packed: Packed, files: Files, *, again: bool = False) -> str | None:
    """Return the grammar for the blocks of these files, None if their texts are too long for one.

    Where the model is asked `again`, it may send any of these blocks, or none.
    """
    texts = _texts(packed)
    # A model that named the wrong verb may still edit the file instead.
    lost = (*files.wholes.deleted, *files.wholes.renamed)
    return edit_grammar(
        {name: texts[name] for name in (*files.edited, *lost)},
        packed.prompt.frame.marker,
        _paths(packed),
        files.wholes,
        offered=files.offered,
        again=again,
        bare=_bare_names(packed),
    )


def one_block_grammar(packed: Packed, files: Files) -> str | None:
    """Return the grammar for one short block in one of these files.

    None where none can be written, or where files are to be made, moved or deleted besides.
    """
    if files.wholes != _NONE:
        return None
    texts = _texts(packed)
    edited = {name: texts[name] for name in files.edited}
    return short_grammar(edited, packed.prompt.frame.marker, _bare_names(packed))


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
    full = _full_names(packed)
    paths = _paths(packed)
    found: dict[str, str] = {}
    left_out: list[str] = []
    for line in lines:
        if line.startswith(_CLOSING):
            break
        verb = next((verb for verb in (_CREATE, _DELETE, _RENAME) if line.startswith(verb)), "")
        name = line.removeprefix(verb)
        name = name if verb == _CREATE else full.get(name, name)
        verb = "" if verb == _CREATE and name in texts else verb
        if name in found:
            continue
        if verb == _CREATE:
            why = _refusal(name, {*paths.there, *found}, paths.aliases)
        else:
            why = "" if name in texts else "there is no such file that can be edited"
        if why:
            left_out.append(f"{one_line(name)}: {why}")
        else:
            found[name] = verb
    wholes = Wholes(*(_with(found, verb) for verb in (_DELETE, _RENAME, _CREATE)))
    if left_out and not found:
        raise EditsRefused("the model named no file that can be changed", "; ".join(left_out))
    return Files(_with(found, ""), wholes, tuple(left_out))


def _texts(packed: Packed) -> dict[str, str]:
    """Return the texts that can be edited, by names that a reply can hold on a line."""
    return {name: text for name, text in packed.editable_texts.items() if path_in(name) == name}


def _paths(packed: Packed) -> NewPaths:
    names = [f"{file.repository}/{file.path}" for file in packed.prompt.files]
    return NewPaths(tuple(root.alias for root in packed.roots), frozenset(names))


def _bare_names(packed: Packed) -> dict[str, str]:
    """Return names without alias, by those with it, where a folder is called as its repository.

    A model that is held to the alias there takes it for the folder, and then another file.
    """
    paths = _paths(packed)
    bare = {}
    for name in _texts(packed):
        alias = paths.repository(name)
        inner = name.removeprefix(f"{alias}/")
        if inner.startswith(f"{alias}/") and inner not in paths.there:
            bare[name] = inner
    return bare


def _full_names(packed: Packed) -> dict[str, str]:
    return {bare: name for name, bare in _bare_names(packed).items()}


def _is_free(name: str, paths: NewPaths) -> bool:
    """Tell whether a file can be made by this name, and a reply's line hold it."""
    return path_in(name) == name and not _refusal(name, paths.there, paths.aliases)


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
    """Leave out of a reply the blocks that cannot stand beside those before them."""
    full = _full_names(packed)
    operations = (
        replace(one, path=full[one.path]) if isinstance(one, _EDITS) and one.path in full else one
        for one in reply.operations
    )
    return settle(replace(reply, operations=tuple(operations)), _texts(packed))
