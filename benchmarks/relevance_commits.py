"""Real commits as tasks: what somebody asked for, and which files the answer had to change.

A task is a commit's message without what only names it or its authors: numbers of issues and pull
requests, addresses, trailers such as `Co-authored-by:`, and the line by which git or GitHub says
what was merged. A merge counts by its difference to its first parent.

No task are commits that are a program's work or no work on the files:
- the author's name or address, or the branch that was merged, is that of a robot (`[bot]`);
- the subject was said three times or more in the history, but for its numbers, names and case;
- the subject only raises a version (`Bump a from 1 to 2`, `Version 1.2.3`, `v1.2.3`);
- what is left of the message has fewer than three words.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot.workspace.git import run_git

_FIELDS = ("%H", "%P", "%an <%ae>", "%B")
_FEWEST_WORDS = 3
_SAID_OFTEN = 3
_MERGE = re.compile(
    r"merge [`'\"]?(?:pull request|(?:remote-tracking )?branch|tag|commit|stable|main|master)\b.*",
    re.IGNORECASE,
)
_ROBOT = re.compile(r"\[bot\]|\bfrom \S*(?:dependabot|renovate|pre-commit-ci|pyup)\b")
_NUMBER = re.compile(r"\s*\((?:[\w.-]+/[\w.-]+)?#\d+\)|(?<![\w/])(?:gh-|#)\d+\b", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+")
_TRAILER = re.compile(r"[a-z][a-z-]*-(?:by|id|on|to|also): .*|refs?: .*", re.IGNORECASE)
_KIND = r"(?:\w+(?:\([^)]*\))?!?: *)?"
_VERSION = r"\S*\d+(?:\.\d+)*\S*"
_RAISED = re.compile(
    rf"{_KIND}(?:(?:bump|update|upgrade)s? .*\bfrom {_VERSION} to {_VERSION}.*"
    rf"|(?:(?:bump|release|start|prepare|cut|version|v)\b[\w ]*?)?v?\.?{_VERSION}\W*"
    r"|bumps? (?:the )?.*\b(?:group|dependencies|deps|version)\b.*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_NAMING = re.compile(r"@\S+|\d+")


@dataclass(frozen=True)
class Task:
    """A commit as a task: `text` is what was asked, `revision` names it, `parent` the state then.

    `changed` are the files of the parent that the commit changed or removed.
    """

    revision: str
    parent: str
    text: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class _Commit:
    revision: str
    parents: tuple[str, ...]
    author: str
    message: str

    @property
    def subject(self) -> str:
        return self.message.strip().partition("\n")[0]


def tasks(git_dir: Path, revision: str = "HEAD") -> Iterator[Task]:
    """Yield the first-parent commits of a history that are tasks, newest first."""
    commits = list(_commits(git_dir, revision))
    often = Counter(_pattern(commit.subject) for commit in commits)
    for commit in commits:
        text = asked(commit.message)
        is_routine = often[_pattern(commit.subject)] >= _SAID_OFTEN or _is_robot(commit)
        if commit.parents and is_asking(text) and not is_routine:
            parent = commit.parents[0]
            changed = _changed(git_dir, parent, commit.revision)
            yield Task(commit.revision, parent, text, changed)


def asked(message: str) -> str:
    """Return a commit's message as a person would ask for the change."""
    lines = [line for line in message.strip().splitlines() if not _MERGE.fullmatch(line.strip())]
    body = [line for line in lines[1:] if not _TRAILER.fullmatch(line.strip())]
    text = _ADDRESS.sub("", _NUMBER.sub("", "\n".join([*lines[:1], *body])))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def is_asking(text: str) -> bool:
    """Say whether a text asks for more than a version, in some words."""
    subject = text.partition("\n")[0]
    return len(_WORD.findall(text)) >= _FEWEST_WORDS and not _RAISED.fullmatch(subject.strip())


def _is_robot(commit: _Commit) -> bool:
    return bool(_ROBOT.search(f"{commit.author} {commit.subject}"))


def _pattern(subject: str) -> str:
    return " ".join(_NAMING.sub("", asked(subject) or subject).casefold().split())


def _commits(git_dir: Path, revision: str) -> Iterator[_Commit]:
    flags = ("--first-parent", "-z", f"--format={'%x00'.join(_FIELDS)}")
    shown = run_git(git_dir, f"--git-dir={git_dir}", "log", *flags, revision)
    fields = shown.decode("utf-8", "replace").split("\0")
    for name, parents, author, message in zip(*(fields[n::4] for n in range(4)), strict=False):
        yield _Commit(name, tuple(parents.split()), author, message)


def _changed(git_dir: Path, parent: str, revision: str) -> tuple[str, ...]:
    flags = ("-r", "-z", "--no-renames", "--name-only", "--diff-filter=a")
    shown = run_git(git_dir, f"--git-dir={git_dir}", "diff-tree", *flags, parent, revision)
    return tuple(os.fsdecode(path) for path in shown.split(b"\0") if path)


def cloned(repository: Path, folder: Path) -> Path:
    """Return a bare clone of a repository that borrows its objects; it may be written to.

    `repository` is a work tree or a bare repository. Raises GitFailed.
    """
    parts: Sequence[str] = repository.resolve().parts
    clone = folder / f"{'-'.join(parts[-2:])}.git"
    if not clone.exists():
        folder.mkdir(parents=True, exist_ok=True)
        flags = ("--quiet", "--bare", "--shared", "--no-tags")
        local = {"GIT_ALLOW_PROTOCOL": "file"}
        run_git(folder, "clone", *flags, str(repository.resolve()), str(clone), environment=local)
    return clone
