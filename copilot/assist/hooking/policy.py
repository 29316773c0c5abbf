"""How long a hook waits, and what it does where no review is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copilot.errors import ExitCode
from copilot.settings.config import Config, HookStops

DEFAULT_SECONDS = 20.0
_GRAVITY = ("note", "warning", "error")
_TAKE = {
    "commit": "copilot review --last --fix-staged",
    "push": "copilot review --last --apply",
}


@dataclass(frozen=True)
class Policy:
    """What the user wants of hooks; `seconds` is all that git may be kept waiting for a commit."""

    seconds: float = DEFAULT_SECONDS
    is_open: bool = True
    background: bool = True
    in_ci: bool = False
    stops_at: HookStops = "error"


@dataclass(frozen=True)
class Verdict:
    """The hook's exit code, and the one line that explains it ("" for none)."""

    code: ExitCode
    line: str = ""


def policy_of(config: Config) -> Policy:
    """Return what the user's configuration says, the rest as it is by default."""
    return Policy(
        config.hook_seconds or DEFAULT_SECONDS,
        config.hook_policy != "closed",
        config.hook_background is not False,
        config.hook_in_ci is True,
        config.hook_stops_at or "error",
    )


def not_reviewed(policy: Policy, why: str, what: str = "commit") -> Verdict:
    """Return what follows where there is no review, or an incomplete one."""
    if policy.is_open:
        return Verdict(ExitCode.OK, f"{why}; the {what} goes on")
    held = f"{why}; the {what} is held back by your hook_policy ({_all_the_same(what)})"
    return Verdict(ExitCode.INCOMPLETE, held)


def late(policy: Policy, what: str = "commit") -> Verdict:
    """Return what follows where the review is not there in time."""
    why = f"no review within {policy.seconds:g} s"
    if not policy.background:
        return not_reviewed(policy, why, what)
    if policy.is_open:
        later = "it is finished in the background: copilot review --last"
        return Verdict(ExitCode.OK, f"{why}; the {what} goes on, {later}")
    held = f"{why}; the {what} is held back; try again when it is finished in the background"
    return Verdict(ExitCode.INCOMPLETE, held)


def found(
    policy: Policy,
    severities: Sequence[str],
    what: str = "commit",
    *,
    suggests: bool = False,
    apart: bool = False,
) -> Verdict:
    """Return what follows from the severities of the findings; `suggests`: some say what to do.

    `apart`: what was reviewed is staged for this one commit alone.
    """
    stopping = _stopping(policy, severities)
    if not stopping:
        count = _counted(len(severities)) if severities else "reviewed, nothing found"
        return Verdict(ExitCode.OK, f"{count}; the {what} goes on")
    how = _TAKE["push"] if apart else _TAKE.get(what, "")
    take = f"; to take what is suggested: {how}" if suggests else ""
    line = f"the {what} is held back by {_counted(stopping)} ({_all_the_same(what)}){take}"
    return Verdict(ExitCode.FINDINGS, line)


def _all_the_same(what: str) -> str:
    return f"all the same: git {what} --no-verify"


def _stopping(policy: Policy, severities: Sequence[str]) -> int:
    """Return how many of the findings are grave enough to hold a commit back."""
    if policy.stops_at == "nothing":
        return 0
    least = _GRAVITY.index(policy.stops_at)
    return sum(_GRAVITY.index(one) >= least for one in severities)


def _counted(number: int) -> str:
    return f"{number} finding{'' if number == 1 else 's'}"
