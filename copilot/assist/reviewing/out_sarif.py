"""A review's result as SARIF 2.1.0 (OASIS, sarif-v2.1.0-os), for code scanning and editors."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

from copilot import __version__
from copilot.assist.reviewing.finding import Finding, Origin, ReviewResult
from copilot.assist.reviewing.suggestions import operation_of
from copilot.text import visible
from copilot.workspace.diffs import Diff, DiffLine
from copilot.workspace.masks.placeholders import PLACEHOLDER

Json: TypeAlias = dict[str, Any]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "SRCROOT"
_FINGERPRINT = "copilotReview/v1"
_NOT_IN_A_RULE = re.compile(r"[^a-z0-9]+")
_CHECKS = {
    "secret": "Something that looks like a secret is added.",
    "conflict": "Marks of a merge conflict are left in.",
    "protected": "A file changes that runs by itself or tells tools what to do.",
}


def sarif_of(result: ReviewResult, diff: Diff) -> Json:
    """Return the log: one run, in which what could not be looked at is told as a notification."""
    rules = list(dict.fromkeys(_rule_id(finding) for finding in result.findings))
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(rules)},
                "invocations": [_invocation(result)],
                "originalUriBaseIds": {
                    _BASE: {"description": {"text": "The root of the repository."}}
                },
                "columnKind": "unicodeCodePoints",
                "results": list(_results(result.findings, rules, diff)),
                "properties": {
                    "outcome": result.outcome.value,
                    "reviewed": diff.description,
                    "model": visible(result.model),
                    "dropped": len(result.dropped),
                },
            }
        ],
    }


def _driver(rules: Sequence[str]) -> Json:
    return {
        "name": "repo-copilot",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": _described(rule)}} for rule in rules],
    }


def _rule_id(finding: Finding) -> str:
    category = _NOT_IN_A_RULE.sub("-", finding.category.casefold()).strip("-") or "other"
    return f"{'review' if finding.origin is Origin.MODEL else 'check'}/{category}"


def _described(rule: str) -> str:
    origin, _, category = rule.partition("/")
    if origin == "check" and category in _CHECKS:
        return _CHECKS[category]
    return f"A model's finding about {category.replace('-', ' ')}, its quote checked."


def _invocation(result: ReviewResult) -> Json:
    invocation: Json = {
        "executionSuccessful": result.is_complete,
        "exitCode": int(result.outcome.exit_code),
    }
    if notifications := list(_notifications(result)):
        invocation["toolExecutionNotifications"] = notifications
    return invocation


def _notifications(result: ReviewResult) -> Iterator[Json]:
    if result.note:
        yield {"level": "warning", "message": _message(result.note)}
    for path, hunk in result.unread:
        span = (max(hunk.new_start, 1), max(hunk.new_start + hunk.new_count - 1, 1))
        yield _notification("not looked at", path, {"startLine": span[0], "endLine": max(span)})
    for path, reason in result.left_out:
        yield _notification(f"not shown to the model: {reason}", path, None)


def _notification(text: str, path: str, region: Json | None) -> Json:
    locations = [{"physicalLocation": _place(path, region)}]
    return {"level": "warning", "message": _message(text), "locations": locations}


def _results(findings: Sequence[Finding], rules: Sequence[str], diff: Diff) -> Iterator[Json]:
    seen: Counter[str] = Counter()
    for finding in findings:
        rule = _rule_id(finding)
        name = _fingerprint(finding, rule)
        seen[name] += 1
        region: Json = {"startLine": finding.line, "endLine": finding.end_line}
        count = finding.end_line - finding.line + 1
        if finding.evidence and len(finding.evidence.split("\n")) == count:
            region["snippet"] = {"text": visible(finding.evidence)}
        told: Json = {
            "ruleId": rule,
            "ruleIndex": rules.index(rule),
            "level": finding.severity.value,
            "message": _message(finding.claim),
            "locations": [{"physicalLocation": _place(finding.path, region)}],
            "partialFingerprints": {_FINGERPRINT: f"{name}:{seen[name]}"},
        }
        if fix := _fix(finding, diff):
            told["fixes"] = [fix]
        yield told


def _message(text: str) -> Json:
    """Return a message; what would be read as a link to somewhere stands as text (3.11.6)."""
    shown = visible(text)
    return {"text": shown.replace("[", "\\[").replace("]", "\\]") if "](" in shown else shown}


def _place(path: str, region: Json | None) -> Json:
    place: Json = {"artifactLocation": _artifact(path)}
    return place | {"region": region} if region else place


def _artifact(path: str) -> Json:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _BASE}


def _fingerprint(finding: Finding, rule: str) -> str:
    """Return what stays the same where lines move, or the model words its claim anew."""
    parts = (finding.path, rule, " ".join((finding.evidence or finding.claim).split()))
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:32]


def _fix(finding: Finding, diff: Diff) -> Json | None:
    """Return the suggested change, where the diff tells the one place that it belongs to."""
    edit = operation_of(finding)
    if edit is None or PLACEHOLDER.search(edit.search + edit.replace):
        return None
    if visible(edit.replace) != edit.replace:
        # With escapes it would be another text, and without them one that hides something.
        return None
    spans = list(_places(edit.search.removesuffix("\n").split("\n"), finding.path, diff))
    if len(spans) != 1:
        return None
    first, last = spans[0]
    region = {"startLine": first.new, "startColumn": 1}
    text = edit.replace
    if last.ended:
        region |= {"endLine": (last.new or 0) + 1, "endColumn": 1}
    else:
        region |= {"endLine": last.new, "endColumn": len(last.text) + 1}
        text = text.removesuffix("\n")
    replacement = {"deletedRegion": region, "insertedContent": {"text": text}}
    change = {"artifactLocation": _artifact(finding.path), "replacements": [replacement]}
    return {"description": {"text": "The suggested change."}, "artifactChanges": [change]}


def _places(wanted: Sequence[str], path: str, diff: Diff) -> Iterator[tuple[DiffLine, DiffLine]]:
    """Yield the first and last line of each place in a file's hunks that holds these lines."""
    for file in diff.files:
        for hunk in file.hunks if file.path == path else ():
            lines = [line for line in hunk.lines if line.sign != "-"]
            texts = [line.text for line in lines]
            for at in range(len(lines) - len(wanted) + 1):
                if texts[at : at + len(wanted)] == list(wanted):
                    yield lines[at], lines[at + len(wanted) - 1]
