"""From a reply to a change set that a person can review; nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from copilot.assist.unmask import unmasked
from copilot.edits.changes import ChangeSet
from copilot.edits.operations import (
    Operation,
    Overwrite,
    Rename,
    Replace,
    Reply,
    Target,
)
from copilot.edits.parse import parse
from copilot.edits.paths import qualify
from copilot.edits.place import Placement, Refusal, place
from copilot.errors import EditsRefused
from copilot.structure.syntax import broken_by
from copilot.text import one_line, visible
from copilot.workspace.masker import Masker
from copilot.workspace.model import Root
from copilot.workspace.targets import TargetFile, read_target

_OUTLINE_MARK = re.compile(r"^[ \t]*… \d+ lines?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Proposal:
    """The changes a reply asks for, warnings by file name, and what is there already."""

    changes: ChangeSet
    flags: dict[str, tuple[str, ...]]
    already_applied: tuple[str, ...]
    prose: str


def propose(
    reply_text: str,
    roots: Sequence[Root],
    marker: int = 7,
    read_only: Collection[str] = (),
    masker: Masker | None = None,
) -> Proposal:
    """Place every edit of a reply on the files as they are now, with masks turned back to secrets.

    `read_only` are aliases of repositories that may be read, but not changed; nor is a submodule
    that a root tells of. Raises EditsRefused, which names each edit that cannot be placed and why;
    then none is.
    """
    reply = parse(reply_text, marker)
    if not reply.operations and reply.announced_blocks is None:
        raise EditsRefused(
            "the reply holds no edits, nor the closing line that would say there are none",
            "ask again, or look at what the model said",
        )
    targets, unplaced = _targets(reply, roots, read_only)
    files = {target: _read(target, roots) for target in targets.values()}
    unplaced += _forbidden(reply, targets, files)
    reply, strange = unmasked(reply, targets, files, masker)
    originals = {target: file.data for target, file in files.items()}
    unplaced += strange + _elided(reply, targets, originals)
    if unplaced:
        raise _refused(unplaced)
    placement: Placement = place(reply.operations, originals, targets)
    if placement.refusals:
        raise _refused(placement.refusals)
    return Proposal(
        placement.changes, _flags(placement.changes), placement.already_applied, reply.prose
    )


def _targets(
    reply: Reply, roots: Sequence[Root], read_only: Collection[str]
) -> tuple[dict[str, Target], list[Refusal]]:
    """Return the file each raw path means, and a refusal for each that means none."""
    by_alias = {root.alias: root for root in roots}

    def known(alias: str, path: str) -> bool:
        return read_target(by_alias[alias].path, path).data is not None

    targets: dict[str, Target] = {}
    refusals = []
    for operation in reply.operations:
        for raw in _paths(operation):
            target = qualify(raw, by_alias, known)
            alias = raw.partition("/")[0]
            if alias in read_only:
                why = f"lies in {alias}, a repository that is only read"
                refusals.append(Refusal(operation.line, raw, why, ""))
            elif not isinstance(target, Target):
                refusals.append(Refusal(operation.line, raw, f"the path {target}", ""))
            elif (submodule := _submodule_of(target, by_alias[target.repository])) is not None:
                why = f"lies in the submodule {one_line(submodule)}, which is only read"
                refusals.append(Refusal(operation.line, raw, why, ""))
            else:
                targets[raw] = target
    return targets, refusals


def _submodule_of(target: Target, root: Root) -> str | None:
    """Return the submodule that a target lies in, or is; some disks know no case."""
    place = f"{target.path}/".casefold()
    return next((path for path in root.submodules if place.startswith(f"{path}/".casefold())), None)


def _paths(operation: Operation) -> tuple[str, ...]:
    if isinstance(operation, Rename):
        return (operation.path, operation.new_path)
    return (operation.path,)


def _read(target: Target, roots: Sequence[Root]) -> TargetFile:
    root = next(root for root in roots if root.alias == target.repository)
    return read_target(root.path, target.path)


def _forbidden(
    reply: Reply, targets: dict[str, Target], files: dict[Target, TargetFile]
) -> list[Refusal]:
    return [
        Refusal(operation.line, raw, files[targets[raw]].problem, "")
        for operation in reply.operations
        for raw in _paths(operation)
        if raw in targets and files[targets[raw]].problem
    ]


def _elided(
    reply: Reply, targets: Mapping[str, Target], originals: Mapping[Target, bytes | None]
) -> list[Refusal]:
    """Refuse to write an outline's mark: the lines it stands for were not shown, and would go."""
    why = "is an outline's mark, and would take the place of lines that were not shown"
    return [
        Refusal(operation.line, operation.path, f"`{mark[0].strip()}` {why}", "")
        for operation in reply.operations
        if operation.path in targets
        for mark in _OUTLINE_MARK.finditer(_new_text(operation))
        if mark[0].encode() not in (originals[targets[operation.path]] or b"")
    ]


def _new_text(operation: Operation) -> str:
    """Return what an operation puts into a file that is there."""
    if isinstance(operation, Replace):
        return operation.replace
    return operation.text if isinstance(operation, Overwrite) else ""


def _refused(refusals: Sequence[Refusal]) -> EditsRefused:
    lines = [
        f"  line {r.line} of the reply, {one_line(r.path)}: {visible(r.reason)}"
        + (f"\n{_indented(r.detail)}" if r.detail else "")
        for r in refusals
    ]
    count = f"{len(refusals)} edit" + ("s" if len(refusals) > 1 else "")
    return EditsRefused(f"{count} cannot be placed; nothing was written\n" + "\n".join(lines))


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in visible(text).splitlines())


def _flags(changes: ChangeSet) -> dict[str, tuple[str, ...]]:
    """Return the warnings a reviewer must see, by the changed file's name."""
    broken = {c.name: broken_by(c.path, c.before, c.after) for c in changes.changes}
    return {
        name: (f"no longer parses: syntax error at line {line} of the new file",)
        for name, line in broken.items()
        if line is not None
    }
