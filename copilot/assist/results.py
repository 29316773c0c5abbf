"""What became of each file that a reply names, as `--json` tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from copilot.assist.propose import Attempt, Proposal, paths_of
from copilot.edits.changes import ChangeKind, ChangeSet, FileChange
from copilot.edits.operations import Create, Delete, Operation, Rename, Target
from copilot.edits.place import Placed
from copilot.edits.rungs import Rung

Kind = Literal["modify", "create", "delete", "rename"]
Status = Literal["applied", "pending", "refused", "already-applied"]

_KINDS: Mapping[ChangeKind, Kind] = {
    ChangeKind.UPDATE: "modify",
    ChangeKind.CREATE: "create",
    ChangeKind.DELETE: "delete",
    ChangeKind.RENAME: "rename",
}
# From the safest to the loosest.
_LOOSENESS = [Rung.EXACT, Rung.WHOLE, Rung.ANCHOR, Rung.TRAILING, Rung.INDENT]


@dataclass(frozen=True)
class FileResult:
    """One file of a reply.

    `rung` is the loosest rule by which one of its edits was placed, empty where none was; `reason`
    says why it is not applied. `hunks` counts what is or would be changed, of a refused file its
    edits.
    """

    repository: str
    path: str
    kind: Kind
    status: Status
    rung: str = ""
    reason: str = ""
    hunks: int = 0


def documents(results: Iterable[FileResult]) -> list[dict[str, Any]]:
    """Return the results as they stand in a JSON document."""
    return [asdict(result) for result in results]


def results_of(
    proposal: Proposal, taken: ChangeSet, *, written: bool, why: str = ""
) -> tuple[FileResult, ...]:
    """Return what became of a proposal; what was `taken` but not written waits, and `why`."""
    status: Status = "applied" if written else "pending"
    accepted = {_origin(change): change for change in taken.changes}
    found = [
        _result(change, accepted.get(_origin(change)), status, why, proposal)
        for change in proposal.changes.changes
    ]
    found += [
        FileResult(target.repository, target.path, "modify", "already-applied")
        for target in proposal.already
    ]
    return tuple(found)


def refused_results(attempt: Attempt) -> tuple[FileResult, ...]:
    """Return what became of a reply of which at least one edit was refused: nothing is written."""
    reasons: dict[Target, list[str]] = {}
    for refusal in attempt.refusals:
        target = attempt.targets.get(refusal.path) or Target("", refusal.path)
        reasons.setdefault(target, []).append(refusal.reason)
    return tuple(_of_refused(attempt, reasons))


def _of_refused(attempt: Attempt, reasons: Mapping[Target, Sequence[str]]) -> Iterator[FileResult]:
    files: dict[Target, list[Operation]] = {}
    for operation in attempt.reply.operations:
        raw = paths_of(operation)[0]
        files.setdefault(attempt.targets.get(raw) or Target("", raw), []).append(operation)
    for target, operations in files.items():
        renamed = [attempt.targets.get(raw) for o in operations for raw in paths_of(o)[1:]]
        why = [reason for one in (target, *renamed) if one for reason in reasons.get(one, ())]
        rung = _loosest(attempt.placement.placed, {target})
        yield FileResult(
            target.repository,
            target.path,
            _kind(operations),
            "refused" if why else "pending",
            "" if why else rung,
            "; ".join(why) or "another edit of the reply was refused",
            len(operations),
        )


def _result(
    change: FileChange, taken: FileChange | None, status: Status, why: str, proposal: Proposal
) -> FileResult:
    origin = _origin(change)
    return FileResult(
        change.repository,
        change.path,
        _KINDS[change.kind],
        status if taken else "pending",
        _loosest(proposal.placed, {origin, Target(change.repository, change.path)}),
        why if taken else "not accepted",
        len((taken or change).hunks),
    )


def _origin(change: FileChange) -> Target:
    return Target(change.repository, change.old_path or change.path)


def _loosest(placed: Iterable[Placed], targets: set[Target]) -> str:
    rungs = {one.rung for one in placed if one.target in targets}
    return max(rungs, key=_LOOSENESS.index).value if rungs else ""


def _kind(operations: Sequence[Operation]) -> Kind:
    by_type: Mapping[type, Kind] = {Create: "create", Delete: "delete", Rename: "rename"}
    kinds = [by_type.get(type(operation), "modify") for operation in operations]
    return next((kind for kind in kinds if kind != "modify"), "modify")
