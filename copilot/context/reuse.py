"""How much of the last prompt the next one begins with, and what breaks the rest."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from copilot.context.entries import Entry, Shape
from copilot.context.model import Prompt, Section, SectionKind

_VERSION = 2
# Each takes up to a quarter of its prompt.
_MOST_MODELS = 8
_MOST_TAIL = 16 * 1024 * 1024
# A prompt of so many bytes is remembered whole; of a longer one, the frozen part by its entries.
_MOST_WHOLE = 6 * 1024 * 1024
_FROZEN = frozenset({SectionKind.BASE, SectionKind.OVERLAY})
Count = Callable[[bytes], int]


class Last(msgspec.Struct, frozen=True):
    """A prompt that was sent: digests of its rules and entries, and the bytes behind those.

    `sent` is in seconds since 1970, `whom` names the model that got it. `whole` are all bytes,
    compressed, unless there are too many.
    """

    version: int
    whom: str
    sent: float
    total_tokens: int
    rules: bytes
    entries: tuple[bytes, ...]
    tail: bytes
    whole: bytes = b""


@dataclass(frozen=True)
class Reuse:
    """`tokens` at the beginning of a prompt are those of the last one, which had `last_tokens`.

    `breaks` says in words where the two part, and is empty if the last one is all there.
    """

    tokens: int
    last_tokens: int
    total_tokens: int
    breaks: str
    seconds_since: float
    whom: str


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(dict[str, Last])


def last_of(prompt: Prompt, whom: str, sent: float | None = None) -> Last:
    """Return what is to be remembered of a prompt that is sent now, unless it was before."""
    return Last(
        _VERSION,
        whom,
        time.time() if sent is None else sent,
        prompt.total_tokens,
        _rules(prompt),
        tuple(_digest(entry, prompt) for entry in _frozen(prompt)),
        b"".join(_tail(prompt))[:_MOST_TAIL],
        _packed_whole(prompt),
    )


def reuse_of(last: Last, prompt: Prompt, count: Count) -> Reuse:
    """Compare a prompt with the last one; `count` returns the tokens of a few bytes."""
    tokens, breaks = _shared(last, prompt, count)
    since = max(0.0, time.time() - last.sent)
    return Reuse(tokens, last.total_tokens, prompt.total_tokens, breaks, since, last.whom)


class LastStore:
    """The last prompt that each model got of one scope; what cannot be kept is as never sent."""

    def __init__(self, folder: Path | None, key: str) -> None:
        self._file = folder / f"{key}.last" if folder else None

    def load(self) -> dict[str, Last]:
        """Return the last prompts by model."""
        if self._file is None:
            return {}
        try:
            found = _DECODER.decode(self._file.read_bytes())
        except (OSError, msgspec.DecodeError):
            return {}
        return {whom: last for whom, last in found.items() if last.version == _VERSION}

    def save(self, last: Last) -> None:
        """Remember a prompt in the place of the one before it."""
        if self._file is None:
            return
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, part = tempfile.mkstemp(prefix=".part.", dir=self._file.parent)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(_ENCODER.encode(_newest({**self.load(), last.whom: last})))
            Path(part).replace(self._file)


def _newest(found: Mapping[str, Last]) -> dict[str, Last]:
    kept = sorted(found.values(), key=lambda last: last.sent)[-_MOST_MODELS:]
    return {last.whom: last for last in kept}


def _packed_whole(prompt: Prompt) -> bytes:
    data = b"".join(section.data for section in prompt.sections)
    return zlib.compress(data, 1) if len(data) <= _MOST_WHOLE else b""


def _shared(last: Last, prompt: Prompt, count: Count) -> tuple[int, str]:
    if last.whole:
        return _shared_bytes(zlib.decompress(last.whole), last, prompt, count)
    return _shared_entries(last, prompt, count)


def _shared_bytes(before: bytes, last: Last, prompt: Prompt, count: Count) -> tuple[int, str]:
    """Compare byte by byte; the entry in which two prompts part is shared as far as they agree."""
    same = _common(before, b"".join(section.data for section in prompt.sections))
    breaks = "" if same == len(before) else _breaks(last, prompt)
    tokens = start = 0
    for part, size, part_tokens in _parts(prompt):
        if start + size > same:
            rest = part[: same - start]
            return tokens + (count(bytes(rest)) if rest else 0), breaks
        tokens += part_tokens
        start += size
    return tokens, breaks


def _parts(prompt: Prompt) -> Iterator[tuple[memoryview, int, int]]:
    """Yield the bytes, size and tokens of each entry, and of each section that has none."""
    for section in prompt.sections:
        data = memoryview(section.data)
        if not section.entries:
            yield data, len(data), section.tokens
        start = 0
        for entry in section.entries:
            yield data[start : start + entry.size], entry.size, entry.tokens
            start += entry.size


def _breaks(last: Last, prompt: Prompt) -> str:
    return _shared_entries(last, prompt, lambda _data: 0)[1]


def _shared_entries(last: Last, prompt: Prompt, count: Count) -> tuple[int, str]:
    """Compare entry by entry, and byte by byte behind them."""
    rules = next((s.tokens for s in prompt.sections if s.kind is SectionKind.RULES), 0)
    if last.rules != _rules(prompt):
        return 0, "the rules are others"
    entries = list(_frozen(prompt))
    tokens = rules
    for before, entry in zip(last.entries, entries, strict=False):
        if before != _digest(entry, prompt):
            return tokens, f"{_said(entry)} stands where something else stood"
        tokens += entry.tokens
    if len(last.entries) > len(entries):
        return tokens, "entries at the end of the base are gone"
    rest = b"".join(_behind(prompt, len(last.entries)))
    same = _common(last.tail, rest)
    tokens += count(rest[:same]) if same else 0
    if same == len(last.tail):
        return tokens, ""
    new = entries[len(last.entries) :]
    return tokens, f"{_said(new[0])} was appended" if new else "the task is another"


def _behind(prompt: Prompt, number: int) -> Iterator[bytes | memoryview]:
    """Yield the bytes that stand behind so many entries of base and overlay."""
    for section in prompt.sections:
        if section.kind in _FROZEN:
            skipped = min(number, len(section.entries))
            number -= skipped
            start = sum(entry.size for entry in section.entries[:skipped])
            if skipped < len(section.entries):
                yield section.data[start:]
    yield from _tail(prompt)


def _tail(prompt: Prompt) -> Iterator[bytes | memoryview]:
    """Yield the bytes of all that no frozen part of a prompt holds."""
    for section in prompt.sections:
        if section.kind not in _FROZEN and section.kind is not SectionKind.RULES:
            yield from section.pieces


def _frozen(prompt: Prompt) -> Iterator[Entry]:
    for section in prompt.sections:
        if section.kind in _FROZEN:
            yield from section.entries


def _rules(prompt: Prompt) -> bytes:
    rules: Sequence[Section] = [s for s in prompt.sections if s.kind is SectionKind.RULES]
    return hashlib.sha256(b"".join(section.data for section in rules)).digest()


def _digest(entry: Entry, prompt: Prompt) -> bytes:
    """Return what tells an entry from others: the same text in the same frame has the same."""
    about = _ENCODER.encode((entry, prompt.frame.file_tag))
    return hashlib.blake2b(about, digest_size=8).digest()


def _said(entry: Entry) -> str:
    return "a truncation mark" if entry.shape is Shape.MARK else entry.name


def _common(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
