"""What a review says: findings, what was dropped, and what was not looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from copilot.errors import ExitCode
from copilot.workspace.diffs import DiffHunk


class Severity(Enum):
    """How grave a finding is; nothing else is taken from a reply."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Origin(Enum):
    """Who found it: the model, or a fixed check of ours."""

    MODEL = "model"
    CHECK = "check"


class Outcome(Enum):
    """How a review ends."""

    PASS = "pass"  # noqa: S105  (no password)
    FINDINGS = "findings"
    INCOMPLETE = "incomplete"

    @property
    def exit_code(self) -> ExitCode:
        codes = {Outcome.PASS: ExitCode.OK, Outcome.FINDINGS: ExitCode.FINDINGS}
        return codes.get(self, ExitCode.INCOMPLETE)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong in the change, or because of it.

    `line` and `end_line` are 1-based, both inclusive, in the text after the change; in a deleted
    file they count in the text before it. `evidence` are lines as they stand in what the model was
    shown. `suggestion` is an edit block in the form that `edits` reads, "" where there is none.
    """

    path: str
    line: int
    end_line: int
    severity: Severity
    category: str
    claim: str
    evidence: str
    suggestion: str = ""
    origin: Origin = Origin.MODEL


@dataclass(frozen=True)
class Dropped:
    """Something a reply said that does not stand.

    `reason` is one of a few fixed phrases, so that drops can be counted by it; `text` is the part
    of the reply. `finding` is None where not even the form could be read.
    """

    finding: Finding | None
    reason: str
    text: str


@dataclass(frozen=True)
class ReviewResult:
    """All that one review found, and what it could not look at.

    `unread` are hunks not looked at, each with its file's path; `left_out` are changed files that
    the model could not be shown, each with the reason. `key` is the diff's, `note` says why the
    review is incomplete, "" where it is not. Counts are in tokens; `seconds` is the wait.
    """

    findings: tuple[Finding, ...]
    dropped: tuple[Dropped, ...]
    unread: tuple[tuple[str, DiffHunk], ...]
    left_out: tuple[tuple[str, str], ...]
    outcome: Outcome
    model: str
    prompt_sha256: str
    key: str
    note: str = ""
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Tell whether everything that changed was looked at; a review may find things and be
        incomplete besides."""
        return not self.note and not self.unread and not self.left_out
