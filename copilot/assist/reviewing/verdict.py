"""The verdict of a review: from what was found and what was looked at, and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.assist.reviewing.finding import Finding, Outcome


def verdict(findings: Sequence[Finding], unread: Sequence[object], *, is_complete: bool) -> Outcome:
    """Return the outcome: findings before all else, and a pass only if everything was looked at.

    `unread` are hunks not looked at, and files that could not be shown.
    """
    if findings:
        return Outcome.FINDINGS
    return Outcome.PASS if is_complete and not unread else Outcome.INCOMPLETE
