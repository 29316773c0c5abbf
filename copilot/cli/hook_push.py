"""`copilot hook run pre-push`: the range of each branch that is pushed, under one deadline."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.assist.hooking.policy import Verdict, not_reviewed
from copilot.cli.hook_review import review
from copilot.cli.hook_run import Hook
from copilot.errors import ExitCode
from copilot.text import one_line
from copilot.workspace.changes_of import Changes, What
from copilot.workspace.pushed import Pushed, base_of_push


def review_pushed(hook: Hook, remote: str, branches: Sequence[Pushed]) -> Verdict:
    """Review what each branch brings that the remote does not have.

    Raises CopilotError, OSError.
    """
    verdicts = [_reviewed(hook, remote, pushed) for pushed in branches]
    held = [verdict for verdict in verdicts if verdict.code]
    lines = [verdict.line for verdict in held or verdicts if verdict.line]
    return Verdict(held[0].code if held else ExitCode.OK, "; ".join(dict.fromkeys(lines)))


def _reviewed(hook: Hook, remote: str, pushed: Pushed) -> Verdict:
    base = base_of_push(hook.root.path, remote, pushed)
    if base is None:
        why = f"not reviewed: the remote has nothing to compare {one_line(pushed.ref)} with"
        return not_reviewed(hook.policy, why, hook.what)
    changes = Changes(What.RANGE, base, pushed.local)
    verdict, _ = review(hook, changes, ("--range", f"{base}..{pushed.local}"))
    return verdict
