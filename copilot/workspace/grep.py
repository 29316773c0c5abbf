"""Where words stand in a repository: on disk, in the index, or in a commit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copilot.workspace.git import BegunGit, GitFailed
from copilot.workspace.inherited import index_of
from copilot.workspace.model import Root

# Each is set here, so that no configuration bends what is printed.
_OPTIONS = (
    *("-I", "-H", "-n", "-z", "-w", "--fixed-strings", "--no-color", "--no-column"),
    # A line may be as long as its file.
    "--only-matching",
    *("--no-heading", "--no-break", "--no-full-name", "--no-textconv", "--no-recurse-submodules"),
)


@dataclass(frozen=True)
class Mention:
    """A line that holds one of the words: its file's path below the root, its number from 1."""

    path: str
    line: int


def mentions_of(root: Root, words: Sequence[str]) -> Iterator[Mention]:
    """Yield the lines of tracked files that hold any of these words, in git's order.

    A root's `state` says what is searched. Raises GitFailed.
    """
    yield from Search(root, words).mentions()


class Search:
    """Looks for words, as `mentions_of` does, while other things are done."""

    def __init__(self, root: Root, words: Sequence[str]) -> None:
        """Begin to look. Raises GitFailed."""
        is_index = root.state == "index"
        self._commit = root.state if root.state and not is_index else None
        self._git: BegunGit | None = None
        wanted = [word for word in words if word and "\n" not in word]
        if not wanted or not root.is_git:
            return
        where = ["--cached"] if is_index else []
        patterns = [part for word in wanted for part in ("-e", word)]
        commit = [self._commit] if self._commit else []
        asked = ("grep", *_OPTIONS, *where, *patterns, *commit, "--")
        self._git = BegunGit(root.path, *asked, environment=index_of(root.path) if is_index else {})

    def mentions(self) -> Iterator[Mention]:
        """Yield what was found; to be called once. Raises GitFailed."""
        if self._git is None:
            return
        try:
            printed = self._git.end()
        except GitFailed as failure:
            # With nothing found, git leaves with 1 and says nothing.
            if failure.status == 1 and not failure.complaint.strip():
                return
            raise
        yield from _read(printed, f"{self._commit}:" if self._commit else "")


def _read(printed: bytes, before: str) -> Iterator[Mention]:
    """Yield what `<path> NUL <number> NUL <word> LF` says, again and again, each line once."""
    last: Mention | None = None
    start = 0
    while start < len(printed):
        end = printed.index(b"\0", start)
        path = os.fsdecode(printed[start:end]).removeprefix(before)
        start = printed.index(b"\0", end + 1)
        number = int(printed[end + 1 : start])
        end = printed.find(b"\n", start)
        start = len(printed) if end < 0 else end + 1
        found = Mention(path, number)
        if found != last:
            yield found
        last = found
