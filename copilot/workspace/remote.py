"""The files of a kept commit, read from git's objects; nothing is ever checked out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from copilot.workspace.attributes import NOTHING_TOLD, Told, read_attributes
from copilot.workspace.choose import Bytes, Chooser, Selection
from copilot.workspace.contents import MAX_FILE_BYTES
from copilot.workspace.git import run_git, talking_git
from copilot.workspace.judge import Verdict
from copilot.workspace.model import Repository, Snapshot, SourceFile
from copilot.workspace.remote_cache import KeptRepository
from copilot.workspace.vendored import vendored_folders, vendored_reason

_SYMLINK, _SUBMODULE = "120000", "160000"
# So many ids fit into the smallest pipe at once, so that neither side waits for the other.
_IDS_AT_ONCE = 100
_GONE = "missing in the kept copy"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Entry:
    """A name in the commit's tree; `size` in bytes, 0 where git cannot tell."""

    path: str
    mode: str
    blob: str
    size: int


def read_kept(
    repositories: Sequence[KeptRepository], selection: Selection, progress: Progress
) -> Snapshot:
    """Read the commits' files, sorted by path. Raises GitFailed, or UsageError for a pattern."""
    choose = Chooser(selection)
    files: list[SourceFile] = []
    for kept in repositories:
        files += _read_one(kept, choose, progress)
    read = [
        Repository(kept.name.alias, kept.git_dir, kept.revision, dirty=False, url=kept.name.url)
        for kept in repositories
    ]
    return Snapshot(tuple(read), tuple(files))


def _read_one(kept: KeptRepository, choose: Chooser, progress: Progress) -> list[SourceFile]:
    alias = kept.name.alias
    judged = _judged(kept, choose)
    wanted = [entry.blob for entry, _, verdict in judged if verdict.left_out is None]
    files = []
    with closing(_blobs(kept, wanted)) as contents:
        for number, (entry, told, verdict) in enumerate(judged, 1):
            path, blob, kind = entry.path, entry.blob, verdict.kind
            if verdict.left_out is not None:
                files.append(SourceFile(alias, path, blob, verdict.left_out, kind=kind))
            elif (data := next(contents)) is None:
                files.append(SourceFile(alias, path, blob, _GONE, denied=True, kind=kind))
            else:
                read = Bytes(path, "tracked", blob, data, kind, told)
                files.append(choose.source_file(alias, read))
            progress(number, len(judged))
    return files


def _judged(kept: KeptRepository, choose: Chooser) -> list[tuple[_Entry, Told, Verdict]]:
    """Return the commit's names, sorted, with what is known of them before they are read."""
    entries = sorted(_entries(kept), key=lambda entry: os.fsencode(entry.path))
    vendored = vendored_folders(entry.path for entry in entries)
    plain = (entry.path for entry in entries if _left_out(entry) is None)
    attributes = read_attributes(kept.git_dir, plain, is_bare=True)
    judged = []
    for entry in entries:
        told = attributes.get(entry.path, NOTHING_TOLD)
        verdict = choose.before_reading(entry.path, told, vendored_reason(entry.path, vendored))
        why = _left_out(entry) or verdict.left_out
        judged.append((entry, told, Verdict(verdict.kind, why)))
    return judged


def _left_out(entry: _Entry) -> str | None:
    """Return why a name is not read, whatever the user's patterns say."""
    if entry.mode == _SUBMODULE:
        return "submodule: a repository of its own"
    if entry.mode == _SYMLINK:
        return "symbolic link, not followed"
    if {"", ".", ".."} & set(entry.path.split("/")):
        return "no path below the root"
    if entry.size > MAX_FILE_BYTES:
        return f"larger than {MAX_FILE_BYTES // (1024 * 1024)} MiB"
    return None


def _entries(kept: KeptRepository) -> Iterator[_Entry]:
    where = f"--git-dir={kept.git_dir}"
    listed = run_git(kept.git_dir, where, "ls-tree", "-r", "-z", "-l", "--full-tree", kept.revision)
    for line in listed.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            mode, _, blob, size = facts.decode("ascii").split()
            yield _Entry(os.fsdecode(path), mode, blob, int(size) if size.isdigit() else 0)


def _blobs(kept: KeptRepository, ids: Sequence[str]) -> Generator[bytes | None, None, None]:
    """Yield the bytes of each blob in order, None for one that git does not have."""
    with talking_git(kept.git_dir, f"--git-dir={kept.git_dir}", "cat-file", "--batch") as git:
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = ids[start : start + _IDS_AT_ONCE]
            yield from _answers(git, some)


def _answers(git: subprocess.Popen[bytes], ids: Sequence[str]) -> Iterator[bytes | None]:
    if git.stdin is None or git.stdout is None:
        return
    # Unbuffered, so that nothing is left to be written where git has ended over a damaged object.
    with suppress(BrokenPipeError):
        os.write(git.stdin.fileno(), "".join(f"{one}\n" for one in ids).encode())
    for _ in ids:
        # `<id> blob <size>`, or `<id> missing`; nothing at all if git has ended.
        head = git.stdout.readline().split()
        if len(head) != 3:
            yield None
            continue
        data = git.stdout.read(int(head[2]))
        git.stdout.read(1)
        yield data
