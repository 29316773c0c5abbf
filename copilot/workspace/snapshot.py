"""Reading: every file of every root, once, with its text or the reason why it is left out."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from msgspec import structs

from copilot.batches import batches
from copilot.workspace.attributes import ATTRIBUTES, NOTHING_TOLD, Told
from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.contents import MISSING, FileReader, blob_id
from copilot.workspace.facts import Begun, Bytes
from copilot.workspace.judge import Verdict
from copilot.workspace.kinds import Kind
from copilot.workspace.listing import OWN_RULES, Listed, Listing, attributes_of, list_root
from copilot.workspace.model import Part, Repository, Root, Snapshot, SourceFile
from copilot.workspace.object_reader import ObjectReader
from copilot.workspace.seen import (
    Seen,
    SeenFile,
    SeenStore,
    masks_without_values,
)
from copilot.workspace.special import Signature
from copilot.workspace.vendored import vendored_folders, vendored_reason

_BATCH_FILES, _BATCH_BYTES = 128, 2 * 1024 * 1024
# More files than this that differ are read with all others.
_MOST_DIFFERING = 200
_RULES = frozenset({ATTRIBUTES, OWN_RULES})
# As many as are read while a vocabulary is loaded.
_MOST_BEGUN = 32
# Called with the number of files read and of all files known so far.
Progress = Callable[[int, int], None]


def _silent(_done: int, _known: int) -> None:
    return


@dataclass(frozen=True)
class _Hints:
    """What is known of a root's files before they are read."""

    attributes: Mapping[str, Told] = field(default_factory=dict)
    vendored: Mapping[str, str] = field(default_factory=dict)
    colliding: Set[str] = frozenset()


def read_snapshot(
    roots: Sequence[Root],
    selection: Selection | None = None,
    progress: Progress = _silent,
) -> Snapshot:
    """Read all roots. Raises GitFailed, or UsageError for a pattern that is none."""
    return gathered(read_parts(roots, Chooser(selection or Selection()), progress))


def gathered(parts: Iterable[Part]) -> Snapshot:
    """Return all parts as one."""
    files: list[SourceFile] = []
    repositories = []
    for part in parts:
        files += part.files
        if part.repository:
            repositories.append(part.repository)
    return Snapshot(tuple(repositories), tuple(files))


def read_parts(
    roots: Sequence[Root],
    choose: Chooser,
    progress: Progress = _silent,
    seen: SeenStore | None = None,
    *,
    skip: bool = False,
) -> Iterator[Part]:
    """Read all roots, a part after another, so that what is done with it need not be kept.

    With `skip`, what is as it was `seen` is not read again. Raises GitFailed.
    """
    with closing(choose):
        for root in roots:
            before = (seen or SeenStore()).of_root(root)
            if root.state is None:
                yield from _read_root(root, choose, progress, before, skip=skip)
            else:
                yield from _read_state(root, choose, progress, before, skip=skip)


def _read_root(
    root: Root, choose: Chooser, progress: Progress, seen: Seen, *, skip: bool
) -> Iterator[Part]:
    listing = list_root(root, signed=skip)
    listed, hints = _by_names(listing.files), _hints(root, listing)
    blobs: dict[str, str | None] = {}
    with FileReader(root.path) as reader:
        taker = _Taker(root.alias, reader, choose, hints, seen, listing.signatures)
        for files in _taken(taker, listed, hints, progress):
            blobs.update((file.path, file.blob) for file in files)
            yield Part(tuple(files))
    seen.save()
    yield _told(root, listing, blobs)


@dataclass(frozen=True)
class _LastState:
    """A state of a root as it was read, so that of the next one only what differs is."""

    about: tuple[Root, Path]
    listed: Sequence[Listed]
    attributes: Mapping[str, Told]
    hints: _Hints
    files: Mapping[str, SourceFile]

    def differing(self, listing: Listing) -> list[Listed] | None:
        """Return what is to be read of another state, None for all of it."""
        if len(listing.files) != len(self.listed) or listing.told != self.attributes:
            return None
        # An entry that is the same is the same object.
        pairs = zip(self.listed, listing.files, strict=True)
        others = [(one, other) for one, other in pairs if one is not other]
        if len(others) > _MOST_DIFFERING or any(a.path != b.path for a, b in others):
            return None
        if any(other.path.rpartition("/")[2] in _RULES for _, other in others):
            return None
        # What could not be read may be there now.
        again = [file for file in listing.files if self.files[file.path].blob is None]
        return [*(other for _, other in others), *again]


# In a process that reads one state after another.
_last_state: list[_LastState] = []


def _read_state(
    root: Root, choose: Chooser, progress: Progress, seen: Seen, *, skip: bool
) -> Iterator[Part]:
    listing = _state(root, signed=skip)
    last = _last_state[0] if skip and _last_state else None
    about = (root, seen.file) if seen.file else None
    differing = last.differing(listing) if last and last.about == about else None
    if last is None or differing is None:
        listed, hints = _by_names(listing.files), _hints(root, listing)
        known: Mapping[str, SourceFile] = {}
    else:
        listed, hints, known = differing, last.hints, last.files
    blobs_of = {file.path: file.index_blob for file in listed if file.index_blob}
    files = dict(known)
    with ObjectReader(root.path, blobs_of) as reader:
        taker = _Taker(root.alias, reader, choose, hints, seen, listing.signatures)
        for some in _taken(taker, listed, hints, progress):
            files.update((file.path, file) for file in some)
    if not known:
        seen.save()
    if about:
        # Their texts are not held.
        kept = {
            path: file if file.data is None else file.without_data() for path, file in files.items()
        }
        _last_state[:] = [_LastState(about, listing.files, listing.told, hints, kept)]
    yield Part(tuple(files.values()))
    yield _told(root, listing, {path: file.blob for path, file in files.items()})


def _taken(
    taker: _Taker, listed: Sequence[Listed], hints: _Hints, progress: Progress
) -> Iterator[list[SourceFile]]:
    """Yield all files in their order, some at a time."""
    count = 0
    for files in _judged(taker, listed):
        count += len(files)
        progress(count, len(listed))
        yield [named_as_colliding(file, hints.colliding) for file in files]


def _told(root: Root, listing: Listing, blobs: Mapping[str, str | None]) -> Part:
    dirty = root.is_git and _is_dirty(listing, blobs)
    about = (root.alias, root.path, listing.revision, dirty)
    return Part((), Repository(*about, branch=listing.branch))


def _by_names(files: Sequence[Listed]) -> list[Listed]:
    """Return the files by the bytes of their names."""
    if "".join([file.path for file in files]).isascii():
        return sorted(files, key=attrgetter("path"))
    return sorted(files, key=lambda file: os.fsencode(file.path))


def _state(root: Root, *, signed: bool) -> Listing:
    from copilot.workspace.states import list_state

    return list_state(root, signed=signed)


def _judged(taker: _Taker, listed: Iterable[Listed]) -> Iterator[list[SourceFile]]:
    """Yield all files in their order; more are read while another process judges some."""
    begun: deque[_Begun] = deque()
    taken = (taker.take(file) for file in listed)
    for some in batches(taken, _size, _BATCH_BYTES, _BATCH_FILES):
        begun.append(taker.begin(some))
        while begun and (len(begun) > _MOST_BEGUN or begun[0].judging.is_done()):
            yield taker.end(begun.popleft())
    while begun:
        yield taker.end(begun.popleft())


@dataclass(frozen=True)
class _Unjudged:
    """A file that was read; when it was, `signature` and `hint` told it from others."""

    file: Bytes
    signature: Signature | None
    hint: str


@dataclass(frozen=True)
class _Begun:
    """Files in their order, and what is known of the unjudged ones once it is."""

    taken: Sequence[SourceFile | _Unjudged]
    judging: Begun

    @property
    def unjudged(self) -> list[_Unjudged]:
        return [one for one in self.taken if isinstance(one, _Unjudged)]


def _size(taken: SourceFile | _Unjudged) -> int:
    return len(taken.file.data) if isinstance(taken, _Unjudged) else 0


class _Taker:
    """Takes one file after another: left out by its name, as it was seen, or read."""

    def __init__(
        self,
        alias: str,
        reader: FileReader | ObjectReader,
        choose: Chooser,
        hints: _Hints,
        seen: Seen,
        signatures: Mapping[str, Signature | None],
    ) -> None:
        self._alias = alias
        self._reader = reader
        self._choose = choose
        self._hints = hints
        self._seen = seen
        self._signatures = signatures

    def take(self, listed: Listed) -> SourceFile | _Unjudged:
        """Return a file as it was seen or left out, else its bytes."""
        path = listed.path
        told = self._hints.attributes.get(path, NOTHING_TOLD)
        vendored = vendored_reason(path, self._hints.vendored)
        hint = _hint(listed, told, vendored)
        if not listed.left_out and (seen := self._found(path, hint)):
            return _as_seen(self._alias, path, seen)
        verdict = self._choose.before_reading(path, told, vendored)
        if listed.left_out or verdict.left_out:
            return _left_out(self._alias, listed, verdict)
        contents = self._reader.read(path)
        if contents.data is not None:
            blob = blob_id(contents.data, len(listed.index_blob or "") or 40)
            file = Bytes(path, listed.origin, blob, contents.data, verdict.kind, told)
            return _Unjudged(file, contents.signature, hint)
        if listed.sparse and contents.problem == MISSING:
            reason = "not on disk: outside the sparse checkout"
            return SourceFile(self._alias, path, listed.index_blob, reason, kind=verdict.kind)
        return SourceFile(
            self._alias, path, None, contents.problem, denied=contents.denied, kind=verdict.kind
        )

    def begin(self, taken: Sequence[SourceFile | _Unjudged]) -> _Begun:
        """Begin to judge those files that were read by their contents."""
        read = [one.file for one in taken if isinstance(one, _Unjudged)]
        return _Begun(taken, self._choose.begin(read))

    def end(self, begun: _Begun) -> list[SourceFile]:
        """Return the files in their order, judged."""
        unjudged = begun.unjudged
        read = [one.file for one in unjudged]
        judged = self._choose.end(self._alias, read, begun.judging)
        for one, file in zip(unjudged, judged, strict=True):
            if one.signature:
                self._seen.note(file.path, _to_see(file, one.signature, one.hint))
        rest = iter(judged)
        return [next(rest) if isinstance(one, _Unjudged) else one for one in begun.taken]

    def _found(self, path: str, hint: str) -> SeenFile | None:
        signature = self._signatures.get(path)
        return self._seen.find(path, signature, hint) if signature else None


def _hint(listed: Listed, told: Told, vendored: str | None) -> str:
    """Return all that a judgement rests on besides a file's path and contents."""
    width = len(listed.index_blob or "") or 40
    if told is NOTHING_TOLD and vendored is None:
        return f"{listed.origin} {width}"
    about = f"{told.generated} {told.vendored} {told.binary} {vendored}"
    return f"{listed.origin} {width} {about}"


def _as_seen(alias: str, path: str, seen: SeenFile) -> SourceFile:
    return SourceFile(
        alias,
        path,
        seen.blob,
        seen.reason,
        kind=seen.kind,
        encoding=seen.encoding,
        content=seen.content,
        masks=masks_without_values(seen.masks) if seen.masks else (),
        unread=seen.is_text,
    )


def _to_see(file: SourceFile, signature: Signature, hint: str) -> SeenFile:
    masks = tuple((mask.line, mask.kind, mask.placeholder) for mask in file.masks)
    is_text = file.data is not None
    about = (file.kind, file.encoding, file.content)
    return SeenFile(signature, hint, file.blob or "", file.reason, is_text, *about, masks)


def _hints(root: Root, listing: Listing) -> _Hints:
    untracked = [file for file in listing.files if root.is_git and file.index_blob is None]
    told = {**listing.told, **attributes_of(root.path, untracked)}
    paths = [file.path for file in listing.files]
    return _Hints(told, vendored_folders(paths), names_colliding(paths))


def _left_out(alias: str, listed: Listed, verdict: Verdict) -> SourceFile:
    return SourceFile(
        alias,
        listed.path,
        listed.index_blob,
        listed.left_out or verdict.left_out or "",
        denied=listed.denied and verdict.left_out is None,
        kind=Kind.VENDORED if listed.is_repository else verdict.kind,
    )


def names_colliding(paths: Iterable[str]) -> Set[str]:
    """Return the names that differ from another in case only, folded."""
    return {path for path, count in Counter(map(str.casefold, paths)).items() if count > 1}


def named_as_colliding(file: SourceFile, colliding: Set[str]) -> SourceFile:
    if not colliding or file.path.casefold() not in colliding:
        return file
    return structs.replace(file, reason=f"{file.reason}; another name differs from it in case only")


def _is_dirty(listing: Listing, blobs: Mapping[str, str | None]) -> bool:
    """Tell whether what was read differs from the commit.

    A clean file that git converts on checkout (line ends, filters) has the index's blob only
    inside git; it counts as changed here, which errs on the safe side.
    """
    index = {f.path: f.index_blob for f in listing.files if f.index_blob is not None}
    if index != listing.committed:
        return True
    return any(index.get(path) != blob for path, blob in blobs.items())
