"""A repository as it is in its index or in a commit; the work tree is not looked at."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from copilot.workspace.attributes import ATTRIBUTES, Told, may_tell, read_attributes
from copilot.workspace.git import run_git
from copilot.workspace.inherited import index_of
from copilot.workspace.listing import (
    BY_OWN_RULES,
    OWN_RULES,
    Listed,
    Listing,
    as_told,
    begin_commit,
    mode_reason,
    name_reason,
)
from copilot.workspace.model import Root
from copilot.workspace.object_reader import read_in_order
from copilot.workspace.own_rules import matched_by_texts
from copilot.workspace.special import Signature, blob_signature
from copilot.workspace.vendored import folders_above

INDEX = "index"
_EVERYTHING = b"*\n"
_UNMERGED = "in conflict: no text is staged"


@dataclass(frozen=True)
class _Index:
    """An index that git is asked about: flags and variables that name it, the root's place in it.

    `prefix` is the root's path below the top, with `/` at its end.
    """

    root: Path
    git_dir: str
    prefix: str
    environment: Mapping[str, str]


def list_state(root: Root, *, signed: bool = False) -> Listing:
    """List a root's files as its `state` has them. Raises GitFailed.

    `signed` gives each file a signature by its blob.
    """
    commit = begin_commit(root.path) if root.state == INDEX else None
    with _index(root) as index:
        everything = _entries(index)
        below = _below(everything, index.prefix)
        matched = _matched(everything, index)
        told = _told(everything, below, index)
    if matched:
        below = [_unless(file, matched) for file in below]
    files = tuple(as_told(file, root) for file in below)
    blobs = {file.path: file.index_blob for file in files if file.index_blob}
    revision, branch, committed = commit() if commit else (root.state, None, blobs)
    signatures: dict[str, Signature | None] = {}
    if signed:
        signatures = {path: blob_signature(blob) for path, blob in blobs.items()}
    return Listing(files, revision, committed, told, branch, signatures)


@contextmanager
def _index(root: Root) -> Iterator[_Index]:
    """Yield the index of a root's state: that of the repository, or one made for a commit."""
    printed = run_git(root.path, "rev-parse", "--absolute-git-dir", "--show-prefix")
    git_dir, prefix = os.fsdecode(printed.removesuffix(b"\n")).rsplit("\n", 1)
    if root.state == INDEX:
        yield _Index(root.path, git_dir, prefix, index_of(root.path))
        return
    with tempfile.TemporaryDirectory(prefix="copilot-") as folder:
        environment = {"GIT_INDEX_FILE": f"{folder}/index"}
        whole = ("-c", "core.sparseCheckout=false", "-c", "index.sparse=false")
        command = (*whole, "read-tree", root.state or "")
        run_git(root.path, *command, environment=environment)
        yield _Index(root.path, git_dir, prefix, environment)


def _entries(index: _Index) -> dict[str, Listed]:
    """Return all that an index holds, by path from the top of the repository."""
    command = ("ls-files", "--cached", "--stage", "-t", "-z", "--full-name")
    # From the top, wherever the root lies.
    where = (f"--git-dir={index.git_dir}", f"--work-tree={index.root}")
    printed = run_git(index.root, *where, *command, environment=index.environment)
    listed = map(_listed, printed.split(b"\0")[:-1])
    return {file.path: file for file in listed}


# Of one state and the next, most entries are the same.
@lru_cache(maxsize=100_000)
def _listed(entry: bytes) -> Listed:
    facts, _, name = os.fsdecode(entry).partition("\t")
    tag, mode, blob, stage = facts.split(" ")
    why = mode_reason(mode) or name_reason(name) or (_UNMERGED if stage != "0" else None)
    return Listed(name, "tracked", blob, why, sparse=tag == "S")


def _below(entries: Mapping[str, Listed], prefix: str) -> list[Listed]:
    if not prefix:
        return list(entries.values())
    inside = (file for path, file in entries.items() if path.startswith(prefix))
    return [replace(file, path=file.path.removeprefix(prefix)) for file in inside]


def _matched(entries: Mapping[str, Listed], index: _Index) -> set[str]:
    """Return the names below the root that the `.copilotignore` files leave out."""
    rules = _readable(entries.values(), OWN_RULES)
    if not rules:
        return set()
    texts = zip((file.path for file in rules), _texts(rules, index), strict=True)
    # Rules that cannot be read may leave out anything beside them.
    known = ((path, _EVERYTHING if data is None else data) for path, data in texts)
    matched = matched_by_texts(index.git_dir, known, index.environment)
    inside = (name for name in matched if name.startswith(index.prefix))
    return {name.removeprefix(index.prefix) for name in inside}


def _readable(files: Iterable[Listed], name: str) -> list[Listed]:
    named = [f for f in files if f.path.endswith(name)]
    return [f for f in named if f.path.rpartition("/")[2] == name and f.left_out is None]


def _texts(files: Iterable[Listed], index: _Index) -> list[bytes | None]:
    ids = [file.index_blob or "" for file in files]
    with closing(read_in_order(index.root, ids)) as contents:
        return [one.data for one in contents]


def _unless(file: Listed, matched: set[str]) -> Listed:
    if file.left_out or matched.isdisjoint((file.path, *folders_above(file.path))):
        return file
    return replace(file, left_out=BY_OWN_RULES)


def _told(entries: Mapping[str, Listed], below: Iterable[Listed], index: _Index) -> dict[str, Told]:
    """Return what attributes tell of the files; most often none is set that matters here."""
    sources = _readable(entries.values(), ATTRIBUTES)
    texts = [*_texts(sources, index), _own_attributes(Path(index.git_dir))]
    if not any(text is None or may_tell(text) for text in texts):
        return {}
    asked = (file.path for file in below if file.left_out is None)
    return read_attributes(index.root, asked, is_cached=True, environment=index.environment)


def _own_attributes(git_dir: Path) -> bytes | None:
    """Return the attributes that a repository keeps for itself, None where git must be asked."""
    # A linked work tree has them where it has most else: in the folder of the first one.
    if (git_dir / "commondir").exists():
        return None
    try:
        return (git_dir / "info/attributes").read_bytes()
    except FileNotFoundError:
        return b""
    except OSError:
        return None
