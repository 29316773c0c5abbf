"""The names of a root's files, from git's index and by git's ignore rules."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from copilot.workspace.attributes import ATTRIBUTES, Told, may_tell, read_attributes
from copilot.workspace.contents import FileReader
from copilot.workspace.git import BegunGit, run_git, run_git_warned
from copilot.workspace.model import Root
from copilot.workspace.special import Found, Signature, look_around, refuse_pipes
from copilot.workspace.vendored import folders_above

OWN_RULES = ".copilotignore"
BY_OWN_RULES = f"left out by {OWN_RULES}"
_SYMLINK, _SUBMODULE = "120000", "160000"
# How each reason begins that leaves a submodule out.
SUBMODULE = "submodule: "
_NESTED, _SUBMODULE_REASON = "nested repository", f"{SUBMODULE}a repository of its own"
# The tag of an entry that is not to be on disk.
_SKIPPED = "S"
_SHUT_FOLDER = re.compile(r"^warning: could not open directory '(.+)': (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Listed:
    """A name found in a root. `left_out` is the reason if it is not to be read.

    `index_blob` is the object id git's index holds for it, None if untracked; `denied` marks a
    folder that the system refused to open; `sparse` a file that a sparse checkout leaves out.
    """

    path: str
    origin: str
    index_blob: str | None = None
    left_out: str | None = None
    denied: bool = False
    sparse: bool = False

    @property
    def is_repository(self) -> bool:
        """Whether this names a repository of its own."""
        return self.left_out == _NESTED or (self.left_out or "").startswith(SUBMODULE)


@dataclass(frozen=True)
class Listing:
    """The names of one root, its commit, the object ids of that commit's files, and what attributes
    tell of the files that were tracked, or of all where nothing is.

    `signatures` are those of files that were there a moment ago, if they were asked for.
    """

    files: tuple[Listed, ...]
    revision: str | None
    committed: Mapping[str, str]
    told: dict[str, Told] = field(default_factory=dict)
    branch: str | None = None
    signatures: Mapping[str, Signature | None] = field(default_factory=dict)


def list_root(root: Root, *, signed: bool = False) -> Listing:
    """List a root's files. Raises GitFailed, or UsageError where git would wait for ever."""
    if (root.path / ".git").is_dir():
        refuse_pipes(root.path / ".git")
    list_one = _list_git if root.is_git else _list_folder
    listing, found = list_one(root.path, signed=signed)
    known = {file.path for file in listing.files}
    named = (
        Listed(name, "special", left_out="not a regular file")
        for name in found.special
        if known.isdisjoint((name, *folders_above(name)))
    )
    files = (as_told(file, root) for file in listing.files)
    return replace(listing, files=(*files, *named), signatures=found.files if signed else {})


def submodule_paths(path: Path) -> list[str]:
    """Return the paths of a root's submodules, as the index has them. Raises GitFailed."""
    return [file.path for file in _tracked(path).values() if file.left_out == _SUBMODULE_REASON]


def as_told(file: Listed, root: Root) -> Listed:
    """Return the file; a submodule with what the root says of it."""
    if not root.submodules or file.left_out != _SUBMODULE_REASON:
        return file
    return replace(file, left_out=root.submodules.get(file.path, file.left_out))


def _list_git(path: Path, *, signed: bool) -> tuple[Listing, Found]:
    # git does the work, so that its calls can run side by side.
    with ThreadPoolExecutor(max_workers=4) as pool:
        tracked = pool.submit(_tracked, path)
        commit = begin_commit(path)
        # Whatever looks at the files' own rules waits until none of those is a pipe.
        found = look_around(path, signed=signed)
        names = tracked.result()
        told = pool.submit(_told, path, names, found)
        rest: tuple[Listed, ...] = ()
        if not (found.is_plain and found.files.keys() <= names.keys()):
            ignored = pool.submit(lambda: tuple(_ignored(path)))
            rest = (*_untracked(path, "untracked"), *ignored.result())
        files = (*names.values(), *rest)
        revision, branch, committed = commit()
    files = _without_own(path, files)
    unread = {file.path for file in files if file.left_out}
    known = {name: one for name, one in told.result().items() if name not in unread}
    return Listing(files, revision, committed, known, branch), found


def _told(path: Path, tracked: Mapping[str, Listed], found: Found) -> dict[str, Told]:
    """Return what attributes tell of tracked files; most often none is set that matters here."""
    sources = [name for name in (*tracked, *found.files) if name.endswith(ATTRIBUTES)]
    if found.files.keys() >= set(sources) and (path / ".git").is_dir():
        with FileReader(path) as reader:
            texts = [reader.read(source).data for source in sorted(set(sources))]
        texts.append(_read(path / ".git/info/attributes"))
        if not any(text is None or may_tell(text) for text in texts):
            return {}
    return attributes_of(path, tracked.values())


def _read(file: Path) -> bytes | None:
    """Return a file's bytes, nothing if it is not there, None if it cannot be read."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError:
        return None


def attributes_of(path: Path, files: Iterable[Listed], *as_if: str) -> dict[str, Told]:
    """Return what attributes tell of files that are to be read. Raises GitFailed."""
    with FileReader(path) as reader:
        asked = (
            file.path
            for file in files
            if file.left_out is None and reader.is_inside(file.path.rpartition("/")[0])
        )
        return read_attributes(path, asked, *as_if)


def _list_folder(path: Path, *, signed: bool) -> tuple[Listing, Found]:
    """List a folder outside git: all that git would not ignore, if it were a repository."""
    found = look_around(path, signed=signed)
    with as_work_tree(path) as as_if:
        files = (*_untracked(path, "in folder", *as_if), *_ignored(path, *as_if))
        files = _without_own(path, files, *as_if)
        has_attributes = any(file.path.endswith(ATTRIBUTES) for file in files)
        told = attributes_of(path, files, *as_if) if has_attributes else {}
        return Listing(files, None, {}, told), found


@contextmanager
def as_work_tree(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield flags with which git takes a folder for the work tree of an empty repository."""
    with tempfile.TemporaryDirectory(prefix="copilot-") as empty:
        run_git(Path(empty), "init", "--quiet")
        yield f"--git-dir={empty}/.git", f"--work-tree={path}"


def _without_own(path: Path, files: tuple[Listed, ...], *as_if: str) -> tuple[Listed, ...]:
    """Leave out what the repository's `.copilotignore` files do."""
    if not _has_own_rules(path, files):
        return files
    matched = matched_by_own_rules(path, *as_if)
    return tuple(_unless_matched(file, matched) for file in files)


def _has_own_rules(path: Path, files: Iterable[Listed]) -> bool:
    """Tell whether a `.copilotignore` lies below a root, or above it in its repository."""
    if any(file.path.endswith(OWN_RULES) for file in files):
        return True
    above = [] if (path / ".git").exists() else path.parents
    for folder in above:
        if (folder / OWN_RULES).is_file():
            return True
        if (folder / ".git").exists():
            return False
    return False


def matched_by_own_rules(
    path: Path, *as_if: str, environment: Mapping[str, str] | None = None
) -> Set[str]:
    """Return the names that the `.copilotignore` files of a work tree leave out.

    A folder left out as a whole ends in `/`. `as_if` are flags that make git take `path` for a
    work tree. Raises GitFailed.
    """
    rules = ("--ignored", f"--exclude-per-directory={OWN_RULES}")
    ways = (("--cached",), ("--others", "--directory"))
    asked = ((*as_if, "ls-files", "-z", *way, *rules) for way in ways)
    printed = (run_git(path, *one, environment=environment) for one in asked)
    return {name for names in printed for name in _split(names)}


def _unless_matched(file: Listed, matched: Set[str]) -> Listed:
    """Return the file, left out if its name or that of a folder above it is among `matched`."""
    if file.left_out or matched.isdisjoint((file.path, *folders_above(file.path))):
        return file
    return replace(file, left_out=BY_OWN_RULES)


def _untracked(path: Path, origin: str, *as_if: str) -> Iterator[Listed]:
    """Yield the files that git neither tracks nor ignores, and the folders it cannot open."""
    names, warnings = run_git_warned(
        path, *as_if, "ls-files", "-z", "--others", "--exclude-standard"
    )
    for name in _split(names):
        nested = _NESTED if name.endswith("/") else None
        yield Listed(name, origin, left_out=nested)
    for name, reason in _SHUT_FOLDER.findall(warnings):
        shut = f"cannot be opened: {reason}"
        yield Listed(f"{name.rstrip('/')}/", origin, left_out=shut, denied=True)


def _ignored(path: Path, *as_if: str) -> Iterator[Listed]:
    """Yield what git ignores, by the name of a whole folder where it can."""
    ignored = ("--others", "--ignored", "--exclude-standard", "--directory")
    for name in _outermost(_split(run_git(path, *as_if, "ls-files", "-z", *ignored))):
        yield Listed(name, "ignored", left_out="ignored by git's ignore rules")


def _outermost(names: list[str]) -> Iterator[str]:
    """Yield the names that lie in no folder named too."""
    folder = None
    for name in sorted(names):
        if folder is None or not name.startswith(folder):
            folder = name if name.endswith("/") else None
            yield name


def _tracked(path: Path) -> dict[str, Listed]:
    """Return the index by path; a file in conflict has several entries and is listed once."""
    tracked: dict[str, Listed] = {}
    for entry in _split(run_git(path, "ls-files", "--cached", "--stage", "-t", "-z")):
        facts, _, name = entry.partition("\t")
        tag, mode, blob, _stage = facts.split(" ")
        sparse = tag == _SKIPPED
        left_out = mode_reason(mode) or name_reason(name)
        tracked[name] = Listed(name, "tracked", blob, left_out, sparse=sparse)
    return tracked


def mode_reason(mode: str) -> str | None:
    if mode == _SUBMODULE:
        return _SUBMODULE_REASON
    return "symbolic link, not followed" if mode == _SYMLINK else None


def name_reason(name: str) -> str | None:
    """Refuse what git would never put into an index, but a hostile hand can."""
    parts = set(name.casefold().split("/"))
    return None if parts.isdisjoint(("", ".", "..", ".git")) else "no path below the root"


# The commit, its branch, and the object ids of its files; None before the first one.
Commit: TypeAlias = tuple[str | None, str | None, Mapping[str, str]]


def begin_commit(path: Path) -> Callable[[], Commit]:
    """Have git tell what is checked out; what is returned ends that. Both raise GitFailed."""
    head = BegunGit(path, "rev-parse", "--revs-only", "HEAD", "--symbolic-full-name", "HEAD")
    files = BegunGit(path, "ls-tree", "-r", "-z", "HEAD")

    def end() -> Commit:
        revision, _, branch = os.fsdecode(head.end()).rstrip("\n").partition("\n")
        committed = _committed(files.end()) if revision else {}
        return revision or None, branch if branch.startswith("refs/") else None, committed

    return end


# The same commit is read again and again.
@lru_cache(maxsize=1)
def _committed(printed: bytes) -> Mapping[str, str]:
    blobs = {}
    for entry in _split(printed):
        facts, _, name = entry.partition("\t")
        blobs[name] = facts.split(" ")[2]
    return blobs


def _split(output: bytes) -> list[str]:
    # Decoded at once: no character of a name goes on behind the zero.
    return [name for name in os.fsdecode(output).split("\0") if name]
