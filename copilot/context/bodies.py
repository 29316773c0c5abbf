"""What the prompt needs to know of each file's text before it can be framed, kept by content.

The frame is chosen when all texts are known, so its own tokens are counted apart. Only what a
tokenizer might join with the line before it, the lead, is counted together with that line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from copilot.cache import Cache, key_of
from copilot.context.frame import Marks, marks_in
from copilot.context.tokens import count_tokens
from copilot.workspace.model import SourceFile

# Every tokenizer splits before one of these at the beginning of a line (see `tokens`).
_SPLITS_BEFORE = re.compile(rb"(?:\A|\n)(?=[!-.0-~])")
_BATCH_BYTES = 4 * 1024 * 1024


class Body(msgspec.Struct, frozen=True, array_like=True):
    """The bytes of the lead, the tokens of all that follows, and the marks that are taken."""

    lead: int
    rest_tokens: int
    marks: Marks


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Body)


def bodies(files: Sequence[SourceFile], tokenizer: str, cache: Cache) -> list[Body]:
    """Return a body for each file; all of them have a text."""
    keys = [_key(file, tokenizer) for file in files]
    kept = cache.get(keys)
    missing = {key: n for n, key in enumerate(keys) if key not in kept}
    made: dict[bytes, Body] = {}
    for some in _batches(missing.items(), files):
        datas = [ended(files[number].data or b"") for _, number in some]
        fresh = dict(zip((key for key, _ in some), _counted(datas, tokenizer), strict=True))
        cache.put({key: _ENCODER.encode(body) for key, body in fresh.items()})
        made |= fresh
    return [made[key] if key in made else _DECODER.decode(kept[key]) for key in keys]


def count_kept(texts: Sequence[bytes], tokenizer: str, cache: Cache) -> list[int]:
    """Return the tokens of each text, from the cache where it was counted before."""
    keys = [key_of("tokens", tokenizer, text.decode()) for text in texts]
    kept = cache.get(keys)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
    if missing:
        counts = count_tokens(list(missing.values()), tokenizer)
        fresh = {key: b"%d" % count for key, count in zip(missing.keys(), counts, strict=True)}
        cache.put(fresh)
        kept |= fresh
    return [int(kept[key]) for key in keys]


def ended(data: bytes) -> bytes:
    """Return a text whose last line ends, if it has one."""
    return data + b"\n" if data and not data.endswith(b"\n") else data


def _key(file: SourceFile, tokenizer: str) -> bytes:
    content = file.content or hashlib.sha1(file.data or b"", usedforsecurity=False).hexdigest()
    return key_of("body", tokenizer, content)


def _counted(datas: Sequence[bytes], tokenizer: str) -> Iterator[Body]:
    leads = [_lead(data) for data in datas]
    rests = [data[lead:] if lead else data for data, lead in zip(datas, leads, strict=True)]
    tokens = count_tokens(rests, tokenizer)
    for data, lead, count in zip(datas, leads, tokens, strict=True):
        yield Body(lead, count, marks_in(data))


def _lead(data: bytes) -> int:
    match = _SPLITS_BEFORE.search(data)
    return match.end() if match else len(data)


def _batches(
    missing: Iterable[tuple[bytes, int]], files: Sequence[SourceFile]
) -> Iterator[list[tuple[bytes, int]]]:
    batch: list[tuple[bytes, int]] = []
    size = 0
    for key, number in missing:
        batch.append((key, number))
        size += len(files[number].data or b"")
        if size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
