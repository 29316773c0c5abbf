"""What changed when: the commits before a revision, and the files each of them touched."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from copilot.cache import Cache, key_of
from copilot.workspace.git import GitFailed, run_git, talking_git
from copilot.workspace.model import Root

# Raised with every change of what is read or how it is kept.
_VERSION = "2"
_MOST_COMMITS = 1000
_MOST_BYTES = 16 * 1024 * 1024
_MOST_MESSAGE = 4000
_LATEST = 2**53
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
# Whatever a repository's own configuration says: no signature is checked by a program it names, no
# file is read that it names, and renames, which need the texts of files, are not looked for.
_LOG = (
    *("-c", "log.showRoot=false", "log", "-z", "--name-only", "--relative", "--no-renames"),
    *("--diff-merges=first-parent", "--no-ext-diff", "--no-textconv", "--no-show-signature"),
    *("--no-mailmap", "--no-notes", "--no-decorate", "--no-color", "--no-follow"),
    *(f"-O{os.devnull}", "--encoding=UTF-8", "--ignore-submodules=none"),
)


@dataclass(frozen=True, slots=True)
class Commit:
    """`time` is when it was made, in seconds since 1970; `paths` are relative to the root.

    `message` is the beginning of what its author said of it: some thousand characters at most.
    """

    time: int
    paths: tuple[str, ...]
    message: str = ""


@dataclass(frozen=True)
class History:
    """A revision and the commits before it, newest first, it among them.

    Merges hold what they brought in; a first commit, and the one where a shallow clone ends, hold
    nothing. `revision` is None where there is no commit.
    """

    revision: str | None = None
    commits: tuple[Commit, ...] = ()

    def last_changed(self) -> dict[str, int]:
        """Return for each path how many commits ago it last changed; 0 is the newest.

        What is not in it has not changed for longer than is known.
        """
        ago: dict[str, int] = {}
        for place, commit in enumerate(self.commits):
            for path in commit.paths:
                ago.setdefault(path, place)
        return ago


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """Each path once, and of each commit its time, the places of its paths, and its message."""

    paths: list[bytes]
    commits: list[tuple[int, list[int], str]]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Kept)


def read_history(
    root: Root,
    cache: Cache,
    most_commits: int = _MOST_COMMITS,
    *,
    revision: str = "HEAD",
    git_dir: Path | None = None,
) -> History:
    """Return the newest commits before a revision, as far as they are there; none outside git.

    `git_dir` names a bare repository, which git does not take by itself.
    """
    where = (f"--git-dir={git_dir}",) if git_dir else ()
    start = _start(root, revision, where) if root.is_git else None
    if start is None:
        return History()
    key = key_of("history", _VERSION, start.commit, start.prefix, str(most_commits))
    kept = cache.get([key]).get(key)
    if kept is not None:
        return History(start.commit, _unpacked(kept))
    commits, is_settled = _log(root.path, where, start.commit, most_commits)
    # A clone that lacks commits or folders may have them the next time.
    if is_settled and not start.is_shallow:
        cache.put({key: _packed(commits)})
    return History(start.commit, commits)


@dataclass(frozen=True)
class _Start:
    """Where a history begins; `prefix` is the root's path below the top of its repository."""

    commit: str
    prefix: str
    is_shallow: bool


def _start(root: Root, revision: str, where: tuple[str, ...]) -> _Start | None:
    asked = ("--is-shallow-repository", "--show-prefix", f"{revision}^{{commit}}")
    try:
        printed = run_git(root.path, *where, "rev-parse", *asked)
    except GitFailed:
        return None
    shallow, *prefix, commit = os.fsdecode(printed.removesuffix(b"\n")).split("\n")
    # git repeats what it takes for an option.
    is_commit = _COMMIT.fullmatch(commit) is not None
    return _Start(commit, "\n".join(prefix), shallow == "true") if is_commit else None


def _log(
    folder: Path, where: tuple[str, ...], commit: str, most_commits: int
) -> tuple[tuple[Commit, ...], bool]:
    """Return the commits, and whether they will always be the same."""
    # No message and no name of a file can hold what is drawn after it was written.
    sign = secrets.token_hex(16)
    asked = (f"--max-count={most_commits}", f"--format={sign}%ct%x00%B{sign}", commit, "--")
    with talking_git(folder, *where, *_LOG, *asked) as git:
        printed = git.stdout.read(_MOST_BYTES) if git.stdout else b""
        is_all = len(printed) < _MOST_BYTES
        is_complete = is_all and git.wait() == 0
    commits = tuple(_commits(printed, sign.encode()))
    is_cut = bool(printed) and not printed.endswith(b"\0")
    return (commits[:-1] if is_cut else commits), is_complete or not is_all


def _commits(printed: bytes, sign: bytes) -> Iterator[Commit]:
    """Yield the commits of `SIGN TIME NUL MESSAGE SIGN NUL`, each with LF PATH NUL PATH NUL."""
    pieces = printed.split(sign)[1:]
    for head, paths in zip(pieces[::2], pieces[1::2], strict=False):
        time, _, message = head.partition(b"\0")
        names = paths.removeprefix(b"\0").removeprefix(b"\n").split(b"\0")
        touched = tuple(os.fsdecode(name) for name in names if name)
        said = message.decode("utf-8", "replace").strip()[:_MOST_MESSAGE]
        yield Commit(_seconds(time), touched, said)


def _seconds(printed: bytes) -> int:
    return min(int(printed), _LATEST) if printed.isdigit() else 0


def _packed(commits: tuple[Commit, ...]) -> bytes:
    places: dict[bytes, int] = {}
    listed = [
        (
            commit.time,
            [places.setdefault(os.fsencode(path), len(places)) for path in commit.paths],
            commit.message,
        )
        for commit in commits
    ]
    return _ENCODER.encode(_Kept(list(places), listed))


def _unpacked(kept: bytes) -> tuple[Commit, ...]:
    found = _DECODER.decode(kept)
    paths = [os.fsdecode(path) for path in found.paths]
    return tuple(
        Commit(time, tuple(paths[place] for place in of), message)
        for time, of, message in found.commits
    )
