"""A review's result as it was kept, and that of our own checks alone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from copilot.assist.hooking.kept import Kept
from copilot.assist.reviewing.finding import (
    Dropped,
    Finding,
    Origin,
    Outcome,
    ReviewResult,
    Severity,
)
from copilot.workspace.diffs import DiffHunk

_ONLY_CHECKS = "no model looked at it"


class _Finding(msgspec.Struct, frozen=True):
    path: str
    line: int
    end_line: int
    severity: Severity
    category: str
    claim: str
    evidence: str = ""
    suggestion: str = ""
    origin: Origin = Origin.MODEL


class _Hunk(msgspec.Struct, frozen=True):
    path: str
    old_start: int = 0
    old_count: int = 0
    new_start: int = 0
    new_count: int = 0


class _LeftOut(msgspec.Struct, frozen=True):
    path: str
    reason: str = ""


class _Dropped(msgspec.Struct, frozen=True):
    reason: str = ""
    text: str = ""


class _File(msgspec.Struct, frozen=True):
    path: str
    blob: str | None = None


class _Result(msgspec.Struct, frozen=True):
    """What is read of the document that `copilot review --json` prints."""

    outcome: Outcome
    findings: tuple[_Finding, ...] = ()
    dropped: tuple[_Dropped, ...] = ()
    unread: tuple[_Hunk, ...] = ()
    left_out: tuple[_LeftOut, ...] = ()
    files: tuple[_File, ...] = ()
    model: str = ""
    prompt_sha256: str = ""
    key: str = ""
    note: str = ""
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0


def result_of(kept: Kept) -> ReviewResult | None:
    """Return the result that was kept, None if there is none.

    Of hunks that were not looked at, the places alone are kept; of what was dropped, its text.
    """
    try:
        told = msgspec.convert(kept.document, _Result)
    except msgspec.ValidationError:
        return None
    findings = (Finding(**msgspec.structs.asdict(one)) for one in told.findings)
    unread = (
        (one.path, DiffHunk(one.old_start, one.old_count, one.new_start, one.new_count, ()))
        for one in told.unread
    )
    return ReviewResult(
        tuple(findings),
        tuple(Dropped(None, one.reason, one.text) for one in told.dropped),
        tuple(unread),
        tuple((one.path, one.reason) for one in told.left_out),
        told.outcome,
        told.model,
        told.prompt_sha256,
        told.key,
        told.note,
        told.prompt_tokens,
        told.reply_tokens,
        told.cached_tokens,
        told.seconds,
    )


def blobs_of(kept: Kept) -> dict[str, str]:
    """Return the ids of what was reviewed, by path, as far as it was kept."""
    try:
        told = msgspec.convert(kept.document, _Result)
    except msgspec.ValidationError:
        return {}
    return {file.path: file.blob for file in told.files if file.blob}


def result_of_checks(findings: Sequence[Finding], key: str) -> ReviewResult:
    """Return the result where no model was asked."""
    outcome = Outcome.FINDINGS if findings else Outcome.INCOMPLETE
    return ReviewResult(tuple(findings), (), (), (), outcome, "", "", key, note=_ONLY_CHECKS)
