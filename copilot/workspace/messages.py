"""What a repository's own commits say, and what git is told about writing another message."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from copilot.workspace.git import GitFailed, run_git, talking_git
from copilot.workspace.model import Root

_MOST_BYTES = 4 * 1024 * 1024
_MOST_MESSAGE = 4000
_FIELDS = 4
# Whatever a repository's own configuration says of how a log looks.
_LOG = (
    *("log", "-z", "--no-merges", "--no-show-signature", "--no-mailmap", "--no-notes"),
    *("--no-decorate", "--no-color", "--no-follow", "--encoding=UTF-8"),
    "--format=%H%x00%an%x00%ae%x00%B",
)
_COMMENT_MARK = "#"
_SETTINGS = r"^core\.comment(char|string)$|^i18n\.commitencoding$"


@dataclass(frozen=True, slots=True)
class PastMessage:
    """What one commit says: its id, its author's name and address, some thousand characters."""

    revision: str
    author: str
    email: str
    text: str


@dataclass(frozen=True)
class Writing:
    """How git reads a message: what begins a comment's line, and the Python codec of its bytes."""

    comment_mark: str = _COMMENT_MARK
    encoding: str = "utf-8"


def read_messages(root: Root, most: int) -> tuple[PastMessage, ...]:
    """Return what the newest commits say, the newest first, without merges; none outside git."""
    if not root.is_git:
        return ()
    with talking_git(root.path, *_LOG, f"--max-count={most}", "HEAD", "--") as git:
        printed = git.stdout.read(_MOST_BYTES) if git.stdout else b""
    # What stands behind the last NUL is nothing, or a message that was cut.
    told = [field.decode("utf-8", "replace") for field in printed.split(b"\0")[:-1]]
    whole = len(told) - len(told) % _FIELDS
    rows = (told[start : start + _FIELDS] for start in range(0, whole, _FIELDS))
    return tuple(
        PastMessage(revision, author, email, text.strip()[:_MOST_MESSAGE])
        for revision, author, email, text in rows
    )


def committer(root: Root) -> str:
    """Return who commits, as `Name <address>`; an empty string where git does not know."""
    try:
        printed = run_git(root.path, "var", "GIT_COMMITTER_IDENT")
    except GitFailed:
        return ""
    name, _, _ = printed.decode("utf-8", "replace").rpartition(">")
    return f"{name}>" if name else ""


def branch(root: Root) -> str:
    """Return the short name of the branch that is checked out; empty where there is none."""
    try:
        printed = run_git(root.path, "symbolic-ref", "--quiet", "--short", "HEAD")
    except GitFailed:
        return ""
    return printed.decode("utf-8", "replace").strip()


def writing(root: Root) -> Writing:
    """Return how git reads the messages of this repository."""
    try:
        printed = run_git(root.path, "config", "-z", "--get-regexp", _SETTINGS)
    except GitFailed:
        return Writing()
    entries = (entry.partition("\n") for entry in printed.decode("utf-8", "replace").split("\0"))
    said = {key.lower(): value for key, _, value in entries if value}
    mark = said.get("core.commentstring") or said.get("core.commentchar") or _COMMENT_MARK
    # What `auto` takes while there is no message to differ from.
    mark = _COMMENT_MARK if mark == "auto" else mark
    return Writing(mark, _codec(said.get("i18n.commitencoding", "")))


def editor() -> str:
    """Return the user's editor as a shell's command: git's own choice, by no repository's say.

    Raises GitFailed where there is none for this terminal.
    """
    return run_git(Path("/"), "var", "GIT_EDITOR").decode("utf-8", "surrogateescape").strip()


def without_comments(text: str, mark: str) -> str:
    """Return a message as git takes it from an editor: without comments and idle blank lines."""
    # Cut at the line below which git shows the diff, in `git commit --verbose`.
    option = f"core.commentString={mark}" if len(mark) > 1 else f"core.commentChar={mark}"
    data = text.encode("utf-8", "surrogateescape")
    printed = run_git(Path("/"), "-c", option, "stripspace", "--strip-comments", stdin=data)
    return printed.decode("utf-8", "surrogateescape")


def _codec(name: str) -> str:
    try:
        # Of Python's codecs, some turn bytes into other bytes, and one takes nothing.
        "a".encode(name or "utf-8")
        return codecs.lookup(name or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
