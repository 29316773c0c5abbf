"""Small changes of the past: what commits before a revision did to a few files, by blobs."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from copilot.cache import Cache, key_of
from copilot.workspace.git import GitFailed, run_git, talking_git
from copilot.workspace.model import Root

# Raised with every change of what is read or how it is kept.
_VERSION = "2"
MOST_FILES = 4
# Digits of a commit's id by which it is named.
ID_DIGITS = 16
_ID = re.compile(rf"[0-9a-f]{{{ID_DIGITS}}}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PIECE_BYTES = 1024 * 1024
# What git says of one commit, and what is kept of all of them.
_MOST_OF_ONE, _MOST_BYTES = 4 * 1024 * 1024, 48 * 1024 * 1024
_MOST_MESSAGE = 4000
_LATEST = 2**53
_PLAIN_MODES = frozenset({"100644", "100755"})
_NO_MODE = "000000"
# Whatever a repository's own configuration says of how a log looks; renames, which need the texts
# of files, are not looked for. What a shallow clone ends with holds nothing.
_LOG = (
    *("-c", "log.showRoot=false", "log", "-z", "--raw", "--no-abbrev", "--relative"),
    *("--no-renames", "--no-merges", "--no-ext-diff", "--no-textconv", "--no-show-signature"),
    *("--no-mailmap", "--no-notes", "--no-decorate", "--no-color", "--no-follow"),
    *(f"-O{os.devnull}", "--encoding=UTF-8", "--ignore-submodules=none"),
)


class PastFile(msgspec.Struct, frozen=True, array_like=True):
    """What a commit did to a file: its blobs before and after, None where there was no file."""

    path: str
    old: str | None
    new: str | None


class PastChange(msgspec.Struct, frozen=True, array_like=True):
    """A commit of a few plain files; `time` is in seconds since 1970, paths are from the root."""

    revision: str
    time: int
    author: str
    email: str
    message: str
    files: tuple[PastFile, ...]

    @property
    def name(self) -> str:
        """What the commit is called for short."""
        return self.revision[:ID_DIGITS]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple[PastChange, ...])


def read_past_changes(
    root: Root, start: str, cache: Cache, most_commits: int
) -> tuple[PastChange, ...]:
    """Return the small changes among the newest commits up to `start`, a commit; newest first.

    Merges, and what touches other things than a few plain files, are passed over. Raises GitFailed.
    """
    prefix = os.fsdecode(run_git(root.path, "rev-parse", "--show-prefix"))
    key = key_of("past changes", _VERSION, start, prefix, str(most_commits))
    if kept := cache.get([key]).get(key):
        return _DECODER.decode(kept)
    asked = (f"--max-count={most_commits}", start, "--")
    found = tuple(_log(root.path, asked))
    cache.put({key: _ENCODER.encode(found)})
    return found


def named_changes(root: Root, names: Sequence[str]) -> dict[str, PastChange]:
    """Return the changes of these names, as far as git has the commits. Raises GitFailed."""
    resolved = _resolved(root.path, [name for name in names if _ID.fullmatch(name)])
    if not resolved:
        return {}
    asked = ("--no-walk=unsorted", "--stdin", "--")
    return {one.name: one for one in _log(root.path, asked, resolved)}


def not_behind(root: Root, names: Sequence[str], start: str) -> frozenset[str]:
    """Return those names whose commits are not `start` nor before it. Raises GitFailed."""
    resolved = _resolved(root.path, [name for name in names if _ID.fullmatch(name)])
    known = {one[:ID_DIGITS] for one in resolved}
    lost = frozenset(name for name in names if name not in known)
    if not resolved:
        return lost
    asked = "".join(f"{one}\n" for one in [*resolved, f"^{start}"]).encode("ascii")
    ahead = run_git(root.path, "rev-list", "--stdin", "--", stdin=asked).decode("ascii").split()
    return lost | (known & {one[:ID_DIGITS] for one in ahead})


def _resolved(folder: Path, names: Sequence[str]) -> list[str]:
    """Return the full ids of commits, without those that git does not have."""
    if not names:
        return []
    asked = "".join(f"{name}^{{commit}}\n" for name in names).encode("ascii")
    try:
        printed = run_git(folder, "cat-file", "--batch-check=%(objectname)", stdin=asked)
    except GitFailed:
        return []
    lines = printed.decode("ascii", "replace").splitlines()
    return [line for line in lines if _COMMIT.fullmatch(line)]


def _log(folder: Path, asked: Sequence[str], ids: Sequence[str] = ()) -> Iterator[PastChange]:
    # No message and no name of a file can hold what is drawn after it was written.
    sign = secrets.token_hex(16)
    form = f"--format={sign}%H%x00%ct%x00%an%x00%ae%x00%B{sign}"
    with talking_git(folder, *_LOG, form, *asked) as git:
        if git.stdin is None or git.stdout is None:
            return
        git.stdin.write("".join(f"{one}\n" for one in ids).encode("ascii"))
        git.stdin.close()
        pieces = _pieces(git.stdout, sign.encode())
        next(pieces, None)
        left = _MOST_BYTES
        for head, files in zip(pieces, pieces, strict=False):
            left -= _MOST_MESSAGE
            if left < 0:
                return
            if change := _change(head, files):
                yield change


def _pieces(stream: IO[bytes], sign: bytes) -> Iterator[bytes]:
    """Yield what stands between the signs; nothing for a piece that is too large to be kept."""
    held, is_large = b"", False
    while data := stream.read(_PIECE_BYTES):
        *whole, held = (held + data).split(sign)
        for piece in whole:
            yield b"" if is_large else piece
            is_large = False
        if len(held) > _MOST_OF_ONE:
            # The next sign may have begun.
            held, is_large = held[-len(sign) :], True
    yield b"" if is_large else held


def _change(head: bytes, files: bytes) -> PastChange | None:
    """Return a commit, None unless it changes a few plain files."""
    fields = [field.decode("utf-8", "replace") for field in head.split(b"\0", 4)]
    touched = _files(files)
    if len(fields) != 5 or not _COMMIT.fullmatch(fields[0]) or not touched:
        return None
    revision, time, author, email, message = fields
    seconds = min(int(time), _LATEST) if time.isdecimal() else 0
    return PastChange(
        revision, seconds, author[:200], email[:200], message.strip()[:_MOST_MESSAGE], touched
    )


def _files(printed: bytes) -> tuple[PastFile, ...]:
    """Read `:MODE MODE BLOB BLOB STATUS NUL PATH NUL` of each file; none unless all are plain."""
    fields = printed.lstrip(b"\0\n").split(b"\0")
    if len(fields) > 2 * MOST_FILES + 2:
        return ()
    found = []
    for facts, path in zip(fields[::2], fields[1::2], strict=False):
        file = _file(facts.decode("ascii", "replace"), os.fsdecode(path))
        if file is None:
            return ()
        found.append(file)
    return tuple(found) if len(found) <= MOST_FILES else ()


def _file(facts: str, path: str) -> PastFile | None:
    parts = facts.removeprefix(":").split(" ")
    # A name that is drawn otherwise than it is written could say anything.
    if len(parts) != 5 or not path.isprintable() or path != path.strip():
        return None
    before, after, old, new, _ = parts
    if not {before, after} <= _PLAIN_MODES | {_NO_MODE} or old == new:
        return None
    return PastFile(path, None if before == _NO_MODE else old, None if after == _NO_MODE else new)
