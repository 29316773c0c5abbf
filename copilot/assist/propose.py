"""From a reply to a change set that a person can review; nothing is written here."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from copilot.assist.never_read import NeverRead
from copilot.assist.standing import Standing
from copilot.assist.unmask import masks_of, unmasked
from copilot.assist.warn import Known, flags_of
from copilot.assist.witness import Witness
from copilot.edits.chained import chained
from copilot.edits.changes import ChangeSet
from copilot.edits.contents import unread_mark
from copilot.edits.flags import Flag
from copilot.edits.operations import Operation, Rename, Reply, Target
from copilot.edits.parse import parse
from copilot.edits.paths import qualify
from copilot.edits.place import Placed, Placement, Refusal, place
from copilot.errors import EditsRefused
from copilot.text import one_line, visible
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker
from copilot.workspace.model import Root
from copilot.workspace.targets import TargetFile

# The lines of a second reply are counted from here on, so that no two edits begin at the same.
LATER = 1_000_000_000


@dataclass(frozen=True)
class Ground:
    """What edits are placed on: the roots, and what is known of them.

    `read_only` are aliases of repositories that may be read, but not changed; nor is a submodule
    that a root tells of. `masker` turns masks back to secrets. `witness` tells what the model saw,
    None where nobody knows. Edits are placed on the files as `standing` would leave them, and what
    is proposed then is both together.
    """

    roots: tuple[Root, ...]
    read_only: frozenset[str] = frozenset()
    masker: Masker | None = None
    witness: Witness | NeverRead | None = None
    standing: ChangeSet = field(default_factory=ChangeSet)

    @cached_property
    def files(self) -> Standing:
        """The files as they would be."""
        return Standing(self.roots, self.standing)


@dataclass(frozen=True)
class Proposal:
    """The changes a reply asks for, warnings by file name, and what is there already.

    `already_applied` names the edits whose result is there, `already` the files of which that is
    true of each edit; `placed` says by which rule each edit found its place.
    """

    changes: ChangeSet
    flags: Mapping[str, tuple[Flag, ...]]
    already_applied: tuple[str, ...]
    prose: str
    placed: tuple[Placed, ...] = ()
    already: tuple[Target, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """What became of a reply's edits: a proposal, or the reasons why there is none.

    `targets` maps the raw paths of the reply to files, as far as they mean one; `known` is what
    there is to know of these.
    """

    reply: Reply
    targets: Mapping[str, Target]
    placement: Placement
    known: Known
    refusals: tuple[Refusal, ...] = ()
    flags: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)

    def proposal(self) -> Proposal:
        """Return the proposal; raises EditsRefused, which names each edit that has no place."""
        if self.refusals:
            raise refused(self.refusals)
        placed = self.placement
        return Proposal(
            placed.changes,
            self.flags,
            placed.already_applied,
            self.reply.prose,
            placed.placed,
            placed.already,
        )


def propose(
    text: str, ground: Ground, marker: int = 7, *, closing_required: bool = True
) -> Proposal:
    """Place every edit of a reply on the files as they are, with masks turned back to secrets.

    Raises EditsRefused, which names each edit that cannot be placed and why; then none is.
    """
    return attempt(read_reply(text, marker, closing_required=closing_required), ground).proposal()


def read_reply(text: str, marker: int = 7, *, closing_required: bool = True) -> Reply:
    """Take a reply apart. Raises EditsRefused where it is broken, cut off, or holds no edits."""
    reply = parse(text, marker, closing_required=closing_required)
    if not reply.operations and reply.announced_blocks is None:
        if mark := unread_mark(text, reply.prose):
            raise EditsRefused(
                f"the reply holds no edits: the fence or marker at its line {mark} names no file",
                "put the file's path on the line above the fence",
            )
        raise EditsRefused(
            "the reply holds no edits, nor the closing line that would say there are none",
            "ask again, or look at what the model said",
        )
    return reply


def attempt(reply: Reply, ground: Ground) -> Attempt:
    """Place every edit of a reply, or say of each that cannot be placed why."""
    targets, lost = _targets(reply, ground)
    standing = ground.files
    files = {target: standing.read(target) for target in targets.values()}
    on_disk = _on_disk(files, standing)
    lost += _forbidden(reply, targets, files)
    bare, strange = unmasked(reply, targets, files, ground.masker, on_disk)
    lost += strange
    # What stands was told to the model: only what others changed is news to it.
    stale = ground.witness.stale(on_disk) if ground.witness else frozenset()
    sound = _without(bare.operations, lost)
    originals = {target: file.data for target, file in files.items()}
    placement = place(
        sound,
        originals,
        targets,
        stale=stale,
        executable=[target for target, file in files.items() if file.executable],
        encodings=_encodings(files),
    )
    known = _known(ground, files, on_disk, stale)
    refusals = tuple(sorted((*lost, *placement.refusals), key=lambda refusal: refusal.line))
    if refusals:
        return Attempt(bare, targets, replace(placement, changes=ChangeSet()), known, refusals)
    placement = replace(placement, changes=chained(ground.standing, placement.changes))
    flags = flags_of(placement.changes, _as_on_disk(placement.placed, standing), known)
    return Attempt(bare, targets, placement, known, flags=flags)


def _on_disk(files: Mapping[Target, TargetFile], standing: Standing) -> dict[Target, TargetFile]:
    """Return, for each of the files, the one on disk that it comes from."""
    if not standing.changes:
        return dict(files)
    origins = {target: standing.origin(target) for target in files}
    return {
        target: standing.read_disk(origin) if origin else TargetFile(None)
        for target, origin in origins.items()
    }


def _as_on_disk(placed: Sequence[Placed], standing: Standing) -> list[Placed]:
    """Return the places of edits by the lines of the files on disk."""
    return [replace(p, start=standing.original_line(p.target, p.start)) for p in placed]


def refused(refusals: Sequence[Refusal]) -> EditsRefused:
    """Return the error that names each edit without a place."""
    count = f"{len(refusals)} edit" + ("s" if len(refusals) > 1 else "")
    lines = "\n".join(f"  {line}" for line in said(refusals).splitlines())
    return EditsRefused(f"{count} cannot be placed; nothing was written\n{lines}")


def said(refusals: Sequence[Refusal]) -> str:
    """Return what is wrong with each edit, with the lines of the file that help to see why."""
    lines = [
        f"line {r.line % LATER} of the reply, {one_line(r.path)}: {visible(r.reason)}"
        + (f"\n{_indented(r.detail)}" if r.detail else "")
        for r in refusals
    ]
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in visible(text).splitlines())


def _without(operations: Sequence[Operation], lost: Sequence[Refusal]) -> tuple[Operation, ...]:
    bad = {(refusal.line, refusal.path) for refusal in lost}
    return tuple(o for o in operations if not any((o.line, p) in bad for p in paths_of(o)))


def _known(
    ground: Ground,
    files: Mapping[Target, TargetFile],
    on_disk: Mapping[Target, TargetFile],
    stale: frozenset[Target],
) -> Known:
    there = {ground.files.origin(target) for target, file in files.items() if file.data is not None}
    seen = [target for target in there if target is not None]
    unseen = ground.witness.unseen(seen) if ground.witness else {}
    names = frozenset(target.name for target in stale)
    masks = masks_of(files, ground.masker)
    if ground.standing:
        earlier = masks_of(on_disk, ground.masker)
        masks |= {name: (*masks.get(name, ()), *more) for name, more in earlier.items()}
    return Known(unseen, names, masks)


def _targets(reply: Reply, ground: Ground) -> tuple[dict[str, Target], list[Refusal]]:
    """Return the file each raw path means, and a refusal for each that means none."""
    by_alias = {root.alias: root for root in ground.roots}

    def known(alias: str, path: str) -> bool:
        there = ground.files.is_there(Target(alias, path))
        return os.path.lexists(by_alias[alias].path / path) if there is None else there

    found: dict[str, Target | str] = {}
    for raw in {path for operation in reply.operations for path in paths_of(operation)}:
        found[raw] = _target(raw, by_alias, ground.read_only, known, reply)
    refusals = [
        Refusal(operation.line, raw, why)
        for operation, raw in _raw_paths(reply)
        if isinstance(why := found[raw], str)
    ]
    return {raw: one for raw, one in found.items() if isinstance(one, Target)}, refusals


def _target(
    raw: str,
    roots: Mapping[str, Root],
    read_only: Collection[str],
    known: Callable[[str, str], bool],
    reply: Reply,
) -> Target | str:
    """Return the file that a raw path means, or why it means none that may be edited."""
    alias = raw.partition("/")[0]
    if alias in read_only:
        return f"lies in {alias}, a repository that is only read"
    # Only a reply in our own format was asked for paths that begin with the alias.
    is_ours = reply.announced_blocks is not None
    target = qualify(raw, roots, known, with_alias=is_ours)
    if isinstance(target, str):
        return f"the path {target}"
    submodule = _submodule_of(target, roots[target.repository])
    if submodule is None:
        return target
    return f"lies in the submodule {one_line(submodule)}, which is only read"


def _submodule_of(target: Target, root: Root) -> str | None:
    """Return the submodule that a target lies in, or is; some disks know no case."""
    place = f"{target.path}/".casefold()
    return next((path for path in root.submodules if place.startswith(f"{path}/".casefold())), None)


def paths_of(operation: Operation) -> tuple[str, ...]:
    """Return the raw paths that an operation names."""
    if isinstance(operation, Rename):
        return (operation.path, operation.new_path)
    return (operation.path,)


def _raw_paths(reply: Reply) -> Iterator[tuple[Operation, str]]:
    return ((operation, raw) for operation in reply.operations for raw in paths_of(operation))


def _encodings(files: Mapping[Target, TargetFile]) -> dict[Target, str]:
    """Return the codec of each text that is not UTF-8."""
    texts = {target: read_text(file.data) for target, file in files.items() if file.data}
    return {
        target: text.encoding for target, text in texts.items() if text and text.encoding != "utf-8"
    }


def _forbidden(
    reply: Reply, targets: Mapping[str, Target], files: Mapping[Target, TargetFile]
) -> list[Refusal]:
    return [
        Refusal(operation.line, raw, files[targets[raw]].problem)
        for operation, raw in _raw_paths(reply)
        if raw in targets and files[targets[raw]].problem
    ]
