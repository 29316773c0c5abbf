"""A defect of ours: one line for the person, and a report ready to paste."""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from copilot import __version__
from copilot.settings.paths import state_paths
from copilot.text import visible


def report_defect(error: Exception, arguments: Sequence[str]) -> None:
    """Write the report and name it on stderr; it holds no file contents and no environment."""
    folder = state_paths().reports
    file = folder / f"{time.strftime('%Y%m%dT%H%M%S')}.md"
    said = visible(f"{type(error).__name__}: {error}".splitlines()[0])
    print(f"copilot: a defect of ours: {said}", file=sys.stderr)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(_report(error, arguments), encoding="utf-8", errors="backslashreplace")
    except OSError:
        traceback.print_exception(error)
        return
    print(f"hint: please report it with {file}", file=sys.stderr)


def _report(error: Exception, arguments: Sequence[str]) -> str:
    # Not platform.platform(): that starts a program, uname.
    system = os.uname()
    machine = f"{system.sysname} {system.release} {system.machine}"
    trace = "".join(traceback.format_exception(error)).replace(str(Path.home()), "~")
    return (
        f"### copilot {__version__}, Python {platform.python_version()}, {machine}\n\n"
        f"command: `{arguments[0] if arguments else ''}`\n\n```\n{trace}```\n"
    )
