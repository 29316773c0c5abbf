"""What was read of a root's files the last time, so that a file that is as it was is not read.

A file counts as unchanged as git takes it for unchanged: by its times, size and inode. One that
changed just before it was read is not noted, as the next change might leave its times as they are
(git: Documentation/technical/racy-git.txt).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from copilot.cache import key_of
from copilot.workspace.kinds import Kind
from copilot.workspace.masker import Masker
from copilot.workspace.masks.span import FINDER_VERSION
from copilot.workspace.model import Root
from copilot.workspace.special import Signature, blob_signature

if TYPE_CHECKING:
    from copilot.workspace.masks.placeholders import Mask

_VERSION = "1"
_SEAL_BYTES = 16
_MOST_FILES = 64
_SETTLED_NS = 2_000_000_000


class SeenFile(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was judged; `hint` is all that the judgement rests on besides its contents."""

    signature: Signature
    hint: str
    blob: str
    reason: str
    is_text: bool
    kind: Kind | None = None
    encoding: str = "utf-8"
    content: str | None = None
    # Line, kind and placeholder of each mask, never what it stands for.
    masks: tuple[tuple[int, str, str], ...] = ()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(dict[bytes, SeenFile])


class Seen:
    """The files of one root by path. Whatever goes wrong with what is kept, nothing was seen."""

    def __init__(
        self,
        file: Path | None = None,
        clock: Callable[[], int] = time.time_ns,
        file_after: Callable[[], Path | None] | None = None,
        on_disk: Path | None = None,
    ) -> None:
        """Without a file nothing is kept; `clock` tells the time in nanoseconds.

        `file_after` names the file that is saved, as what it is named by may be made meanwhile.
        `on_disk` holds what was seen of these files on disk, where they are told by their blobs.
        """
        self._file = file
        self._file_after = file_after or (lambda: file)
        self._clock = clock
        self._before = _loaded(file) if file else {}
        self._now: dict[bytes, SeenFile] = {}
        self._on_disk = on_disk

    @property
    def file(self) -> Path | None:
        """Where it is kept: named by all that files are judged by."""
        return self._file

    def find(self, path: str, signature: Signature, hint: str) -> SeenFile | None:
        """Return the file if it was seen as it is, and note that it is still there."""
        # As os.fsencode, for each of many files.
        name = path.encode("utf-8", "surrogateescape")
        seen = self._before.get(name)
        if seen is None or seen.signature != signature:
            seen = self._disk.get(name) if self._on_disk else None
            if seen is None or blob_signature(seen.blob) != signature:
                return None
            seen = msgspec.structs.replace(seen, signature=signature)
        if seen.hint != hint:
            return None
        self._now[name] = seen
        return seen

    @cached_property
    def _disk(self) -> Mapping[bytes, SeenFile]:
        return _loaded(self._on_disk) if self._on_disk else {}

    def note(self, path: str, seen: SeenFile) -> None:
        """Note a file as it was read, unless it changed just now."""
        if is_settled(seen.signature, self._clock()):
            self._now[os.fsencode(path)] = seen

    def save(self) -> None:
        """Keep what was found and noted, and nothing else."""
        file = self._file_after()
        if file is not None and (file != self._file or self._now != self._before):
            with suppress(OSError):
                _save(file, self._now)


class SeenStore:
    """The files of all roots, each root in a file of its own."""

    def __init__(
        self,
        folder: Path | None = None,
        stamp: str = "",
        clock: Callable[[], int] = time.time_ns,
        masker: Masker | None = None,
    ) -> None:
        """`stamp` names the rules that files are judged by, the masker its key, which the first
        secret makes. Without a folder nothing is kept.
        """
        self._folder = folder
        self._stamp = stamp
        self._clock = clock
        self._masker = masker

    def of(self, place: str) -> Seen:
        """Return what was seen of a root or a kept repository; `place` tells it from others."""
        return Seen(self._file(place), self._clock, partial(self._file, place))

    def _file(self, place: str) -> Path | None:
        if self._folder is None:
            return None
        masks = self._masker.stamp if self._masker else "unmasked"
        key = key_of("seen", _VERSION, str(FINDER_VERSION), self._stamp, masks, place)
        return self._folder / f"{key.hex()}.seen"

    def of_root(self, root: Root) -> Seen:
        told = sorted(root.submodules.items())
        place = f"{root.path}\0{told}"
        if root.state is None:
            return self.of(place)
        objects = f"{place}\0objects"
        file_after, on_disk = partial(self._file, objects), self._file(place)
        return Seen(self._file(objects), self._clock, file_after, on_disk)


def masks_without_values(masks: Iterable[tuple[int, str, str]]) -> tuple[Mask, ...]:
    """Return masks that tell where a placeholder stands, but not for what."""
    from copilot.workspace.masks.placeholders import Mask

    return tuple(Mask(*mask, value="") for mask in masks)


def is_settled(signature: Signature, now_ns: int) -> bool:
    """Tell whether a file's last change is long enough ago for its times to tell the next one."""
    return max(signature[:2]) < now_ns - _SETTLED_NS


def _loaded(file: Path) -> Mapping[bytes, SeenFile]:
    try:
        sealed = file.read_bytes()
        data = sealed[_SEAL_BYTES:]
        return _decoded(data) if sealed[:_SEAL_BYTES] == _seal(data) else {}
    except (OSError, msgspec.DecodeError):
        return {}


# In a process that reads the same root again.
@lru_cache(maxsize=2)
def _decoded(data: bytes) -> Mapping[bytes, SeenFile]:
    return _DECODER.decode(data)


def _save(file: Path, seen: Mapping[bytes, SeenFile]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = _ENCODER.encode(seen)
    descriptor, part = tempfile.mkstemp(prefix=".seen.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(_seal(data) + data)
        Path(part).replace(file)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise
    _shrink(file.parent)


def _shrink(folder: Path) -> None:
    """Remove what was written least lately, if there is too much."""
    kept = sorted(folder.glob("*.seen"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in kept[_MOST_FILES:]:
        old.unlink(missing_ok=True)


def _seal(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SEAL_BYTES).digest()
