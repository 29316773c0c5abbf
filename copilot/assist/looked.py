"""What is known of all files together, kept for the next task: they are most often the same."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from copilot.assist.scope import Scope
from copilot.cache import key_of
from copilot.context.bodies import UNKNOWN, Body
from copilot.context.draft import Copy, Draft
from copilot.context.entries import Shape
from copilot.structure.names import FileSymbols
from copilot.structure.symbols import RULES
from copilot.workspace.model import SourceFile

_VERSION = "1"
_LEVEL = 1


@dataclass(frozen=True)
class Looked:
    """The full copies of files, without their texts, and the symbols by name of some of them."""

    copies: list[Copy]
    symbols: Mapping[str, FileSymbols]


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """Of each file the key of its body, all of them joined, its body, and its symbols."""

    keys: bytes
    bodies: list[Body]
    symbols: list[FileSymbols | None]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Kept)


def load_looked(files: Sequence[SourceFile], scope: Scope, draft: Draft) -> Looked | None:
    """Return what is known of exactly these files, None where they were never all looked at."""
    key = _key(files, scope)
    found = scope.cache.get([key]).get(key) if key else None
    if found is None:
        return None
    kept = _DECODER.decode(zlib.decompress(found))
    size = len(kept.keys) // max(len(files), 1)
    keys = [kept.keys[start : start + size] for start in range(0, len(kept.keys), size)]
    draft.know(dict(zip(keys, kept.bodies, strict=True)))
    pairs = zip(files, keys, strict=True)
    copies = [Copy(file, Shape.FULL, body, file.content or "") for file, body in pairs]
    told = zip(files, kept.symbols, strict=True)
    return Looked(copies, dict(sorted((file.name, one) for file, one in told if one)))


def save_looked(files: Sequence[SourceFile], scope: Scope, draft: Draft, looked: Looked) -> None:
    """Keep what is known of these files, in the order of their copies."""
    key = _key(files, scope)
    keys = [copy.key for copy in looked.copies]
    bodies = draft.bodies(keys)
    if key is None or UNKNOWN in bodies:
        return
    symbols = [looked.symbols.get(file.name) for file in files]
    kept = _ENCODER.encode(_Kept(b"".join(keys), bodies, symbols))
    scope.cache.put({key: zlib.compress(kept, _LEVEL)})


def _key(files: Sequence[SourceFile], scope: Scope) -> bytes | None:
    """Return what names these files with their contents; None if one of those has no name."""
    digest = hashlib.sha256()
    for file in files:
        if not file.content:
            return None
        digest.update(f"{file.name}\0{file.content}\0".encode(errors="surrogatepass"))
    return key_of("looked at together", _VERSION, *RULES, scope.tokenizer, digest.hexdigest())
