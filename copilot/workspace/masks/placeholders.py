"""Secrets replaced by placeholders, and put back: pure text work."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from copilot.workspace.masks.shapes import kind_of_value
from copilot.workspace.masks.span import Span

_DIGITS = 16
_NO_KNOWN_SHAPE = "secret"
PLACEHOLDER = re.compile(rf"MASKED_[a-z]+(?:_[a-z]+)*_[0-9a-f]{{{_DIGITS}}}")
PLACEHOLDER_KIND = "placeholder"


@dataclass(frozen=True, slots=True)
class Mask:
    """One place where a placeholder stands for a value; `line` counts from 1."""

    line: int
    kind: str
    placeholder: str
    value: str = field(repr=False)


def mask_text(text: str, spans: Sequence[Span], key: bytes) -> tuple[str, tuple[Mask, ...]]:
    """Return `text` with a placeholder for each span, and the masks in order.

    `spans` are sorted and do not overlap, as `find_secrets` gives them. A value has one placeholder
    wherever it stands: 64 bits of its HMAC-SHA256 under `key`, so nobody without the key can tell
    a guessed value by it. What has a placeholder's shape already is masked like a secret, so that
    `unmask_text` gives back `text` whatever it holds.
    """
    pieces: list[str] = []
    masks: list[Mask] = []
    end, line = 0, 1
    for span in _with_old_placeholders(text, spans):
        value = text[span.start : span.end]
        line += text.count("\n", end, span.start)
        mask = Mask(line, span.kind, _placeholder(value, key), value)
        pieces += (text[end : span.start], mask.placeholder)
        masks.append(mask)
        line += value.count("\n")
        end = span.end
    return "".join([*pieces, text[end:]]), tuple(masks)


def unmask_text(text: str, masks: Iterable[Mask]) -> str:
    """Return `text` with the value in place of each placeholder of `masks`, and of no other.

    What follows or precedes a placeholder does not matter: no placeholder is the head of another,
    and none can overlap another, as an M stands at its start alone.
    """
    values = {mask.placeholder: mask.value for mask in masks}
    if not values:
        return text
    known = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))
    return known.sub(lambda match: values[match[0]], text)


def _placeholder(value: str, key: bytes) -> str:
    data = value.encode("utf-8", "surrogatepass")
    digest = hmac.new(key, data, hashlib.sha256).hexdigest()[:_DIGITS]
    label = kind_of_value(value) or _NO_KNOWN_SHAPE
    return f"MASKED_{label.replace('-', '_')}_{digest}"


def _with_old_placeholders(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the spans, and between them what has a placeholder's shape already."""
    start = 0
    for span in spans:
        yield from _old_placeholders(text, start, span.start)
        yield span
        start = span.end
    yield from _old_placeholders(text, start, len(text))


def _old_placeholders(text: str, start: int, end: int) -> Iterator[Span]:
    for match in PLACEHOLDER.finditer(text, start, end):
        yield Span(match.start(), match.end(), PLACEHOLDER_KIND)
