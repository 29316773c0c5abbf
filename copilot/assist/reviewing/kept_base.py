"""The base that was kept for a work tree, as a review takes it: nothing is added to it."""

from __future__ import annotations

from copilot.assist.pack import is_too_small
from copilot.assist.scope import Scope
from copilot.context.frozen import Frozen
from copilot.settings.modes import Mode


def kept_base(work: Scope) -> Frozen | None:
    """Return the base that was kept, with what was appended to it; None if there is none to use."""
    if needs_no_base(work) or work.fresh:
        return None
    for key in (work.key(None), work.key(work.budget or 0)):
        with work.frozen.held(key) as slot:
            loading = slot.begin(work.budget)
            if loading and (frozen := loading.end()):
                return frozen
    return None


def needs_no_base(work: Scope) -> bool:
    """Tell whether prompts of this mode and budget have no base of all files."""
    return work.mode in (Mode.RANK, Mode.SELECT) or is_too_small(work)
