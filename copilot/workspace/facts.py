"""What a file's contents tell, kept by blob so that each content is looked at once."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from copilot.cache import Cache, key_of
from copilot.workspace.attributes import NOTHING_TOLD, Told
from copilot.workspace.encodings import read_text
from copilot.workspace.judge import judge_text
from copilot.workspace.kinds import Kind
from copilot.workspace.marks import is_lfs_pointer
from copilot.workspace.masks.span import FINDER_VERSION, Span

# Raised with every change of what is told here, so that no earlier answer counts.
RULES_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Bytes:
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


def facts_of(files: Sequence[Bytes], cache: Cache, *, with_secrets: bool) -> list[Facts]:
    """Return what the contents of each file tell, from the cache where they were seen before."""
    keys = [_key(file, with_secrets) for file in files]
    kept = cache.get(keys)
    made = {
        key: _facts(file, with_secrets)
        for key, file in zip(keys, files, strict=True)
        if key not in kept
    }
    cache.put({key: _ENCODER.encode(facts) for key, facts in made.items()})
    return [made[key] if key in made else _DECODER.decode(kept[key]) for key in keys]


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
    is_plain = text.encoding == "utf-8" and not (
        file.data.startswith(codecs.BOM_UTF8) or b"\r\n" in file.data
    )
    secrets = _secrets(file.path, text.text) if with_secrets else None
    return Facts(verdict.kind, verdict.left_out, True, text.encoding, is_plain, secrets)


def _secrets(path: str, text: str) -> tuple[tuple[int, int, str], ...]:
    # Its patterns take longer to build than a kept answer takes to read.
    from copilot.workspace.masks.find import find_secrets

    return tuple((span.start, span.end, span.kind) for span in find_secrets(path, text))
