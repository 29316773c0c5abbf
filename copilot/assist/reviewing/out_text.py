"""A review's result for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from copilot.assist.reviewing.finding import Finding, Origin, Outcome, ReviewResult, Severity
from copilot.assist.reviewing.suggestions import operation_of
from copilot.text import one_line, visible
from copilot.workspace.diffs import Diff, DiffHunk

_MOST_QUOTED, _MOST_NAMED = 12, 20


def text_of(result: ReviewResult, diff: Diff) -> str:
    """Return the findings with the lines that they quote, what is not known, and the outcome."""
    return f"{details_of(result)}{_outcome(result, diff)}\n"


def details_of(result: ReviewResult) -> str:
    """Return the same without the outcome."""
    return "".join(f"{line}\n" for line in _details(result))


def _details(result: ReviewResult) -> Iterator[str]:
    for finding in result.findings:
        yield from _finding(finding)
        yield ""
    yield from _dropped(result)
    yield from _first([f"not looked at: {one_line(p)}, {_where(h)}" for p, h in result.unread])
    left_out = [f"{one_line(path)}: {one_line(reason)}" for path, reason in result.left_out]
    yield from _first([f"not shown to the model: {one}" for one in left_out])


def _finding(finding: Finding) -> Iterator[str]:
    place = f"{one_line(finding.path)}:{finding.line}"
    by = "" if finding.origin is Origin.MODEL else ", found without a model"
    about = f"{finding.severity.value}, {one_line(finding.category)}{by}"
    yield f"{place}: {one_line(finding.claim)} ({about})"
    yield from _quoted(finding)
    edit = operation_of(finding)
    if edit:
        yield "  suggested:"
        yield from (f"    - {line}" for line in _shown(edit.search))
        yield from (f"    + {line}" for line in _shown(edit.replace))


def _quoted(finding: Finding) -> Iterator[str]:
    """Yield the evidence, with the numbers of its lines where each of them is known."""
    lines = _shown(finding.evidence)
    is_known = len(lines) == finding.end_line - finding.line + 1
    for number, line in enumerate(lines[:_MOST_QUOTED], finding.line):
        yield f"  {number if is_known else '':>5} | {line}"
    if len(lines) > _MOST_QUOTED:
        yield f"        … {len(lines) - _MOST_QUOTED} more lines"


def _shown(text: str) -> list[str]:
    lines = visible(text).replace("\r\n", "\n").removesuffix("\n")
    return lines.split("\n") if text else []


def _dropped(result: ReviewResult) -> Iterator[str]:
    if result.dropped:
        reasons = Counter(one.reason for one in result.dropped)
        counts = ", ".join(f"{one_line(reason)} ({count})" for reason, count in reasons.items())
        yield f"dropped of what the model said: {counts}"


def _first(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_MOST_NAMED]
    if len(lines) > _MOST_NAMED:
        yield f"… and {len(lines) - _MOST_NAMED} more"


def _where(hunk: DiffHunk) -> str:
    if not hunk.new_count:
        return f"{_range(hunk.old_start, hunk.old_count)} before the change"
    return _range(hunk.new_start, hunk.new_count)


def _range(start: int, count: int) -> str:
    return f"line {start}" if count == 1 else f"lines {start} to {start + count - 1}"


def _outcome(result: ReviewResult, diff: Diff) -> str:
    files = f"{_counted(len(diff.files), 'file')}, " if diff.files else ""
    about = f"{files}{one_line(diff.description)}"
    missing = "" if result.is_complete else f"; incomplete: {one_line(result.note) or 'see above'}"
    if result.outcome is Outcome.PASS and not (diff.files or result.model):
        return f"pass: nothing to review in {about}"
    if result.outcome is Outcome.PASS:
        return f"pass: nothing found in {about}"
    if result.outcome is Outcome.INCOMPLETE:
        return f"incomplete: {one_line(result.note) or 'not all was looked at'} ({about})"
    found = Counter(finding.severity for finding in result.findings)
    each = ", ".join(_counted(found[one], one.value) for one in Severity if found[one])
    return f"{_counted(len(result.findings), 'finding')} ({each}) in {about}{missing}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
