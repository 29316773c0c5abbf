"""The tasks of `benchmarks/edits.py`: small packages, what to change in them, and hidden tests.

Each file `edit_tasks/NAME.toml` is a package: its `language`, its `files` (path to text) or the
folder of `fixtures/` that they are `from`, and its `tasks`. A task has a `name`, a `kind`, an
`instruction`, a `test` and a `reference`: a reply with edit blocks that solve it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from shutil import copytree, ignore_patterns, which
from typing import Any

from copilot.assist.propose import paths_of
from copilot.edits.operations import Target
from copilot.edits.parse import parse
from copilot.edits.place import place

FOLDER = Path(__file__).parent / "edit_tasks"
_FIXTURES = Path(__file__).parent.parent / "fixtures"
_ALIAS = "app"
_TEST_SECONDS = 30
# Printed by the last line of each test: a program that ends early has not passed.
_DONE = "every statement was run"
_RAISES = """\
def raises(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError("nothing was raised")
"""


@dataclass(frozen=True)
class Language:
    """How a test is run: its file, the program, and what stands before and after its text."""

    file: str
    program: str
    before: str
    after: str


LANGUAGES = {
    "python": Language("hidden_test.py", sys.executable, _RAISES, f"print({_DONE!r})\n"),
    "javascript": Language(
        "hidden_test.mjs",
        "node",
        'import assert from "node:assert/strict";\n',
        f'console.log("{_DONE}");\n',
    ),
    "shell": Language("hidden_test.sh", "bash", "set -eu\n", f'echo "{_DONE}"\n'),
}


@dataclass(frozen=True)
class Task:
    """A change to make: `files` before it (path to text), and how to see that it was made."""

    package: str
    name: str
    kind: str
    language: str
    files: Mapping[str, str]
    instruction: str
    test: str
    reference: str

    @property
    def full_name(self) -> str:
        return f"{self.package}/{self.name}"


def all_tasks(folder: Path = FOLDER) -> list[Task]:
    """Return the tasks, the first ones of all packages before the second ones."""
    packages = [list(_package(file)) for file in sorted(folder.glob("*.toml"))]
    return [task for round_ in zip_longest(*packages) for task in round_ if task]


def can_run(task: Task) -> bool:
    """Tell whether the program that runs the task's test is on this machine."""
    return which(LANGUAGES[task.language].program) is not None


def _package(file: Path) -> Iterator[Task]:
    document: dict[str, Any] = tomllib.loads(file.read_text())
    files = document.get("files") or _fixture(_FIXTURES / document["from"])
    for task in document["tasks"]:
        yield Task(file.stem, language=document["language"], files=files, **task)


def _fixture(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".md"})
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def write_files(files: Mapping[str, str], folder: Path) -> None:
    """Write texts by their paths under a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, newline="\n")


def solved(task: Task) -> dict[str, str]:
    """Return the files with the reference applied. Raises ValueError, EditsRefused."""
    reply = parse(task.reference)
    raw = {path for operation in reply.operations for path in paths_of(operation)}
    targets = {path: Target(_ALIAS, path) for path in raw}
    texts = {target: task.files.get(path) for path, target in targets.items()}
    data = {target: None if text is None else text.encode() for target, text in texts.items()}
    placement = place(reply.operations, data, targets)
    if placement.refusals or not placement.changes:
        raise ValueError(f"{task.full_name}: {placement.refusals}")
    files = dict(task.files)
    for change in placement.changes.changes:
        files.pop(change.old_path or change.path, None)
        if change.after is not None:
            files[change.path] = change.after.decode()
    return files


def passes(task: Task, folder: Path) -> bool:
    """Run the hidden test on a copy of a folder; code that hangs has failed.

    The copy is run as it is, without walls around it: it was written by a small model.
    """
    language = LANGUAGES[task.language]
    with tempfile.TemporaryDirectory() as home:
        work = Path(home, "work")
        copytree(folder, work, ignore=ignore_patterns(".*", "__pycache__"))
        (work / language.file).write_text(language.before + task.test + language.after)
        return _ends_well([language.program, language.file], work)


def _ends_well(command: Sequence[str], work: Path) -> bool:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(work),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            command,
            cwd=work,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and done.stdout.decode(errors="replace").endswith(f"{_DONE}\n")
