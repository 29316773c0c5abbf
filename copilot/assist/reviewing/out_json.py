"""A review's result as one JSON document; docs/json.md tells its fields."""

from __future__ import annotations

from typing import Any

from copilot.assist.reviewing.finding import Dropped, Finding, ReviewResult
from copilot.workspace.diffs import Diff, DiffFile, DiffHunk


def document_of(result: ReviewResult, diff: Diff) -> dict[str, Any]:
    """Return the document; what a file or a model said stands in it as it is."""
    return {
        "outcome": result.outcome.value,
        "exit_code": int(result.outcome.exit_code),
        "complete": result.is_complete,
        "note": result.note,
        "reviewed": diff.description,
        "revision": diff.revision,
        "key": result.key,
        "findings": [_finding(finding) for finding in result.findings],
        "dropped": [_dropped(dropped) for dropped in result.dropped],
        "unread": [{"path": path, **_hunk(hunk)} for path, hunk in result.unread],
        "left_out": [{"path": path, "reason": reason} for path, reason in result.left_out],
        "files": [_file(file) for file in diff.files],
        "model": result.model,
        "prompt_sha256": result.prompt_sha256,
        "prompt_tokens": result.prompt_tokens,
        "reply_tokens": result.reply_tokens,
        "cached_tokens": result.cached_tokens,
        "seconds": result.seconds,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "path": finding.path,
        "line": finding.line,
        "end_line": finding.end_line,
        "severity": finding.severity.value,
        "category": finding.category,
        "claim": finding.claim,
        "evidence": finding.evidence,
        "suggestion": finding.suggestion,
        "origin": finding.origin.value,
    }


def _dropped(dropped: Dropped) -> dict[str, Any]:
    finding = _finding(dropped.finding) if dropped.finding else None
    return {"reason": dropped.reason, "text": dropped.text, "finding": finding}


def _hunk(hunk: DiffHunk) -> dict[str, int]:
    return {
        "old_start": hunk.old_start,
        "old_count": hunk.old_count,
        "new_start": hunk.new_start,
        "new_count": hunk.new_count,
    }


def _file(file: DiffFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "old_path": file.old_path,
        "status": file.status,
        "binary": file.is_binary,
        "blob": file.blob,
        "hunks": len(file.hunks),
    }
