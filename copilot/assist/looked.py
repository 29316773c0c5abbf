"""What is known of all files together, kept for the next task: they are most often the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from copilot.assist.scope import Scope
from copilot.cache import key_of
from copilot.context.bodies import UNKNOWN, Body
from copilot.context.draft import Copy, Draft
from copilot.context.entries import Shape
from copilot.context.relevance.groundwork import (
    GROUNDWORK_VERSION,
    Groundwork,
    pack_groundwork,
    unpack_groundwork,
)
from copilot.structure.symbols import RULES
from copilot.workspace.model import SourceFile

_VERSION = "2"


@dataclass(frozen=True)
class Looked:
    """The full copies of files, without their texts, and what holds of them for every task."""

    copies: list[Copy]
    groundwork: Groundwork


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """Of each file the key of its body, all of them joined, and its body; of all the groundwork."""

    keys: bytes
    bodies: list[Body]
    groundwork: bytes


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Kept)


def load_looked(files: Sequence[SourceFile], scope: Scope, draft: Draft) -> Looked | None:
    """Return what is known of exactly these files, None where they were never all looked at."""
    key = _key(files, scope)
    found = scope.cache.get([key]).get(key) if key else None
    if found is None:
        return None
    kept = _DECODER.decode(found)
    size = len(kept.keys) // max(len(files), 1)
    keys = [kept.keys[start : start + size] for start in range(0, len(kept.keys), size)]
    draft.know(dict(zip(keys, kept.bodies, strict=True)))
    pairs = zip(files, keys, strict=True)
    copies = [Copy(file, Shape.FULL, body, file.content or "") for file, body in pairs]
    return Looked(copies, unpack_groundwork(kept.groundwork, [file.name for file in files]))


def save_looked(files: Sequence[SourceFile], scope: Scope, draft: Draft, looked: Looked) -> None:
    """Keep what is known of these files, in the order of their copies."""
    key = _key(files, scope)
    keys = [copy.key for copy in looked.copies]
    bodies = draft.bodies(keys)
    if key is None or UNKNOWN in bodies:
        return
    kept = _Kept(b"".join(keys), bodies, pack_groundwork(looked.groundwork))
    scope.cache.put({key: _ENCODER.encode(kept)})


def _key(files: Sequence[SourceFile], scope: Scope) -> bytes | None:
    """Return what names these files with their contents; None if one of those has no name."""
    if not all(file.content for file in files):
        return None
    told = "\0".join([f"{file.repository}/{file.path}\0{file.content}" for file in files])
    digest = hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()
    rules = (_VERSION, GROUNDWORK_VERSION, *RULES)
    return key_of("looked at together", *rules, scope.tokenizer, digest)
