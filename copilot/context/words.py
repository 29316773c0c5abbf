"""Truncation marks: words that a model can only repeat if it was given all of the prompt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_SYLLABLES = 3
COUNT = 3


def mark_words(sources: Iterable[str]) -> tuple[str, ...]:
    """Return three different words, always the same for the same contents, that nobody can guess.

    `sources` name the contents in their order. The words are no words of any language.
    """
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.encode(errors="surrogatepass") + b"\0")
    words: list[str] = []
    number = 0
    while len(words) < COUNT:
        word = _word(digest.digest() + bytes([number]))
        number += 1
        words += [] if word in words else [word]
    return tuple(words)


def _word(seed: bytes) -> str:
    values = hashlib.sha256(seed).digest()
    pairs = (values[2 * n : 2 * n + 2] for n in range(_SYLLABLES))
    return "".join(_CONSONANTS[a % len(_CONSONANTS)] + _VOWELS[b % len(_VOWELS)] for a, b in pairs)
