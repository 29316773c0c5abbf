"""A reply's placeholders put back to what they stand for, each in its own file alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    Reply,
    Target,
    Write,
)
from copilot.edits.place import Refusal
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker
from copilot.workspace.masks.placeholders import PLACEHOLDER, Mask, unmask_text
from copilot.workspace.targets import TargetFile

# A model may copy a placeholder wrongly: what is left must not take the secret's place.
_LIKE_ONE = re.compile(r"MASKED_\w+…?")
# The label of every placeholder is in small letters, which names in code rarely are behind this.
_LOWER_LABEL = re.compile("MASKED_[a-z]")


def unmasked(
    reply: Reply,
    targets: Mapping[str, Target],
    files: Mapping[Target, TargetFile],
    masker: Masker | None,
    on_disk: Mapping[Target, TargetFile] = MappingProxyType({}),
) -> tuple[Reply, list[Refusal]]:
    """Return the reply with the secrets of each file in the edits of that file.

    Those that a file has `on_disk` count as its own too. A placeholder that stands for nothing in
    the edited file is refused: it may be another file's secret, which a hostile text could have
    talked the model into writing somewhere else.
    """
    if masker is None or not any(map(_like_placeholders, reply.operations)):
        return reply, []
    shown = _shown(reply, targets, files, on_disk, masker)
    operations, refusals = [], []
    for operation in reply.operations:
        text, masks = shown.get(targets.get(operation.path), ("", ()))
        operations.append(_unmasked(operation, masks))
        for word in sorted(_strange_words(operation, text, masks)):
            why = f"{word} stands for no secret in this file, so it cannot be put back here"
            refusals.append(Refusal(operation.line, operation.path, why, ""))
    return replace(reply, operations=tuple(operations)), refusals


def _shown(
    reply: Reply,
    targets: Mapping[str, Target],
    files: Mapping[Target, TargetFile],
    on_disk: Mapping[Target, TargetFile],
    masker: Masker,
) -> dict[Target | None, tuple[str, tuple[Mask, ...]]]:
    """Return each file's text as it was shown, and its masks; a file that is moved takes both."""
    shown: dict[Target | None, tuple[str, tuple[Mask, ...]]] = {}
    for target, file in files.items():
        same = {one.data: one for one in (file, on_disk.get(target, file))}
        for text in filter(None, map(_text, same.values())):
            masked, masks = masker.masked(target.path, text)
            others = shown.get(target, ("", ()))
            shown[target] = f"{others[0]}{masked}", (*others[1], *masks)
    for operation in reply.operations:
        if isinstance(operation, Rename) and {operation.path, operation.new_path} <= targets.keys():
            old, new = targets[operation.path], targets[operation.new_path]
            shown[new] = shown.get(old, ("", ()))
    return shown


def masks_of(
    files: Mapping[Target, TargetFile], masker: Masker | None
) -> dict[str, tuple[Mask, ...]]:
    """Return the masks of each file as it is, by its name with alias."""
    texts = {target: _text(file) for target, file in files.items() if masker is not None}
    return {
        target.name: masker.masked(target.path, text)[1]
        for target, text in texts.items()
        if masker is not None and text is not None
    }


def _text(file: TargetFile) -> str | None:
    read = read_text(file.data) if file.data else None
    return read.text if read else None


def _unmasked(operation: Operation, masks: tuple[Mask, ...]) -> Operation:
    if isinstance(operation, Replace):
        return replace(
            operation,
            search=unmask_text(operation.search, masks),
            replace=unmask_text(operation.replace, masks),
        )
    if isinstance(operation, Create | Overwrite | Write):
        return replace(operation, text=unmask_text(operation.text, masks))
    if isinstance(operation, Delete) and operation.text is not None:
        return replace(operation, text=unmask_text(operation.text, masks))
    return operation


def _strange_words(operation: Operation, text: str, masks: tuple[Mask, ...]) -> set[str]:
    """Return what is a placeholder, or one of these mangled, and was not shown in the file.

    Where the file has masks, whatever is written like one may have been meant for one.
    """
    heads = tuple(mask.placeholder.rpartition("_")[0].casefold() for mask in masks)
    known = {mask.placeholder for mask in masks} | set(_LIKE_ONE.findall(text))
    mangled = _LOWER_LABEL if masks else PLACEHOLDER
    return {
        word
        for word in _like_placeholders(operation) - known
        if mangled.search(word) or word.casefold().startswith(heads)
    }


def _like_placeholders(operation: Operation) -> set[str]:
    return {match[0] for text in _texts(operation) for match in _LIKE_ONE.finditer(text)}


def _texts(operation: Operation) -> Iterator[str]:
    if isinstance(operation, Replace):
        yield from (operation.search, operation.replace)
    elif isinstance(operation, Create | Overwrite | Write):
        yield operation.text
