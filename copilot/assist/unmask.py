"""A reply's placeholders put back to what they stand for, each in its own file alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from copilot.edits.operations import Create, Operation, Overwrite, Rename, Replace, Reply, Target
from copilot.edits.place import Refusal
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker
from copilot.workspace.masks.placeholders import PLACEHOLDER, Mask, unmask_text
from copilot.workspace.targets import TargetFile

_Masks = Mapping[str, str]


def unmasked(
    reply: Reply,
    targets: Mapping[str, Target],
    files: Mapping[Target, TargetFile],
    masker: Masker | None,
) -> tuple[Reply, list[Refusal]]:
    """Return the reply with the secrets of each file in the edits of that file.

    A placeholder that stands for nothing in the edited file is refused: it may be another file's
    secret, which a hostile text could have talked the model into writing somewhere else.
    """
    if masker is None or not any(_placeholders(operation) for operation in reply.operations):
        return reply, []
    masks = _masks(reply, targets, files, masker)
    operations, refusals = [], []
    for operation in reply.operations:
        target = targets.get(operation.path)
        done = _unmasked(operation, masks.get(target, ()) if target else ())
        operations.append(done)
        for word in sorted(_placeholders(done)):
            why = f"{word} stands for no secret in this file, so it cannot be put back here"
            refusals.append(Refusal(operation.line, operation.path, why, ""))
    return replace(reply, operations=tuple(operations)), refusals


def _masks(
    reply: Reply,
    targets: Mapping[str, Target],
    files: Mapping[Target, TargetFile],
    masker: Masker,
) -> dict[Target, tuple[Mask, ...]]:
    """Return the masks of each file; a file that is moved takes them along."""
    masks = {
        target: masker.masks_of(target.path, text)
        for target, file in files.items()
        if (text := _text(file)) is not None
    }
    for operation in reply.operations:
        if isinstance(operation, Rename) and {operation.path, operation.new_path} <= targets.keys():
            old, new = targets[operation.path], targets[operation.new_path]
            masks[new] = masks.get(new, ()) + masks.get(old, ())
    return masks


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
    if isinstance(operation, Create | Overwrite):
        return replace(operation, text=unmask_text(operation.text, masks))
    return operation


def _placeholders(operation: Operation) -> set[str]:
    return {match[0] for text in _texts(operation) for match in PLACEHOLDER.finditer(text)}


def _texts(operation: Operation) -> Iterator[str]:
    if isinstance(operation, Replace):
        yield from (operation.search, operation.replace)
    elif isinstance(operation, Create | Overwrite):
        yield operation.text
