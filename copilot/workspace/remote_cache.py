"""Repositories elsewhere, kept on this machine: each commit in a bare repository of its own.

`<cache>/<name>-<hash of the URL>/<commit>/` is written once, beside, and renamed into its place;
`kept.json` there says which ref was which commit, and when. Who writes or removes holds
`<folder>.lock`, who reads a commit holds its folder. What no ref leads to is removed by the next
who writes there, and so is what a killed process left, unless somebody holds it.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from copilot.errors import PolicyRefused, UsageError
from copilot.workspace.git import run_git
from copilot.workspace.remote_git import Line, RemoteUnreachable, fetch, look_up
from copilot.workspace.remote_lease import GONE, Lease, discard, lease
from copilot.workspace.remote_name import RemoteName, free_alias
from copilot.workspace.remote_watch import USUAL, Bounds, Progress, bytes_below

PATIENCE_SECONDS = 600.0
_UNFINISHED = "fetch-"
_RECORD = "kept.json"
_TRIES, _PAUSE_SECONDS = 50, 0.02


@dataclass(frozen=True)
class KeptRepository:
    """A commit on this machine; `fetched` is when its server last named it (seconds, epoch).

    `stale` says why it serves though its server was not asked, and is empty if it was. Nobody
    removes the commit while `lease` lives.
    """

    name: RemoteName
    revision: str
    git_dir: Path
    fetched: float
    stale: str = ""
    lease: Lease | None = field(default=None, compare=False, repr=False)


# Called before a commit is fetched, and left when it is here or cannot be had.
Fetching = Callable[[RemoteName], AbstractContextManager[Progress | None]]


class _Ref(msgspec.Struct, frozen=True):
    revision: str
    fetched: float


class _Record(msgspec.Struct, frozen=True):
    url: str
    refs: dict[str, _Ref] = {}


@contextmanager
def _silent(_name: RemoteName) -> Iterator[None]:
    yield


def keep(
    name: RemoteName,
    cache: Path,
    *,
    local_only: bool = False,
    fetching: Fetching = _silent,
    bounds: Bounds = USUAL,
) -> KeptRepository:
    """Return the commit that a name means, fetched unless it is kept.

    A full commit id that is kept needs no network, a branch or tag is looked up each time; where
    the server cannot be reached, what is kept of it serves. With `local_only`, no other machine is
    asked. A server that goes beyond `bounds` is given up. Raises PolicyRefused, RemoteUnreachable,
    UsageError.
    """
    folder = _folder(cache, name.url)
    kept = _find(folder, name)
    if kept:
        # What was used least lately is the first to go.
        with suppress(OSError):
            os.utime(kept.git_dir)
    if kept and name.is_commit:
        _note(folder, kept)
        return kept
    if local_only and not name.is_here:
        if kept:
            return replace(kept, stale="local_only is set")
        raise PolicyRefused(
            f"local_only is set, and {name.shown} is not kept on this machine",
            f"unset it once for: copilot repos add {name.shown}",
        )
    with _locked(folder):
        try:
            fresh = _refresh(folder, name, fetching, bounds)
        except RemoteUnreachable as error:
            if kept is None:
                raise
            return replace(kept, stale=error.message)
        if kept and kept.lease:
            kept.lease.end()
        _drop_unnamed(folder)
        return fresh


def kept_repositories(cache: Path) -> tuple[KeptRepository, ...]:
    """Return everything that is kept, by URL and ref; none of it is held."""
    found = []
    for file in sorted(cache.glob(f"*/{_RECORD}")):
        record = _read(file.parent)
        for ref in sorted(record.refs):
            alias = free_alias(record.url, ())
            kept = _find(file.parent, RemoteName(alias, record.url, ref))
            found += [replace(kept, lease=None)] if kept else []
    return tuple(sorted(found, key=lambda one: (one.name.url, one.name.ref)))


def forget(name: RemoteName, cache: Path) -> None:
    """Remove one ref of a repository, and with the last one all that is kept of it."""
    folder = _folder(cache, name.url)
    with _locked(folder):
        record = _read(folder)
        refs = {ref: facts for ref, facts in record.refs.items() if ref != name.ref}
        if refs:
            _write(folder, _Record(record.url, refs))
        else:
            (folder / _RECORD).unlink(missing_ok=True)
        _drop_unnamed(folder)
        _drop_empty(folder)


def tidy(cache: Path) -> None:
    """Remove what nothing kept leads to any longer, and what killed processes left."""
    for folder in _folders(cache):
        # Who fetches there will do the same.
        with suppress(Timeout), FileLock(f"{folder}.lock", timeout=0):
            _drop_unnamed(folder)
            _drop_empty(folder)


def shrink(cache: Path, most_bytes: int, used: Collection[RemoteName]) -> list[RemoteName]:
    """Forget what was used least lately, until no more is kept; return what went.

    What is `used` at the moment stays, even if it is more.
    """
    places = {(name.url, name.ref) for name in used}
    kept = sorted(kept_repositories(cache), key=lambda one: one.git_dir.stat().st_mtime)
    sizes = {one.git_dir: bytes_below(one.git_dir) for one in kept}
    gone = []
    for one in kept:
        if sum(sizes.values()) <= most_bytes:
            break
        if (one.name.url, one.name.ref) not in places:
            forget(one.name, cache)
            gone.append(one.name)
            sizes = {place: size for place, size in sizes.items() if place.exists()}
    return gone


def _folder(cache: Path, url: str) -> Path:
    digest = hashlib.sha256(url.encode()).hexdigest()[:20]
    return cache / f"{free_alias(url, ())[:60]}-{digest}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of one repository's folder, and make the folder."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock", timeout=PATIENCE_SECONDS):
            folder.mkdir(mode=0o700, exist_ok=True)
            yield
    except Timeout as error:
        raise UsageError(
            f"another copilot has been fetching into {folder} for long", "try again later"
        ) from error


def _find(folder: Path, name: RemoteName) -> KeptRepository | None:
    refs = _read(folder).refs
    facts = refs.get(name.ref)
    if facts is None and name.is_commit:
        same = (other for other in refs.values() if other.revision == name.ref)
        facts = next(same, None)
    if facts is None or not re.fullmatch(r"[0-9a-f]{40,64}", facts.revision):
        return None
    git_dir = folder / facts.revision
    held = lease(git_dir)
    if held is None or not (git_dir / "HEAD").is_file():
        return None
    return KeptRepository(name, facts.revision, git_dir, facts.fetched, lease=held)


def _refresh(folder: Path, name: RemoteName, fetching: Fetching, bounds: Bounds) -> KeptRepository:
    """Ask the server, and fetch what is not kept; the lock is held."""
    for left in _folders(folder):
        if left.name.startswith((_UNFINISHED, GONE)):
            discard(left)
    with _beside(folder) as (git_dir, held):
        run_git(folder, "init", "--quiet", "--bare", "--template=", "--", str(git_dir))
        line = Line(held, bounds)
        wanted = name.ref
        revision = name.ref
        if not name.is_commit:
            advertised = look_up(git_dir, name, line)
            wanted, revision = advertised.ref, advertised.object_id
        if not (folder / revision / "HEAD").is_file():
            with fetching(name) as progress:
                revision = fetch(git_dir, name, wanted, replace(line, progress=progress))
            _put(git_dir, folder / revision)
    place = folder / revision
    kept = KeptRepository(name, revision, place, time.time(), lease=lease(place))
    _record(folder, kept)
    return kept


@contextmanager
def _beside(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield a place for a repository, and a descriptor that holds it; it is gone afterwards."""
    beside = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    held = lease(beside)
    try:
        if held is None:
            raise UsageError(f"{beside} cannot be locked", "keep your cache folder on this machine")
        yield beside / "git", held.descriptor
    finally:
        if held is not None:
            held.end()
        _discard_soon(beside)


def _discard_soon(folder: Path) -> None:
    """Remove a folder as soon as the processes that were ended have let it go."""
    for _ in range(_TRIES):
        if discard(folder):
            return
        time.sleep(_PAUSE_SECONDS)


def _note(folder: Path, kept: KeptRepository) -> None:
    """Record a commit named by its id that was fetched under another name."""
    if kept.name.ref not in _read(folder).refs:
        with _locked(folder):
            _record(folder, kept)


def _record(folder: Path, kept: KeptRepository) -> None:
    refs = {**_read(folder).refs, kept.name.ref: _Ref(kept.revision, kept.fetched)}
    _write(folder, _Record(kept.name.url, refs))


def _put(git_dir: Path, place: Path) -> None:
    if not (place / "HEAD").is_file():
        discard(place)
        git_dir.rename(place)


def _read(folder: Path) -> _Record:
    """Return what is kept in a folder; a damaged record is as none, and is written anew."""
    try:
        return msgspec.json.decode((folder / _RECORD).read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return _Record("")


def _write(folder: Path, record: _Record) -> None:
    """Replace the record as a whole."""
    new = folder / f"{_RECORD}.new"
    new.write_bytes(msgspec.json.encode(record))
    new.replace(folder / _RECORD)


def _drop_unnamed(folder: Path) -> None:
    """Remove what no ref leads to and nobody holds; the lock is held."""
    named = {facts.revision for facts in _read(folder).refs.values()}
    for place in _folders(folder):
        if place.name not in named:
            discard(place)


def _drop_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _folders(place: Path) -> list[Path]:
    found = place.iterdir() if place.is_dir() else ()
    return [path for path in found if path.is_dir() and not path.is_symlink()]
