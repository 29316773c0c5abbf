"""The main job on a bundled repository with a bug that one of its own tests shows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from copilot.errors import UsageError
from copilot.settings.bundled import bundled
from copilot.workspace.commit import create_repository

ALIAS = "demo"
TASK = (
    "page_count forgets the last page when it is only partly filled: "
    "11 items with 5 per page must give 3 pages. Fix page_count."
)
_TEST_SECONDS = 60


@dataclass(frozen=True)
class TestRun:
    """The demo's own tests: whether they passed, and what they printed."""

    passed: bool
    output: str


def make_demo(folder: Path) -> None:
    """Copy the bundled repository to a new folder and commit it there. Raises UsageError."""
    try:
        shutil.copytree(bundled("fixtures/demo"), folder, ignore=_not_source)
    except FileExistsError as error:
        raise UsageError(f"{folder} is there already", "name another with --folder") from error
    except OSError as error:
        raise UsageError(f"cannot copy the demo to {folder}: {error}", "try --folder") from error
    create_repository(folder, "A tiny shop")


def free_folder(parent: Path) -> Path:
    """Return a folder of `parent` that is not there yet: copilot-demo, copilot-demo-2 and so on."""
    number = 1
    while (folder := parent / ("copilot-demo" + (f"-{number}" if number > 1 else ""))).exists():
        number += 1
    return folder


def run_tests(folder: Path) -> TestRun:
    """Run the demo's unit tests in a process of their own; they leave no files behind."""
    command = [sys.executable, "-B", "-m", "unittest", "--quiet"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_TEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return TestRun(False, f"no end after {_TEST_SECONDS} s")
    return TestRun(done.returncode == 0, done.stdout + done.stderr)


def _not_source(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__"}
