"""Write docs/commands.md, and the keys in docs/review.md and docs/session.md, from the code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from copilot.cli.commands import COMMANDS
from copilot.errors import ExitCode
from copilot.tui.keys import TABLES, Key, shown_keys
from copilot.tui.session.keys import SECTIONS

_GROUPS = {
    "models": ("list", "add", "pull", "remove", "serve", "warm", "plan", "probe"),
    "repos": ("add", "list", "update", "remove"),
    "hook": ("install", "uninstall", "run"),
    "eval": (*("needle", "ruler", "repoqa", "edits"), *("report", "compare", "rebuild")),
    "runs": ("list", "show", "replay", "stats"),
    "sessions": ("list", "show", "export", "fork", "remove"),
}
_KEYS_START = "<!-- keys: written by docs/generate.py -->"
_KEYS_END = "<!-- end of keys -->"
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
    ExitCode.NOBODY_READS: "whoever read the output stopped reading, as `head` does",
}


def commands_page() -> str:
    """Return the page."""
    names = [part for name in COMMANDS for part in _with_subcommands(name)]
    parts = [f"## copilot\n\n```\n{_help('--plain')}```\n"]
    parts += [f"## copilot {name}\n\n```\n{_help(name)}```\n" for name in names]
    codes = "".join(f"| {code.value} | {meaning} |\n" for code, meaning in _MEANINGS.items())
    return (
        "# Commands\n\nWritten by `docs/generate.py` from the code.\n\n"
        + "\n".join(parts)
        + f"\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n{codes}"
    )


def review_page(page: str) -> str:
    """Return docs/review.md with the table of keys as it is in the code."""
    return _with_keys(page, TABLES)


def session_page(page: str) -> str:
    """Return docs/session.md with the table of keys as it is in the code."""
    return _with_keys(page, dict(SECTIONS))


def _with_keys(page: str, tables: Mapping[str, Sequence[Key]]) -> str:
    start, end = page.index(_KEYS_START) + len(_KEYS_START), page.index(_KEYS_END)
    rows = [
        f"| {title if first else ''} | {_keys(key.keys)} | {key.help} | `{key.name}` |\n"
        for title, keys in tables.items()
        for first, key in ((key is keys[0], key) for key in keys)
    ]
    table = "| | keys | what it does | name |\n| --- | --- | --- | --- |\n" + "".join(rows)
    return f"{page[:start]}\n{table}{page[end:]}"


def _keys(keys: str) -> str:
    return " ".join(f"`{shown}`" for shown in shown_keys(keys, 9).split(" "))


def _with_subcommands(name: str) -> list[str]:
    return [f"{name} {sub}" for sub in _GROUPS.get(name, ())] or [name]


def _help(name: str) -> str:
    command = [sys.executable, "-m", "copilot", *name.split(), "--help"]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip() + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("commands.md").write_text(commands_page(), encoding="utf-8")
    for name, page in (("review.md", review_page), ("session.md", session_page)):
        path = Path(__file__).with_name(name)
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
