"""A plan as JSON, of either version that `model` describes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copilot.errors import UsageError, WriteFailed
from copilot.journal.model import VERSION, Entry, Folder, Status, Transaction

DAMAGED_HINT = "move that folder elsewhere; the bytes of your files are in it"

_READABLE = (1, VERSION)
_LISTS = ("entries", "made_dirs", "removed_dirs")


def encoded(transaction: Transaction) -> bytes:
    """Return the plan of a transaction: all of it but its status."""
    lists = {name: [vars(item) for item in getattr(transaction, name)] for name in _LISTS}
    plan = vars(transaction) | lists
    del plan["status"]
    return json.dumps(plan, default=str, separators=(",", ":")).encode("ascii")


def decoded(journal: Path, status: Status, data: bytes) -> Transaction:
    """Return the transaction of a plan; raises UsageError, WriteFailed if it is damaged."""
    try:
        plan = json.loads(data)
        version = plan["version"]
        if version not in _READABLE:
            raise UsageError(
                f"the journal {journal} has format {version}", "use the copilot that wrote it"
            )
        read = {
            "entries": tuple(_entry(item, version) for item in plan["entries"]),
            "made_dirs": _folders(plan["made_dirs"]),
            "removed_dirs": _folders(plan["removed_dirs"]),
            "packed": {sha256: (place[0], place[1]) for sha256, place in _packed(plan)},
        }
        return Transaction(**(plan | read | {"status": status}))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise WriteFailed(f"the journal {journal} is damaged", DAMAGED_HINT) from error


def _packed(plan: Mapping[str, Any]) -> Any:
    return plan.get("packed", {}).items()


def _entry(item: dict[str, Any], version: int) -> Entry:
    if version == 1:
        mode = item.pop("mode")
        item["mode_before"] = None if item["before"] is None else mode
        item["mode_after"] = None if item["after"] is None else mode
    return Entry(**_with_root(item))


def _folders(items: list[dict[str, Any]]) -> tuple[Folder, ...]:
    return tuple(Folder(**_with_root(item)) for item in items)


def _with_root(item: dict[str, Any]) -> dict[str, Any]:
    return item | {"root": Path(item["root"])}
