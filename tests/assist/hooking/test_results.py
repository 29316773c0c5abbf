"""A result comes back as it was kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from copilot.assist.hooking.kept import Kept
from copilot.assist.hooking.results import result_of, result_of_checks
from copilot.assist.reviewing.finding import (
    Dropped,
    Finding,
    Origin,
    Outcome,
    ReviewResult,
    Severity,
)
from copilot.assist.reviewing.out_json import document_of
from copilot.workspace.diffs import Diff, DiffHunk

FINDING = Finding("a.py", 1, 2, Severity.ERROR, "secret", "a secret", "x", origin=Origin.CHECK)


def _kept(document: dict[str, Any] | None) -> Kept:
    printed = None if document is None else json.dumps(document)
    return Kept(key="k", asked="", hook="pre-commit", when=0.0, code=1, printed=printed)


@pytest.mark.parametrize("document", [None, {}, {"outcome": "fine"}, {"outcome": 1}])
def test_what_is_no_result_is_none(document: dict[str, Any] | None) -> None:
    assert result_of(_kept(document)) is None


def test_a_result_comes_back() -> None:
    hunk = DiffHunk(1, 2, 3, 4, ())
    figures = ("model", "sha", "key", "one hunk not looked at", 1, 2, 3, 0.5)
    left_out = (("b\udcff.bin", "binary"),)
    made = ReviewResult(
        (FINDING,),
        (Dropped(None, "no such line", "x"),),
        (("a.py", hunk),),
        left_out,
        Outcome.FINDINGS,
        *figures,
    )
    kept = _kept(document_of(made, Diff((), "key", None, "staged")))
    assert result_of(kept) == made


def test_checks_alone_are_incomplete() -> None:
    result = result_of_checks([FINDING], "key")
    assert (result.findings, result.outcome) == ((FINDING,), Outcome.FINDINGS)
    assert not result.is_complete
