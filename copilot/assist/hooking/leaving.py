"""When a hook leaves at once, told by the environment and by what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copilot.workspace.diffs import Diff

# What each hook is called in SKIP, as the pre-commit framework has it.
_IDS = {
    "pre-commit": "copilot-review",
    "prepare-commit-msg": "copilot-message",
    "pre-push": "copilot-review",
}
_NO = frozenset({"", "0", "false", "no", "off"})


def is_skipped(hook: str, environment: Mapping[str, str]) -> bool:
    """Tell whether the person named copilot, or this hook of it, in SKIP."""
    named = {word.strip() for word in environment.get("SKIP", "").split(",")}
    return not named.isdisjoint({"copilot", _IDS[hook]})


def is_in_ci(environment: Mapping[str, str]) -> bool:
    """Tell whether this is a run of continuous integration, which all its services say by CI."""
    return environment.get("CI", "").lower() not in _NO


def is_relevant(diff: Diff) -> bool:
    """Tell whether lines changed that a reviewer can read, or should have been able to."""
    return any(f.has_lines or (f.is_large and f.status != "deleted") for f in diff.files)
