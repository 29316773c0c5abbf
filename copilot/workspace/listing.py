"""The names of a root's files: from git's index and ignore rules, or by walking a plain folder."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot.workspace.contents import FileReader
from copilot.workspace.git import GitFailed, run_git
from copilot.workspace.ignore import IgnoreRules, parse_rules
from copilot.workspace.model import Root

_SYMLINK, _SUBMODULE = "120000", "160000"
# The rules in force in a folder, each file's with the folder it lies in; the innermost last.
_Rules = tuple[tuple[str, IgnoreRules], ...]


@dataclass(frozen=True)
class Listed:
    """A name found in a root. `left_out` is the reason if it is not to be read.

    `index_blob` is the object id git's index holds for it, None if untracked.
    """

    path: str
    origin: str
    index_blob: str | None = None
    left_out: str | None = None


@dataclass(frozen=True)
class Listing:
    """The names of one root, its commit, and the object ids of that commit's files."""

    files: tuple[Listed, ...]
    revision: str | None
    committed: dict[str, str]


def list_root(root: Root) -> Listing:
    """List a root's files. Raises GitFailed."""
    return _list_git(root.path) if root.is_git else _list_folder(root.path)


def _list_git(path: Path) -> Listing:
    tracked = _tracked(path)
    others = [_untracked(name) for name in _names(path, "--others", "--exclude-standard")]
    ignored = [
        Listed(name, "ignored", left_out="ignored by git's ignore rules")
        for name in _names(path, "--others", "--ignored", "--exclude-standard", "--directory")
    ]
    revision = _head(path)
    committed = _committed(path) if revision else {}
    return Listing((*tracked.values(), *others, *ignored), revision, committed)


def _tracked(path: Path) -> dict[str, Listed]:
    """Return the index by path; a file in conflict has several entries and is listed once."""
    tracked: dict[str, Listed] = {}
    for entry in _split(run_git(path, "ls-files", "--cached", "--stage", "-z")):
        facts, _, name = entry.partition("\t")
        mode, blob, _stage = facts.split(" ")
        tracked[name] = Listed(name, "tracked", blob, _mode_reason(mode))
    return tracked


def _mode_reason(mode: str) -> str | None:
    if mode == _SUBMODULE:
        return "submodule: a repository of its own"
    return "symbolic link, not followed" if mode == _SYMLINK else None


def _untracked(name: str) -> Listed:
    nested = "nested repository" if name.endswith("/") else None
    return Listed(name, "untracked", left_out=nested)


def _names(path: Path, *options: str) -> list[str]:
    return _split(run_git(path, "ls-files", "-z", *options))


def _head(path: Path) -> str | None:
    try:
        return run_git(path, "rev-parse", "--verify", "--quiet", "HEAD").decode("ascii").strip()
    except GitFailed as failure:
        if failure.status == 1:
            return None
        raise


def _committed(path: Path) -> dict[str, str]:
    blobs = {}
    for entry in _split(run_git(path, "ls-tree", "-r", "-z", "HEAD")):
        facts, _, name = entry.partition("\t")
        blobs[name] = facts.split(" ")[2]
    return blobs


def _split(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def _list_folder(path: Path) -> Listing:
    return Listing(tuple(_walk(path)), None, {})


def _walk(root: Path) -> Iterator[Listed]:
    """Yield what lies below a folder; an ignored folder is named once and not entered."""
    reader = FileReader(root)
    pending: list[tuple[str, _Rules]] = [("", ())]
    while pending:
        below, outer = pending.pop()
        try:
            entries = [e for e in os.scandir(root / below) if e.name != ".git"]
        except OSError as error:
            yield Listed(below, "in folder", left_out=f"cannot be opened: {error.strerror}")
            continue
        rules = (*outer, *_rules_of(reader, below, [entry.name for entry in entries]))
        for entry in entries:
            listed = _listed(below, entry, rules)
            if listed is None:
                pending.append((f"{below}{entry.name}/", rules))
            else:
                yield listed


def _listed(below: str, entry: os.DirEntry[str], rules: _Rules) -> Listed | None:
    """Return what a folder's entry is, or None for a folder to walk into."""
    name = below + entry.name
    is_folder = entry.is_dir(follow_symlinks=False)
    shown = f"{name}/" if is_folder else name
    if _ignored(shown, rules):
        return Listed(shown, "ignored", left_out="ignored by .gitignore")
    if is_folder:
        return None
    link = "symbolic link, not followed" if entry.is_symlink() else None
    return Listed(name, "in folder", left_out=link)


def _rules_of(
    reader: FileReader, below: str, names: Sequence[str]
) -> Iterator[tuple[str, IgnoreRules]]:
    if ".gitignore" not in names:
        return
    contents = reader.read(f"{below}.gitignore")
    if contents.data is not None:
        text = os.fsdecode(contents.data.removeprefix(codecs.BOM_UTF8))
        yield below, parse_rules(line.removesuffix("\r") for line in text.split("\n"))


def _ignored(name: str, rules: _Rules) -> bool:
    """Return the verdict of the deepest `.gitignore` that has one."""
    for below, own in reversed(rules):
        verdict = own.verdict(name.removeprefix(below))
        if verdict is not None:
            return verdict
    return False
