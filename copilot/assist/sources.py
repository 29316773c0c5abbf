"""Where the bytes of a manifest's files are looked for: in roots, and in what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from copilot.context.manifest import Manifest, NamedEntry, NamedRepository
from copilot.errors import UsageError
from copilot.text import one_line
from copilot.workspace.contents import FileReader, blob_id
from copilot.workspace.model import Root
from copilot.workspace.objects import committed_blobs, read_blobs
from copilot.workspace.remote_cache import KeptRepository
from copilot.workspace.remote_lease import lease
from copilot.workspace.roots import find_roots
from copilot.workspace.submodules import with_submodules


@dataclass(frozen=True)
class Source:
    """Where one repository's files may be found; `why_gone` says of the others why they are not.

    `revision` is the commit that was checked out, `kept` are bare repositories. `commits_of` is
    what the root was called whose commits the files are examples of.
    """

    why_gone: str
    root: Root | None = None
    revision: str | None = None
    kept: tuple[Path, ...] = ()
    commits_of: str | None = None


def find_sources(
    manifest: Manifest, named: Sequence[Root], kept: Sequence[KeptRepository], *, own: bool
) -> dict[str, Source]:
    """Return where each repository of a manifest is read, by its alias.

    Folders are those that the user `named`, by alias or by path, and their submodules; those that
    the manifest itself names only if it is the user's `own`. Raises GitFailed.
    """
    aliases = [repository.alias for repository in manifest.repositories]
    inner: Sequence[Root] = ()
    if any(alias.startswith(f"{root.alias}.") for alias in aliases for root in named):
        _, inner = with_submodules(named)
    by_path = {str(root.path): root for root in named}
    by_alias = {root.alias: root for root in (*inner, *named)}
    sources = {}
    for one in manifest.repositories:
        if one.url is not None:
            sources[one.alias] = _elsewhere(one, kept)
            continue
        root = by_alias.get(one.alias) or by_path.get(one.root or "")
        sources[one.alias] = _folder(one, root) if root or not own else _recorded(one)
    for one in manifest.repositories:
        if one.commits_of is not None:
            sources[one.alias] = _commits(sources.get(one.commits_of), one.commits_of)
    return sources


def _commits(source: Source | None, alias: str) -> Source:
    """Return where the commits of a root are, by where the root is."""
    if source is None or source.root is None or not source.root.is_git:
        return Source(source.why_gone if source else f"its manifest names no {one_line(alias)}")
    return Source("its commit is gone, or reads otherwise", source.root, commits_of=alias)


def _elsewhere(named: NamedRepository, kept: Sequence[KeptRepository]) -> Source:
    """Return all that is kept of a URL, the commit that is named first."""
    same = [one for one in kept if one.name.url == named.url]
    same.sort(key=lambda one: one.revision != named.revision)
    where = one_line(f"{named.url}@{named.revision}")
    why = f"not in what is kept of its repository; copilot repos add {where} fetches it"
    return Source(why, kept=tuple(dict.fromkeys(one.git_dir for one in same)))


def _folder(named: NamedRepository, root: Root | None) -> Source:
    if root is None:
        return Source(f"no folder is named for it; add -R {one_line(named.alias)}=PATH")
    if root.is_git:
        why = "neither among git's objects nor on disk as it was"
        return Source(why, root, named.revision)
    return Source("not on disk as it was", root)


def _recorded(named: NamedRepository) -> Source:
    """Return the folder that a manifest names, if it is still there under that name."""
    path = named.root or ""
    if not Path(path).is_absolute():
        return Source("its manifest names no folder")
    try:
        (root,) = find_roots([f"{named.alias}={path}"], Path("/"))
    except UsageError as error:
        moved = f"if it moved, add -R {one_line(named.alias)}=PATH"
        return Source(f"{one_line(error.message)}; {moved}")
    if root.path != Path(path):
        return Source(f"{one_line(path)} leads elsewhere by a symbolic link")
    return _folder(named, root)


def bytes_of(source: Source, wanted: Mapping[int, NamedEntry]) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of each file that is found, by its number; they are those of its blob.

    Raises GitFailed.
    """
    left = dict(wanted)
    for look in (_among_objects, _on_disk, _as_checked_out):
        found = set()
        for number, data in look(source, left) if left else ():
            found.add(number)
            yield number, data
        left = {number: entry for number, entry in left.items() if number not in found}


def _among_objects(source: Source, wanted: Mapping[int, NamedEntry]) -> Iterator[tuple[int, bytes]]:
    numbers = _numbers(wanted)
    if source.root and source.root.is_git:
        for blob, data in read_blobs(source.root.path, list(numbers)):
            yield from ((number, data) for number in numbers[blob])
    for git_dir in source.kept:
        with ExitStack() as stack:
            held = lease(git_dir)
            if held is None:
                continue
            # Nobody may remove it meanwhile.
            stack.callback(held.end)
            for blob, data in read_blobs(git_dir, list(numbers), f"--git-dir={git_dir}"):
                yield from ((number, data) for number in numbers.pop(blob))


def _on_disk(source: Source, wanted: Mapping[int, NamedEntry]) -> Iterator[tuple[int, bytes]]:
    """Yield what was never committed, where it is as it was."""
    if source.root is None:
        return
    with FileReader(source.root.path) as reader:
        for number, entry in sorted(wanted.items(), key=lambda pair: pair[1].path):
            data = reader.read(entry.path).data
            if data is not None and _is_blob(data, entry.blob):
                yield number, data


def _as_checked_out(
    source: Source, wanted: Mapping[int, NamedEntry]
) -> Iterator[tuple[int, bytes]]:
    """Yield files whose line ends git converts, so that the blob on disk is in no commit."""
    if not (source.root and source.root.is_git and source.revision):
        return
    committed = committed_blobs(source.root.path, source.revision)
    entries = ((number, entry, committed.get(entry.path)) for number, entry in wanted.items())
    twins = {number: (entry, twin) for number, entry, twin in entries if twin}
    objects = dict(read_blobs(source.root.path, [twin for _, twin in twins.values()]))
    for number, (entry, twin) in twins.items():
        data = objects.get(twin, b"").replace(b"\n", b"\r\n")
        if _is_blob(data, entry.blob):
            yield number, data


def _numbers(wanted: Mapping[int, NamedEntry]) -> dict[str, list[int]]:
    """Return the numbers of the entries that show each blob."""
    numbers: dict[str, list[int]] = {}
    for number, entry in wanted.items():
        if entry.blob:
            numbers.setdefault(entry.blob, []).append(number)
    return numbers


def _is_blob(data: bytes, blob: str | None) -> bool:
    return blob is not None and blob_id(data, len(blob)) == blob
