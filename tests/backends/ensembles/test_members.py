"""The usage of several calls together."""

from __future__ import annotations

from copilot.backends.ensembles.members import EnsembleUsage, MemberUsage, least_read, summed
from copilot.backends.protocol import Usage


def test_what_is_summed_and_what_is_not_known() -> None:
    calls = (
        MemberUsage("a", Usage(100, 5, 40, 10)),
        MemberUsage("b", None),
        MemberUsage("c", Usage(120, 7, 0)),
    )
    assert summed(calls) == EnsembleUsage(220, 12, 40, None, calls)
    assert summed([MemberUsage("b", None)]) is None
    assert summed([]) is None


def test_the_least_that_a_server_read() -> None:
    calls = [MemberUsage("a", Usage(100, 5)), MemberUsage("b", None)]
    assert least_read(summed([*calls, MemberUsage("c", Usage(9, 1))])) == 9
    assert least_read(Usage(3, 1)) == 3
    assert least_read(None) is None
