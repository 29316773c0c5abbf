"""Findings that say the same twice, made one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from copilot.assist.reviewing.evidence import plain
from copilot.assist.reviewing.finding import Finding, Origin, Severity

_GRAVEST = list(Severity)


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings by place, without those of the model that repeat another of its own.

    Two are the same if their lines meet and they claim the same, or quote the same under the same
    category. The graver severity stays, and the first suggestion. What a fixed check found stays
    as it is, whatever the model says of it.
    """
    kept: list[Finding] = []
    for finding in findings:
        at = next((n for n, one in enumerate(kept) if _is_same(one, finding)), None)
        if at is None:
            kept.append(finding)
        else:
            kept[at] = _joined(kept[at], finding)
    return tuple(sorted(kept, key=lambda one: (one.path, one.line, one.end_line)))


def _is_same(one: Finding, other: Finding) -> bool:
    if Origin.CHECK in (one.origin, other.origin) or one.path != other.path:
        return False
    if one.line > other.end_line or other.line > one.end_line:
        return False
    if plain(one.claim).casefold() == plain(other.claim).casefold():
        return True
    return one.category == other.category and plain(one.evidence) == plain(other.evidence)


def _joined(one: Finding, other: Finding) -> Finding:
    severity = min(one.severity, other.severity, key=_GRAVEST.index)
    return replace(one, severity=severity, suggestion=one.suggestion or other.suggestion)
