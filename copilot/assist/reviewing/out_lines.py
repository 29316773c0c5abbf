"""A review's result for editors: `path:line: severity: text`, a line for each finding.

Vim reads it with `errorformat=%f:%l:\\ %t%*[^:]:\\ %m`, Emacs in its compilation mode.
"""

from __future__ import annotations

from collections.abc import Iterator

from copilot.assist.reviewing.finding import ReviewResult, Severity
from copilot.text import one_line


def lines_of(result: ReviewResult) -> str:
    """Return the findings, then what was not looked at, so that nothing unread seems sound."""
    return "".join(f"{line}\n" for line in _lines(result))


def _lines(result: ReviewResult) -> Iterator[str]:
    for finding in result.findings:
        text = f"{finding.claim} [{finding.category}]"
        yield _line(finding.path, finding.line, finding.severity, text)
    for path, hunk in result.unread:
        yield _line(path, hunk.new_start, Severity.NOTE, "not looked at [review]")
    for path, reason in result.left_out:
        yield _line(path, 1, Severity.NOTE, f"not shown to the model: {reason} [review]")


def _line(path: str, line: int, severity: Severity, text: str) -> str:
    return f"{one_line(path)}:{max(line, 1)}: {severity.value}: {one_line(text)}"
