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
from copilot.workspace.contents import MAX_FILE_BYTES, FileReader, read_file
from copilot.workspace.diffs import DiffFile, Status
from copilot.workspace.encoded import hunks_of
from copilot.workspace.encodings import is_marked
from copilot.workspace.git import GitFailed, run_git
from copilot.workspace.objects import begins_as_text, large_texts, read_blobs
from copilot.workspace.patch_text import HUNK_OPTIONS, PatchPart, read_patch
from copilot.workspace.special import look_around

# Of a large file a small part may have changed; what changed may be no more than a prompt shows.
_MOST_COMPARED_BYTES = 64 * 1024 * 1024
_MOST_CHANGED_BYTES = MAX_FILE_BYTES
_PART = b"diff --git "
# The plumbing heeds few settings; those that bend a patch are set here.
_SETTINGS = (
    *("-c", "core.quotePath=true"),
    *("-c", "diff.suppressBlankEmpty=false"),
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", f"core.bigFileThreshold={_MOST_COMPARED_BYTES}"),
)
_OPTIONS = (
    *("--raw", "--patch", "-z", "--full-index", *HUNK_OPTIONS),
    *("--find-renames", "--find-copies", "--no-rename-empty", "-l1000"),
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
    binary = [file for file in files if file.is_binary]
    if not binary:
        return files
    facts = _facts(binary, asked)
    hidden = [file for file in binary if facts.texts.issuperset(_ids(file))]
    large = {file.path for file in hidden if not facts.too_large.isdisjoint(_ids(file))}
    shown = {f.path: f for f in _shown([f for f in hidden if f.path not in large], asked)}
    shown |= {path: replace(f, is_large=True) for f in hidden if (path := f.path) in large}
    shown |= {file.path: file for file in _decoded(binary, facts, asked)}
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
    return list(_joined(_records(raw), list(_parts_of(patch))))


def _parts_of(patch: bytes) -> Iterator[PatchPart]:
    """Yield the parts of git's patch; of one that is too large no hunks."""
    start = 0
    while start < len(patch):
        # No line of a file's contents begins so: a sign stands before each.
        end = patch.find(b"\n" + _PART, start) + 1 or len(patch)
        is_large = end - start > _MOST_CHANGED_BYTES
        head = patch.find(b"\n@@ ", start, end) + 1 if is_large else end
        for part in read_patch(patch[start : head or end]):
            part.is_large = is_large
            yield part
        start = end


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


@dataclass
class _Facts:
    """What is known of contents that git takes for binary, by their ids.

    `texts` look like text, `too_large` are those that are not compared, `encoded` are in UTF-16 or
    UTF-32.
    """

    texts: set[str] = field(default_factory=set)
    too_large: set[str] = field(default_factory=set)
    encoded: set[str] = field(default_factory=set)

    def take(self, blob: str, data: bytes | None) -> None:
        if data is None:
            return
        if begins_as_text(data):
            self.texts.add(blob)
        if is_marked(data):
            self.encoded.add(blob)


def _ids(file: DiffFile) -> list[str]:
    return [one for one in (file.old_blob, file.blob) if one]


def _facts(binary: Sequence[DiffFile], asked: Comparison) -> _Facts:
    """Look at the contents of files that git takes for binary, for whatever reason."""
    root, facts = asked.place.root, _Facts()
    wanted = sorted({one for file in binary for one in _ids(file)})
    seen = set()
    for blob, data in read_blobs(root, wanted):
        seen.add(blob)
        facts.take(blob, data)
    for blob, size in large_texts(root, [one for one in wanted if one not in seen]).items():
        seen.add(blob)
        facts.texts.add(blob)
        if size > _MOST_COMPARED_BYTES:
            facts.too_large.add(blob)
    if asked.on_disk:
        with FileReader(root) as reader:
            for file in binary:
                if file.blob and file.blob not in seen:
                    facts.take(file.blob, reader.read(file.path, _MOST_COMPARED_BYTES).data)
    return facts


def _decoded(binary: Sequence[DiffFile], facts: _Facts, asked: Comparison) -> Iterator[DiffFile]:
    """Yield files in UTF-16 or UTF-32 with their lines as texts."""
    root = asked.place.root
    for file in (file for file in binary if not facts.encoded.isdisjoint(_ids(file))):
        sides = dict(read_blobs(root, _ids(file)))
        if asked.on_disk and file.blob and file.blob not in sides:
            sides[file.blob] = read_file(root, file.path, _MOST_COMPARED_BYTES).data or b""
        if len(sides) == len(set(_ids(file))):
            hunks = hunks_of(sides.get(file.old_blob or "", b""), sides.get(file.blob or "", b""))
            if hunks is not None:
                yield replace(file, is_binary=False, hunks=hunks)


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
        is_large = any(part.is_large for part in mine)
        hunks = () if is_large else hunks
        told = replace(file, is_binary=is_binary, hunks=hunks, blob=file.blob or _blob(mine))
        told = replace(told, is_large=is_large)
        if file.status != "modified" or hunks or is_binary or is_large:
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
