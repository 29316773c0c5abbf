"""A pass is given only where everything was looked at and nothing was found."""

from __future__ import annotations

import pytest

from copilot.assist.reviewing.finding import Finding, Outcome, Severity
from copilot.assist.reviewing.verdict import verdict

FOUND = [Finding("a.py", 1, 1, Severity.NOTE, "tests", "x", "y")]


@pytest.mark.parametrize(
    ("findings", "unread", "is_complete", "outcome", "code"),
    [
        ([], [], True, Outcome.PASS, 0),
        ([], ["hunk"], True, Outcome.INCOMPLETE, 7),
        ([], [], False, Outcome.INCOMPLETE, 7),
        (FOUND, [], True, Outcome.FINDINGS, 1),
        (FOUND, ["hunk"], False, Outcome.FINDINGS, 1),
    ],
)
def test_outcomes(
    findings: list[Finding], unread: list[str], is_complete: bool, outcome: Outcome, code: int
) -> None:
    assert verdict(findings, unread, is_complete=is_complete) is outcome
    assert outcome.exit_code == code
