"""The exceptions of the project and the exit code each one ends with.

CopilotError
├── UsageError           2   wrong usage or configuration
├── ModelError           3   the model could not be reached, or refused
│   ├── ModelUnreachable
│   ├── ModelRefused
│   │   └── ModelBusy
│   └── ReplyIncomplete
├── BudgetExceeded       4   the prompt does not fit the budget or the window
├── EditsRefused         5   the reply holds edits that cannot be placed
├── PolicyRefused        6   refused by trust or policy
├── ReadIncomplete       7   part of what was asked could not be looked at
└── WriteFailed          5   the disk refused; nothing was left half-written
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; the table is in docs/commands.md."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    MODEL = 3
    BUDGET = 4
    EDITS = 5
    POLICY = 6
    INCOMPLETE = 7
    DEFECT = 70
    INTERRUPTED = 130
    NOBODY_READS = 141


class CopilotError(Exception):
    """Base of every error meant for the user: what happened, and what to do next."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CopilotError):
    """Wrong usage or configuration."""


class ModelError(CopilotError):
    """The model could not be asked; `passing` if the same request may succeed a moment later."""

    exit_code = ExitCode.MODEL
    passing = False


class ModelUnreachable(ModelError):
    """No answer from the server: wrong address, closed port, broken connection."""


class ModelRefused(ModelError):
    """The server answered with an error: wrong key, unknown model, overload."""


class ModelBusy(ModelRefused):
    """Too many requests, or too much load.

    `retry_after` is the wait in seconds that the server asks for, None where it names none;
    `per_day` marks a quota that no wait of minutes mends.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        retry_after: float | None = None,
        *,
        per_day: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after
        self.per_day = per_day


class ReplyIncomplete(ModelError):
    """The reply broke off; what arrived is kept in `partial`."""

    def __init__(self, message: str, hint: str = "", partial: str = "") -> None:
        super().__init__(message, hint)
        self.partial = partial


class BudgetExceeded(CopilotError):
    """The prompt does not fit the budget or the model's window.

    `limit` is the model's real window and `got` the size of the prompt, both in tokens, where the
    provider told them. `partial` is the answer to a part of the prompt, if there is one.
    """

    exit_code = ExitCode.BUDGET

    def __init__(
        self,
        message: str,
        hint: str = "",
        limit: int | None = None,
        got: int | None = None,
        partial: str = "",
    ) -> None:
        super().__init__(message, hint)
        self.limit = limit
        self.got = got
        self.partial = partial


class EditsRefused(CopilotError):
    """The reply holds edits that cannot be placed; nothing was written."""

    exit_code = ExitCode.EDITS


class WriteFailed(CopilotError):
    """The disk refused a write; every file is as it was before."""

    exit_code = ExitCode.EDITS


class PolicyRefused(CopilotError):
    """Refused by trust or policy."""

    exit_code = ExitCode.POLICY


class ReadIncomplete(CopilotError):
    """Part of what was asked could not be looked at."""

    exit_code = ExitCode.INCOMPLETE
