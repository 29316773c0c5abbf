"""git's comparison of two states, told the same whatever its settings and attributes are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from copilot.errors import UsageError
from copilot.text import one_line
from copilot.workspace.contents import MAX_FILE_BYTES, FileReader
from copilot.workspace.diffs import DiffFile, Status
from copilot.workspace.git import GitFailed, run_git
from copilot.workspace.objects import read_blobs
from copilot.workspace.patch_text import PatchPart, read_patch
from copilot.workspace.special import look_around

# The plumbing heeds few settings; those that bend a patch are set here.
_SETTINGS = (
    *("-c", "core.quotePath=true"),
    *("-c", "diff.suppressBlankEmpty=false"),
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", f"core.bigFileThreshold={MAX_FILE_BYTES}"),
)
_OPTIONS = (
    *("--raw", "--patch", "-z", "--full-index", "--unified=3", "--inter-hunk-context=0"),
    *("--find-renames", "--find-copies", "--no-rename-empty", "-l1000", "--diff-algorithm=myers"),
    *("--indent-heuristic", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--submodule=short", "--ignore-submodules=dirty", "--ita-invisible-in-index"),
    *("--src-prefix=a/", "--dst-prefix=b/", f"-O{os.devnull}"),
)
# Else this one goes before the options.
_VARIABLES = {"GIT_DIFF_OPTS": ""}
_SUBMODULE, _NOTHING = "160000", "000000"
_STATUS: Mapping[str, Status] = {
    "A": "added",
    "C": "copied",
    "D": "deleted",
    "R": "renamed",
    "U": "unmerged",
}
# As far as git looks for a byte that no text has.
_SNIFF_BYTES = 8000
_PATHS_AT_ONCE = 200


@dataclass(frozen=True)
class Place:
    """A root as git finds it: its git folder, and its path below the top, with `/` at the end."""

    root: Path
    git_dir: str
    prefix: str


@dataclass(frozen=True)
class Comparison:
    """What git is asked: a command with the ends that it compares, and its environment.

    `on_disk` says that one of the ends is the work tree.
    """

    place: Place
    command: tuple[str, ...]
    ends: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    on_disk: bool = False


def compare(asked: Comparison) -> list[DiffFile]:
    """Return the files that differ. Raises GitFailed.

    Raises UsageError where a pipe or a device lies in the place of a file: git would wait for it.
    """
    if asked.on_disk:
        _refuse_special(asked.place.root)
        asked = replace(asked, environment=without_filters(asked.place.root))
    files = _told(asked)
    hidden = _hidden([file for file in files if file.is_binary], asked)
    if not hidden:
        return files
    shown = {file.path: file for file in _shown(hidden, asked)}
    return [shown.get(file.path, file) for file in files]


def _told(asked: Comparison, *more: str, paths: Sequence[str] = ()) -> list[DiffFile]:
    place = asked.place
    with ExitStack() as stack:
        where: tuple[str, ...] = ()
        if not asked.on_disk:
            # Else git would look there for attributes.
            empty = stack.enter_context(tempfile.TemporaryDirectory(prefix="copilot-"))
            where = (f"--git-dir={place.git_dir}", f"--work-tree={empty}")
        relative = (f"--relative={place.prefix}",) if place.prefix else ()
        flags = (*where, *_SETTINGS, *asked.command, *_OPTIONS, *relative, *more)
        command = (*flags, *asked.ends, "--", *paths)
        environment = {**_VARIABLES, **asked.environment}
        printed = run_git(place.root, *command, environment=environment)
    raw, _, patch = printed.partition(b"\0\0")
    return list(_joined(_records(raw), read_patch(patch)))


def _shown(hidden: Sequence[DiffFile], asked: Comparison) -> Iterator[DiffFile]:
    """Yield texts as such that attributes take for binary."""
    above = "" if asked.on_disk else asked.place.prefix
    for start in range(0, len(hidden), _PATHS_AT_ONCE):
        some = hidden[start : start + _PATHS_AT_ONCE]
        paths = chain.from_iterable((file.path, file.old_path) for file in some)
        named = tuple(f"{above}{path}" for path in paths if path is not None)
        wanted = {file.path for file in some}
        told = _told(asked, "--text", paths=named)
        yield from (file for file in told if file.path in wanted)


def _hidden(binary: Sequence[DiffFile], asked: Comparison) -> list[DiffFile]:
    """Return files whose difference git would show itself, if no attribute spoke against it."""
    root = asked.place.root
    ids = {one for file in binary for one in (file.old_blob, file.blob) if one}
    known = {one: _is_text(data) for one, data in read_blobs(root, sorted(ids))}
    with FileReader(root) as reader:
        if asked.on_disk:
            on_disk = (file for file in binary if file.blob and file.blob not in known)
            known |= {file.blob or "": _is_text(reader.read(file.path).data) for file in on_disk}
    sides = ((file, [one for one in (file.old_blob, file.blob) if one]) for file in binary)
    return [file for file, blobs in sides if all(known.get(one) for one in blobs)]


def _is_text(data: bytes | None) -> bool:
    return data is not None and b"\0" not in data[:_SNIFF_BYTES]


def _records(raw: bytes) -> Iterator[DiffFile]:
    """Yield the files of git's raw format, without hunks."""
    fields = iter(raw.split(b"\0"))
    for facts in fields:
        if not facts.startswith(b":"):
            continue
        old_mode, mode, old_blob, blob, letter = facts[1:].decode("ascii").split(" ")
        names = [os.fsdecode(next(fields)) for _ in range(2 if letter[0] in "RC" else 1)]
        yield DiffFile(
            path=names[-1],
            old_path=names[0] if len(names) == 2 else None,
            status=_status(letter[0], old_mode, mode),
            old_mode="" if old_mode == _NOTHING else old_mode,
            mode="" if mode == _NOTHING else mode,
            is_binary=False,
            old_blob=old_blob if old_blob.strip("0") else None,
            blob=blob if blob.strip("0") else None,
            hunks=(),
        )


def _status(letter: str, old_mode: str, mode: str) -> Status:
    if letter != "U" and _SUBMODULE in {old_mode, mode}:
        return "submodule"
    return _STATUS.get(letter, "modified")


def _joined(records: Iterator[DiffFile], parts: list[PatchPart]) -> Iterator[DiffFile]:
    """Yield the files with what the patch says of them, but not those that only look changed."""
    of: dict[str, list[PatchPart]] = {}
    for part in parts:
        of.setdefault(part.name, []).append(part)
    for file in records:
        mine = of.get(file.path, [])
        hunks = tuple(hunk for part in mine for hunk in part.hunks)
        is_binary = any(part.is_binary for part in mine)
        told = replace(file, is_binary=is_binary, hunks=hunks, blob=file.blob or _blob(mine))
        if file.status != "modified" or hunks or is_binary:
            yield told
        elif file.old_mode != file.mode:
            yield replace(told, status="mode", blob=told.blob or file.old_blob)
        elif file.blob and file.blob != file.old_blob:
            yield told


def _blob(parts: Sequence[PatchPart]) -> str | None:
    """Return the id that git gave to contents on disk."""
    for part in reversed(parts):
        blob = part.fields.get("index", "").partition("..")[2].partition(" ")[0]
        if blob.strip("0"):
            return blob
    return None


def _refuse_special(root: Path) -> None:
    special = set(look_around(root).special)
    if not special:
        return
    tracked = run_git(root, "ls-files", "-z").split(b"\0")
    if named := sorted(special.intersection(map(os.fsdecode, tracked))):
        where = f"{one_line(named[0])} in {one_line(str(root))}"
        raise UsageError(f"{where} is no regular file", "remove it")


def without_filters(root: Path) -> dict[str, str]:
    """Return variables that take away the programs which git would run on files from disk."""
    try:
        listed = run_git(root, "config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    except GitFailed:
        return {}
    names = {os.fsdecode(key).rpartition(".")[0] for key in listed.split(b"\0") if key}
    settings = [
        (f"{name}.{key}", value)
        for name in sorted(names)
        for key, value in (("clean", ""), ("process", ""), ("required", "false"))
    ]
    told = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        told |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return told
