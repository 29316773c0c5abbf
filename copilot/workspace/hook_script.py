"""The few lines of sh that git runs as a hook, and how they are known again."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from copilot.workspace.git_state import DOING

HOOKS = ("pre-commit", "prepare-commit-msg", "pre-push")
# What a hook that was there before is called beside ours.
KEPT = ".before-copilot"
_MARK = re.compile(rb"#!/bin/sh\n# copilot hook 1 ([0-9a-f]{64}): [^\n]*\n")
_WHAT = {
    "pre-commit": "the commit is not reviewed",
    "prepare-commit-msg": "no message is written",
    "pre-push": "what is pushed is not reviewed",
}


@dataclass(frozen=True)
class Program:
    """Where copilot is: the interpreter, and the folder of its package there."""

    python: Path
    package: Path


def hook_script(name: str, program: Program, without: int = 0) -> bytes:
    """Return the hook's text; nothing in it comes from the repository.

    The hook that was there before runs first. A rebase and the like end it before any Python
    starts. `without` is the exit code where copilot is gone.
    """
    body = "\n".join([*_first(name), *_leaving(name), *_running(name, program, without), ""])
    digest = hashlib.sha256(body.encode()).hexdigest()
    head = f"#!/bin/sh\n# copilot hook 1 {digest}: copilot hook uninstall takes it out again\n"
    return (head + body).encode()


def is_ours(data: bytes) -> bool:
    """Tell whether a hook is one of ours, edited or not."""
    return _MARK.match(data) is not None


def is_as_written(data: bytes) -> bool:
    """Tell whether a hook is one of ours, and nobody edited it."""
    mark = _MARK.match(data)
    if mark is None:
        return False
    return hashlib.sha256(data[mark.end() :]).hexdigest() == mark[1].decode()


def _first(name: str) -> list[str]:
    kept = f'kept="${{0%/*}}/{name}{KEPT}"'
    if name != "pre-push":
        return [kept, 'if [ -x "$kept" ]; then "$kept" "$@" || exit; fi']
    # Both read what is pushed; the dot keeps the last line feed.
    return [
        "refs=$(cat; echo .)",
        "refs=${refs%.}",
        kept,
        'if [ -x "$kept" ]; then printf %s "$refs" | "$kept" "$@" || exit; fi',
    ]


def _leaving(name: str) -> list[str]:
    if name == "pre-push":
        return []
    has_source = ['[ -z "$2" ] || exit 0'] if name == "prepare-commit-msg" else []
    return [
        *has_source,
        "git=${GIT_DIR:-.git}",
        '[ -d "$git" ] || git=$(git rev-parse --git-dir) || exit 0',
        f"for doing in {' '.join(DOING)}; do",
        '  [ ! -e "$git/$doing" ] || exit 0',
        "done",
    ]


def _running(name: str, program: Program, without: int) -> list[str]:
    # -P: no module is imported from the folder that git runs the hook in.
    own = '"$python" -P -X utf8 -m copilot'
    start = 'exec {} "$@"' if name != "pre-push" else 'printf %s "$refs" | {} "$@"; exit'
    return [
        f"python={shlex.quote(str(program.python))}",
        f'if [ -x "$python" ] && [ -d {shlex.quote(str(program.package))} ]; then',
        "  " + start.format(f"{own} hook run {name}"),
        "fi",
        "if command -v copilot >/dev/null 2>&1; then",
        "  " + start.format(f"copilot hook run {name}"),
        "fi",
        f"echo 'copilot: gone from where it was, so {_WHAT[name]}; "
        f'install it again, or remove this hook: \'"$0" >&2',
        f"exit {without}",
    ]
