"""Files read from git's objects as from a disk: by their paths, each by the id of its blob."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Self

from copilot.workspace.contents import MAX_FILE_BYTES, Contents
from copilot.workspace.git import GitFailed, run_git, talking_git
from copilot.workspace.special import blob_signature

NOT_KEPT, NOT_FETCHED = "missing in git's objects", "not fetched: this is a partial clone"
_ENDED = "damaged in git's objects"
_GONE = Contents(None, _ENDED, denied=True)
# So many ids fit into the smallest pipe at once, so that neither side waits for the other.
_IDS_AT_ONCE = 100
_PIECE_BYTES = 1024 * 1024


def read_in_order(folder: Path, ids: Sequence[str], *where: str) -> Generator[Contents, None, None]:
    """Yield the bytes of each blob in order, or why there are none.

    `where` are git's options that name a bare repository. Git is asked in `folder`.
    """
    with talking_git(folder, *where, "cat-file", "--batch") as git:
        for start in range(0, len(ids), _IDS_AT_ONCE):
            yield from _answers(git, ids[start : start + _IDS_AT_ONCE])


class ObjectReader:
    """Reads files of one state of a repository; `blobs` are their ids by path.

    It takes what a FileReader takes, and tells the same of each file.
    """

    def __init__(self, folder: Path, blobs: Mapping[str, str]) -> None:
        self._folder = folder
        self._blobs = blobs
        self._stack = ExitStack()
        self._git: subprocess.Popen[bytes] | None = None
        # What keeps git from asking for objects that it lacks, once it is known to lack some.
        self._flags: tuple[str, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def read(self, path: str) -> Contents:
        """Return the bytes of `path`, unless it is too large or git does not have them."""
        contents = self._asked(path)
        if contents.problem == _ENDED and self._flags is None:
            self._stop()
            self._flags = _without_fetching(self._folder)
            contents = self._asked(path)
        if contents.problem == _ENDED:
            self._stop()
        is_gone = contents.problem in {_ENDED, NOT_KEPT}
        return Contents(None, NOT_FETCHED) if is_gone and self._flags else contents

    def _asked(self, path: str) -> Contents:
        if self._git is None:
            command = (*(self._flags or ()), "cat-file", "--batch")
            self._git = self._stack.enter_context(talking_git(self._folder, *command))
        return next(_answers(self._git, [self._blobs[path]]))

    def _stop(self) -> None:
        self._stack.close()
        self._git = None


def _without_fetching(folder: Path) -> tuple[str, ...]:
    """Return the flags with which a partial clone is taken for a whole one, none if it is one.

    git ends over an object that it lacks if it takes itself for a partial clone.
    """
    try:
        asked = ("config", "-z", "--name-only", "--get-regexp", r"^remote\..*\.promisor$")
        names = os.fsdecode(run_git(folder, *asked)).split("\0")
    except GitFailed:
        return ()
    return tuple(part for name in names if name for part in ("-c", f"{name}=false"))


def _answers(git: subprocess.Popen[bytes], ids: Sequence[str]) -> Iterator[Contents]:
    if git.stdin is None or git.stdout is None:
        return
    # Unbuffered, so that nothing is left to be written where git has ended over a damaged object.
    with suppress(BrokenPipeError):
        os.write(git.stdin.fileno(), "".join(f"{one}\n" for one in ids).encode())
    for one in ids:
        # `<id> blob <size>`, or `<id> missing`; nothing at all if git has ended.
        head = git.stdout.readline().split()
        if len(head) != 3:
            yield Contents(None, NOT_KEPT, denied=True) if head else _GONE
            continue
        taken = take_blob(git.stdout, one, int(head[2]))
        # Who reads one file alone asks for no more than that.
        git.stdout.read(1)
        yield taken


def take_blob(stdout: IO[bytes], blob: str, size: int) -> Contents:
    """Return the next `size` bytes of what git prints, or why a prompt shows none of them."""
    if size <= MAX_FILE_BYTES:
        data = stdout.read(size)
        # git ends in the middle of an object that is damaged.
        is_whole = len(data) == size
        return Contents(data, signature=blob_signature(blob)) if is_whole else _GONE
    while size:
        size -= len(stdout.read(min(size, _PIECE_BYTES))) or size
    return Contents(None, f"larger than {MAX_FILE_BYTES // (1024 * 1024)} MiB")
