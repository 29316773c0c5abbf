"""Blobs by their ids, from the objects that git keeps of a repository; nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from copilot.batches import batches
from copilot.workspace.contents import MAX_FILE_BYTES, blob_id
from copilot.workspace.git import GitFailed, run_git, talking_git
from copilot.workspace.object_reader import take_blob

# A prompt shows no larger file, so that two of them are read at once at most.
_BATCH_BYTES = MAX_FILE_BYTES
# So many ids fit into the smallest pipe at once.
_FEW = 90
# As far as git looks for a byte that no text has.
_SNIFF_BYTES = 8000


def read_blobs(folder: Path, ids: Iterable[str], *where: str) -> Iterator[tuple[str, bytes]]:
    """Yield the blobs that git has, each once, with their ids; what is too large is passed over.

    `ids` are full ids in hexadecimal; `where` are git's options that name a bare repository. Git is
    asked in `folder`. Raises GitFailed.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) <= _FEW:
        wanted = yield from _read_few(folder, wanted, where)
    sizes = (one for one in _sizes(folder, wanted, where) if one[1] <= MAX_FILE_BYTES)
    for some in batches(sizes, lambda one: one[1], _BATCH_BYTES):
        for asked, output in _told(folder, [name for name, _ in some], where, "--batch"):
            yield from _contents(asked, output)


def _read_few(
    folder: Path, ids: Sequence[str], where: Sequence[str]
) -> Generator[tuple[str, bytes], None, list[str]]:
    """Yield blobs by one call of git; return the ids that it did not come to, for it ended."""
    if not ids:
        return []
    with talking_git(folder, *where, "cat-file", "--batch") as git:
        if git.stdin is None or git.stdout is None:
            return list(ids)
        # They fit into the smallest pipe at once.
        with suppress(BrokenPipeError):
            os.write(git.stdin.fileno(), "".join(f"{one}\n" for one in ids).encode("ascii"))
        for number, name in enumerate(ids):
            # `<id> <type> <size>`, or `<id> missing`.
            head = git.stdout.readline().split()
            if not head:
                return list(ids[number:])
            if len(head) < 3:
                continue
            blob = take_blob(git.stdout, name, int(head[2]))
            if blob.denied:
                return list(ids[number:])
            # What ends each of them is asked for only once another is.
            if number + 1 < len(ids):
                git.stdout.read(1)
            # git takes parts of ids as well.
            if blob.data is not None and head[:2] == [name.encode("ascii"), b"blob"]:
                yield name, blob.data
    return []


def large_texts(folder: Path, ids: Iterable[str]) -> dict[str, int]:
    """Return the sizes in bytes of blobs that `read_blobs` passes over and that begin as a text."""
    found = {}
    for name, size in _sizes(folder, ids, ()):
        if size > MAX_FILE_BYTES:
            with talking_git(folder, "cat-file", "blob", name) as git:
                begun = git.stdout.read(_SNIFF_BYTES) if git.stdout else b""
            if begins_as_text(begun):
                found[name] = size
    return found


def begins_as_text(data: bytes) -> bool:
    """Tell whether git takes contents for text that begin so."""
    return b"\0" not in data[:_SNIFF_BYTES]


def committed_blobs(folder: Path, revision: str) -> dict[str, str]:
    """Return the id of each file below `folder` in a commit, by its path from there.

    Nothing where git does not have the commit.
    """
    try:
        listed = run_git(folder, "ls-tree", "-r", "-z", revision)
    except GitFailed:
        return {}
    entries = (entry.partition(b"\t") for entry in listed.split(b"\0") if entry)
    return {os.fsdecode(path): facts.split()[2].decode("ascii") for facts, _, path in entries}


def _sizes(folder: Path, ids: Iterable[str], where: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the ids of blobs that are there, with their sizes in bytes."""
    for asked, output in _told(folder, list(dict.fromkeys(ids)), where, "--batch-check"):
        for name, line in zip(asked, output.splitlines(), strict=True):
            # `<id> <type> <size>`, or `<id> missing`.
            found, *told = line.decode("ascii").split()
            if found == name and len(told) == 2 and told[0] == "blob":
                yield name, int(told[1])


def _contents(ids: Sequence[str], output: bytes) -> Iterator[tuple[str, bytes]]:
    start = 0
    for name in ids:
        end = output.index(b"\n", start)
        facts = output[start:end].split()
        start = end + 1
        if len(facts) == 3:
            data = output[start : start + int(facts[2])]
            start += len(data) + 1
            if blob_id(data, len(name)) == name:
                yield name, data


def _told(
    folder: Path, ids: Sequence[str], where: Sequence[str], how: str
) -> Iterator[tuple[Sequence[str], bytes]]:
    """Yield ids, with what `git cat-file` prints of them."""
    if not ids:
        return
    asked = "".join(f"{one}\n" for one in ids).encode("ascii")
    try:
        output = run_git(folder, *where, "cat-file", how, stdin=asked)
    except GitFailed:
        # If there is no repository at all, this raises.
        run_git(folder, *where, "rev-parse", "--git-dir")
        # An object that is damaged, or not fetched in a partial clone, ends git: without it, then.
        half = len(ids) // 2
        if half:
            yield from _told(folder, ids[:half], where, how)
            yield from _told(folder, ids[half:], where, how)
        return
    yield ids, output
