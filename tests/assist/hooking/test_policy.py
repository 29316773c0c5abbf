"""What holds a commit back, and what is said of it."""

from __future__ import annotations

from typing import get_args

import pytest

from copilot.assist.hooking.policy import Policy, found, late, not_reviewed, policy_of
from copilot.errors import ExitCode
from copilot.settings.config import Config, HookStops

_OPEN, _CLOSED = Policy(), Policy(is_open=False)


def test_the_user_decides() -> None:
    assert policy_of(Config()) == Policy(20.0, True, True, False, "error")
    config = Config(
        hook_seconds=5.0,
        hook_policy="closed",
        hook_background=False,
        hook_in_ci=True,
        hook_stops_at="note",
    )
    assert policy_of(config) == Policy(5.0, False, False, True, "note")


@pytest.mark.parametrize(
    ("stops_at", "stopping"),
    [
        ("error", {"error"}),
        ("warning", {"error", "warning"}),
        ("note", {"error", "warning", "note"}),
        ("nothing", set()),
    ],
)
def test_findings_stop_from_a_severity_on(stops_at: HookStops, stopping: set[str]) -> None:
    assert stops_at in get_args(HookStops)
    policy = Policy(stops_at=stops_at)
    for severity in ("error", "warning", "note"):
        verdict = found(policy, [severity])
        assert (verdict.code == ExitCode.FINDINGS) is (severity in stopping)
        assert ("held back" in verdict.line) is (severity in stopping)


def test_nothing_found_stops_nothing() -> None:
    assert found(Policy(stops_at="note"), []).code == ExitCode.OK


def test_the_line_counts_what_stops() -> None:
    line = found(Policy(), ["error", "note", "error"]).line
    said = "the commit is held back by 2 findings (all the same: git commit --no-verify)"
    assert line == said


@pytest.mark.parametrize(("what", "option"), [("commit", "--fix-staged"), ("push", "--apply")])
def test_the_line_says_how_to_take_what_is_suggested(what: str, option: str) -> None:
    line = found(Policy(), ["error"], what, suggests=True).line
    assert f"git {what} --no-verify" in line
    assert line.endswith(f"copilot review --last {option}")
    assert "--last" not in found(Policy(), ["note"], what, suggests=True).line


@pytest.mark.parametrize("policy", [_OPEN, _CLOSED, Policy(background=False)])
def test_without_a_review_the_policy_decides(policy: Policy) -> None:
    code = ExitCode.OK if policy.is_open else ExitCode.INCOMPLETE
    for verdict in (late(policy), not_reviewed(policy, "not reviewed: no server")):
        assert verdict.code == code
        assert ("goes on" in verdict.line) is policy.is_open
        assert ("held back" in verdict.line) is not policy.is_open
        assert "\n" not in verdict.line


def test_only_what_goes_on_is_announced() -> None:
    assert "copilot review --last" in late(Policy()).line
    assert "background" not in late(Policy(background=False)).line
