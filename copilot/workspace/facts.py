"""What a file's contents tell, kept by blob so that each content is looked at once."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from copilot.cache import Cache, key_of
from copilot.workspace.attributes import NOTHING_TOLD, Told
from copilot.workspace.encodings import read_text
from copilot.workspace.judge import judge_text
from copilot.workspace.kinds import Kind
from copilot.workspace.marks import is_lfs_pointer
from copilot.workspace.masks.span import FINDER_VERSION, Span

if TYPE_CHECKING:
    from copilot.workers import Task, Workers

# Raised with every change of what is told here, so that no earlier answer counts.
RULES_VERSION = "1"
# So many contents are worth a process of their own.
_CROWD = 100
_TASKS_AHEAD = 3
# A crowd takes as long as it takes: only a process that ended is given up.
_MOST_SECONDS = 3600.0


class Bytes(msgspec.Struct, frozen=True, gc=False):
    """A file as it was read: `origin` says how it was found, `kind` is what its name told."""

    path: str
    origin: str
    blob: str
    data: bytes
    kind: Kind | None = None
    told: Told = NOTHING_TOLD


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """What contents tell: `left_out` is why files of their kind are, `is_text` if they are text.

    `is_plain` if the bytes are the text: UTF-8 with line feeds and no byte order mark. `secrets`
    are the spans of secrets in the text, None where nobody asked for them.
    """

    kind: Kind | None
    left_out: str | None
    is_text: bool
    encoding: str = "utf-8"
    is_plain: bool = False
    secrets: tuple[tuple[int, int, str], ...] | None = None

    @property
    def spans(self) -> list[Span]:
        return [Span(*secret) for secret in self.secrets or ()]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Facts)
# Facts of some contents, encoded, or a promise of them.
Promise: TypeAlias = "list[bytes] | Task[Bytes, bytes]"


class Judging:
    """Tells what contents tell, some of them in another process; to be closed.

    That process is there from the first crowd of contents on, if it may and can be forked.
    """

    def __init__(self, *, with_secrets: bool, may_fork: bool = True) -> None:
        self.with_secrets = with_secrets
        self._may_fork = may_fork
        self._workers: Workers[Bytes, bytes] | None = None

    def begin(self, files: Sequence[Bytes]) -> Promise:
        """Begin to judge contents, here and now if there is no other process."""
        if self._may_fork and self._workers is None and len(files) >= _CROWD:
            self._start()
        if self._workers is None:
            return _encoded(files, with_secrets=self.with_secrets)
        return self._workers.submit(files)

    def end(self, promise: Promise) -> list[bytes]:
        """Return the facts of each file, encoded."""
        if isinstance(promise, list):
            return promise
        found = self._workers.wait_for(promise) if self._workers else []
        if len(found) != len(promise.items) or None in found:
            return _encoded(promise.items, with_secrets=self.with_secrets)
        return [facts for facts in found if facts is not None]

    def close(self) -> None:
        if self._workers is not None:
            self._workers.__exit__()
            self._workers = None

    def _start(self) -> None:
        from copilot.forks import can_fork
        from copilot.workers import Workers

        self._may_fork = can_fork()
        if self._may_fork:
            work = partial(_encoded, with_secrets=self.with_secrets)
            self._workers = Workers(work, 1, _MOST_SECONDS, ahead=_TASKS_AHEAD)
            self._workers.__enter__()


@dataclass(frozen=True, eq=False)
class Begun:
    """Contents that are being judged: keys of all, the facts that were kept, and the promise."""

    keys: list[bytes]
    kept: dict[bytes, bytes]
    missing: list[bytes]
    made: Promise

    def is_done(self) -> bool:
        return isinstance(self.made, list) or self.made.is_done()


def begin_facts(files: Sequence[Bytes], cache: Cache, judging: Judging) -> Begun:
    """Begin to judge what the cache does not tell."""
    keys = [_key(file, judging.with_secrets) for file in files]
    kept = cache.get(keys)
    missing = {key: file for key, file in zip(keys, files, strict=True) if key not in kept}
    made = judging.begin(list(missing.values())) if missing else []
    return Begun(keys, kept, list(missing), made)


def end_facts(begun: Begun, cache: Cache, judging: Judging) -> list[Facts]:
    """Return what the contents of each file tell."""
    made = dict(zip(begun.missing, judging.end(begun.made), strict=True))
    cache.put(made, soon=False)
    known = begun.kept | made
    return [_DECODER.decode(known[key]) for key in begun.keys]


def facts_of(files: Sequence[Bytes], cache: Cache, *, with_secrets: bool) -> list[Facts]:
    """Return what the contents of each file tell, from the cache where they were seen before."""
    judging = Judging(with_secrets=with_secrets, may_fork=False)
    return end_facts(begin_facts(files, cache, judging), cache, judging)


def _encoded(files: Sequence[Bytes], *, with_secrets: bool) -> list[bytes]:
    return [_ENCODER.encode(_facts(file, with_secrets)) for file in files]


def text_of(file: Bytes, facts: Facts) -> bytes:
    """Return the text as UTF-8 with line feeds only and no byte order mark."""
    if facts.is_plain:
        return file.data
    text = read_text(file.data)
    return b"" if text is None else text.text.encode()


def _key(file: Bytes, with_secrets: bool) -> bytes:
    told = f"{file.told.generated} {file.told.vendored} {file.told.binary}"
    rules = f"{RULES_VERSION} {FINDER_VERSION if with_secrets else '-'}"
    return key_of("facts", rules, file.blob, file.path, file.kind or "", told)


def _facts(file: Bytes, with_secrets: bool) -> Facts:
    if is_lfs_pointer(file.data):
        return Facts(file.kind, "Git LFS pointer: the file itself is not here", is_text=False)
    text = read_text(file.data)
    if text is None:
        return Facts(Kind.BINARY, "binary", is_text=False)
    verdict = judge_text(file.path, text.text, file.kind, file.told)
    has_mark = file.data.startswith(codecs.BOM_UTF8)
    # To look for one byte takes far less than to look for two.
    has_ends = b"\r" in file.data and b"\r\n" in file.data
    is_plain = text.encoding == "utf-8" and not (has_mark or has_ends)
    data = file.data if is_plain else None
    secrets = _secrets(file.path, text.text, data) if with_secrets else None
    return Facts(verdict.kind, verdict.left_out, True, text.encoding, is_plain, secrets)


def _secrets(path: str, text: str, data: bytes | None) -> tuple[tuple[int, int, str], ...]:
    # Its patterns take longer to build than a kept answer takes to read.
    from copilot.workspace.masks.find import find_secrets

    return tuple((span.start, span.end, span.kind) for span in find_secrets(path, text, data))
