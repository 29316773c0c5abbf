"""The files of a kept commit, read from git's objects; nothing is ever checked out."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass

from copilot.workspace.attributes import NOTHING_TOLD, Told, read_attributes
from copilot.workspace.choose import Chooser
from copilot.workspace.contents import MAX_FILE_BYTES
from copilot.workspace.facts import Bytes
from copilot.workspace.git import run_git
from copilot.workspace.judge import Verdict
from copilot.workspace.kinds import Kind
from copilot.workspace.listing import BY_OWN_RULES, OWN_RULES
from copilot.workspace.model import Part, Repository, SourceFile
from copilot.workspace.object_reader import read_in_order
from copilot.workspace.own_rules import matched_by_texts
from copilot.workspace.remote_cache import KeptRepository
from copilot.workspace.snapshot import Progress, named_as_colliding, names_colliding
from copilot.workspace.vendored import folders_above, vendored_folders, vendored_reason

_SYMLINK, _SUBMODULE = "120000", "160000"
_FILES_AT_ONCE = 500
_GONE = "missing in the kept copy"


@dataclass(frozen=True)
class _Entry:
    """A name in the commit's tree; `size` in bytes, 0 where git cannot tell."""

    path: str
    mode: str
    blob: str
    size: int


@dataclass(frozen=True)
class _Judged:
    """A name with what is known of it before it is read."""

    entry: _Entry
    told: Told
    verdict: Verdict


def read_kept_parts(
    repositories: Sequence[KeptRepository], choose: Chooser, progress: Progress
) -> Iterator[Part]:
    """Read the commits' files, sorted by path, a part after another. Raises GitFailed."""
    for kept in repositories:
        yield from _read_one(kept, choose, progress)


def _read_one(kept: KeptRepository, choose: Chooser, progress: Progress) -> Iterator[Part]:
    alias = kept.name.alias
    judged = _judged(kept, choose)
    colliding = names_colliding(name.entry.path for name in judged)
    wanted = [name.entry.blob for name in judged if name.verdict.left_out is None]
    done = 0
    with closing(blobs(kept, wanted)) as contents:
        for some in _batches(judged):
            files = _read_some(alias, some, contents, choose)
            done += len(files)
            progress(done, len(judged))
            yield Part(tuple(named_as_colliding(file, colliding) for file in files))
    url = kept.name.url
    yield Part((), Repository(alias, kept.git_dir, kept.revision, dirty=False, url=url))


def _batches(judged: Iterable[_Judged]) -> Iterator[list[_Judged]]:
    """Yield the names a few at a time, so that few contents are held at once."""
    batch: list[_Judged] = []
    size = 0
    for name in judged:
        batch.append(name)
        size += name.entry.size if name.verdict.left_out is None else 0
        if len(batch) == _FILES_AT_ONCE or size > MAX_FILE_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read_some(
    alias: str, some: Sequence[_Judged], contents: Iterator[bytes | None], choose: Chooser
) -> list[SourceFile]:
    unread: list[SourceFile | None] = []
    read: list[Bytes] = []
    for name in some:
        path, blob, verdict = name.entry.path, name.entry.blob, name.verdict
        if verdict.left_out is not None:
            unread.append(SourceFile(alias, path, blob, verdict.left_out, kind=verdict.kind))
        elif (data := next(contents)) is None:
            unread.append(SourceFile(alias, path, blob, _GONE, denied=True, kind=verdict.kind))
        else:
            unread.append(None)
            read.append(Bytes(path, "tracked", blob, data, verdict.kind, name.told))
    chosen = iter(choose.source_files(alias, read))
    return [file or next(chosen) for file in unread]


def _judged(kept: KeptRepository, choose: Chooser) -> list[_Judged]:
    """Return the commit's names, sorted, with what is known of them before they are read.

    Reasons go before one another in the same order as for a folder on this machine.
    """
    entries = sorted(_entries(kept), key=lambda entry: os.fsencode(entry.path))
    unread = _unread(kept, entries)
    vendored = vendored_folders(entry.path for entry in entries)
    asked = (entry.path for entry in entries if entry.path not in unread)
    attributes = read_attributes(kept.git_dir, asked, is_bare=True)
    judged = []
    for entry in entries:
        told = attributes.get(entry.path, NOTHING_TOLD)
        verdict = choose.before_reading(entry.path, told, vendored_reason(entry.path, vendored))
        kind = Kind.VENDORED if entry.mode == _SUBMODULE else verdict.kind
        why = unread.get(entry.path) or verdict.left_out or _too_large(entry)
        judged.append(_Judged(entry, told, Verdict(kind, why)))
    return judged


def _unread(kept: KeptRepository, entries: Sequence[_Entry]) -> dict[str, str]:
    """Return why names are not read, whatever the user's patterns say."""
    unread = {entry.path: why for entry in entries if (why := _left_out(entry))}
    rules = [
        entry
        for entry in entries
        if entry.path.rpartition("/")[2] == OWN_RULES
        and entry.path not in unread
        and not _too_large(entry)
    ]
    matched = _matched_by(rules, kept) if rules else set()
    for entry in entries:
        if not matched.isdisjoint((entry.path, *folders_above(entry.path))):
            unread.setdefault(entry.path, BY_OWN_RULES)
    return unread


def _matched_by(rules: Sequence[_Entry], kept: KeptRepository) -> Set[str]:
    """Return what the `.copilotignore` files leave out of the commit."""
    with closing(blobs(kept, [entry.blob for entry in rules])) as contents:
        pairs = zip(rules, contents, strict=True)
        return matched_by_texts(kept.git_dir, ((rule.path, data or b"") for rule, data in pairs))


def _left_out(entry: _Entry) -> str | None:
    """Return why a name cannot be read, whatever it holds."""
    if entry.mode == _SUBMODULE:
        return "submodule: a repository of its own"
    if entry.mode == _SYMLINK:
        return "symbolic link, not followed"
    if {"", ".", "..", ".git"} & set(entry.path.casefold().split("/")):
        return "no path below the root"
    return None


def _too_large(entry: _Entry) -> str | None:
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


def blobs(kept: KeptRepository, ids: Sequence[str]) -> Generator[bytes | None, None, None]:
    """Yield the bytes of each blob in order, None for one that git does not have."""
    with closing(read_in_order(kept.git_dir, ids, f"--git-dir={kept.git_dir}")) as read:
        for contents in read:
            yield contents.data
