"""Write docs/commands.md from the code: every command's help, and the exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from copilot.cli.commands import COMMANDS
from copilot.errors import ExitCode

_GROUPS = {
    "models": ("list", "add", "pull", "remove", "serve", "warm", "plan"),
    "repos": ("add", "list", "update", "remove"),
    "eval": ("needle",),
    "runs": ("list", "show", "replay", "stats"),
}
_MEANINGS = {
    ExitCode.OK: "done, or nothing to report",
    ExitCode.FINDINGS: "findings, or changes that were left unapplied",
    ExitCode.USAGE: "wrong usage or configuration",
    ExitCode.MODEL: "the model could not be reached, or refused",
    ExitCode.BUDGET: "the prompt does not fit the budget or the model's window",
    ExitCode.EDITS: "the reply holds edits that cannot be placed, or the disk refused: "
    "nothing was written",
    ExitCode.POLICY: "refused by trust or policy",
    ExitCode.INCOMPLETE: "part of what was asked could not be looked at",
    ExitCode.DEFECT: "a defect of copilot; the message names a report file",
    ExitCode.INTERRUPTED: "interrupted",
}


def commands_page() -> str:
    """Return the page."""
    names = [part for name in COMMANDS for part in _with_subcommands(name)]
    parts = [f"## copilot {name}\n\n```\n{_help(name)}```\n" for name in names]
    codes = "".join(f"| {code.value} | {meaning} |\n" for code, meaning in _MEANINGS.items())
    return (
        "# Commands\n\nWritten by `docs/generate.py` from the code.\n\n"
        + "\n".join(parts)
        + f"\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n{codes}"
    )


def _with_subcommands(name: str) -> list[str]:
    return [f"{name} {sub}" for sub in _GROUPS.get(name, ())] or [name]


def _help(name: str) -> str:
    command = [sys.executable, "-m", "copilot", *name.split(), "--help"]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip() + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("commands.md").write_text(commands_page(), encoding="utf-8")
