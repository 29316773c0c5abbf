"""Repositories elsewhere, kept on this machine: each commit in a bare repository of its own.

`<cache>/<name>-<hash of the URL>/<commit>/` is written once, beside, and renamed into its place;
`kept.json` there says which ref was which commit, and when. Who writes holds `<folder>.lock`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from copilot.errors import PolicyRefused, UsageError
from copilot.workspace.git import run_git
from copilot.workspace.remote_git import RemoteUnreachable, fetch, look_up
from copilot.workspace.remote_name import RemoteName, free_alias

PATIENCE_SECONDS = 600.0
_UNFINISHED = "fetch-"


@dataclass(frozen=True)
class KeptRepository:
    """A commit on this machine; `fetched` is when its server last named it (seconds, epoch).

    `stale` says why it serves though its server was not asked, and is empty if it was.
    """

    name: RemoteName
    revision: str
    git_dir: Path
    fetched: float
    stale: str = ""


class _Ref(msgspec.Struct, frozen=True):
    revision: str
    fetched: float


class _Record(msgspec.Struct, frozen=True):
    url: str
    refs: dict[str, _Ref] = {}


def _silent(_name: RemoteName) -> None:
    return


def keep(
    name: RemoteName,
    cache: Path,
    *,
    local_only: bool = False,
    fetching: Callable[[RemoteName], None] = _silent,
) -> KeptRepository:
    """Return the commit that a name means, fetched unless it is kept.

    A full commit id that is kept needs no network, a branch or tag is looked up each time; where
    the server cannot be reached, what is kept of it serves. With `local_only`, no other machine is
    asked. `fetching` is called before a commit is fetched, which may take long. Raises
    PolicyRefused, RemoteUnreachable, UsageError.
    """
    folder = _folder(cache, name.url)
    kept = _find(folder, name)
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
            return _refresh(folder, name, fetching)
        except RemoteUnreachable as error:
            if kept is None:
                raise
            return replace(kept, stale=error.message)


def kept_repositories(cache: Path) -> tuple[KeptRepository, ...]:
    """Return everything that is kept, by URL and ref."""
    found = []
    for file in sorted(cache.glob("*/kept.json")):
        record = _read(file.parent)
        for ref in sorted(record.refs):
            alias = free_alias(record.url, ())
            kept = _find(file.parent, RemoteName(alias, record.url, ref))
            found += [kept] if kept else []
    return tuple(sorted(found, key=lambda one: (one.name.url, one.name.ref)))


def forget(name: RemoteName, cache: Path) -> None:
    """Remove one ref of a repository, and the whole folder with the last one."""
    folder = _folder(cache, name.url)
    with _locked(folder):
        record = _read(folder)
        refs = {ref: facts for ref, facts in record.refs.items() if ref != name.ref}
        if refs:
            _write(folder, _Record(record.url, refs))
            _drop_unnamed(folder)
        else:
            _remove(folder)


def drop_superseded(name: RemoteName, cache: Path) -> None:
    """Remove the commits of a repository that no kept ref leads to any longer."""
    folder = _folder(cache, name.url)
    with _locked(folder):
        _drop_unnamed(folder)


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
    if not (git_dir / "HEAD").is_file():
        return None
    return KeptRepository(name, facts.revision, git_dir, facts.fetched)


def _refresh(
    folder: Path, name: RemoteName, fetching: Callable[[RemoteName], None]
) -> KeptRepository:
    """Ask the server, and fetch what is not kept; the lock is held."""
    for abandoned in folder.glob(f"{_UNFINISHED}*"):
        # The git of a killed process may still write there.
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as beside:
        git_dir = Path(beside) / "git"
        run_git(folder, "init", "--quiet", "--bare", "--template=", "--", str(git_dir))
        wanted = name.ref
        revision = name.ref
        if not name.is_commit:
            advertised = look_up(git_dir, name)
            wanted, revision = advertised.ref, advertised.object_id
        if not (folder / revision / "HEAD").is_file():
            fetching(name)
            revision = fetch(git_dir, name, wanted)
            _put(git_dir, folder / revision)
    kept = KeptRepository(name, revision, folder / revision, time.time())
    _record(folder, kept)
    return kept


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
        shutil.rmtree(place, ignore_errors=True)
        git_dir.rename(place)


def _read(folder: Path) -> _Record:
    """Return what is kept in a folder; a damaged record is as none, and is written anew."""
    try:
        return msgspec.json.decode((folder / "kept.json").read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return _Record("")


def _write(folder: Path, record: _Record) -> None:
    """Replace the record as a whole."""
    new = folder / "kept.json.new"
    new.write_bytes(msgspec.json.encode(record))
    new.replace(folder / "kept.json")


def _drop_unnamed(folder: Path) -> None:
    named = {facts.revision for facts in _read(folder).refs.values()}
    for place in folder.iterdir():
        if place.is_dir() and place.name not in named:
            _remove(place)


def _remove(place: Path) -> None:
    """Remove a folder so that it is never seen in part."""
    gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=place.parent))
    place.rename(gone / place.name)
    shutil.rmtree(gone)
