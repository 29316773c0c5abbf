"""Words of several texts sorted by word, as NumPy arrays: what a search reads.

Numbers are in the machine's own order of bytes: they stay on the machine that wrote them.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_FREQUENCY = 255
_UNKNOWN = 0xFFFF_FFFF


@dataclass(frozen=True)
class Postings:
    """Which words are in which texts how often.

    `lengths` (texts) are words in all, `_UNKNOWN` for a text nobody has read. `words` are sorted
    hashes; `counts` says how many of `texts` and `frequencies` belong to each.
    """

    lengths: NDArray[np.uint32]
    words: NDArray[np.uint32]
    counts: NDArray[np.uint32]
    texts: NDArray[np.uint16]
    frequencies: NDArray[np.uint8]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Tell of each text whether its words are known."""
        import numpy as np

        return np.not_equal(self.lengths, _UNKNOWN)

    def find(self, words: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Return how often each word is in each text: (words, texts)."""
        import numpy as np

        found = np.zeros((len(words), len(self.lengths)), dtype=np.uint8)
        if not len(self.words):
            return found
        ends = np.cumsum(self.counts)
        places = np.minimum(np.searchsorted(self.words, words), len(self.words) - 1)
        for row in np.flatnonzero(self.words[places] == words).tolist():
            end = int(ends[places[row]])
            some = slice(end - int(self.counts[places[row]]), end)
            found[row, self.texts[some]] = self.frequencies[some]
        return found

    def encode(self) -> bytes:
        """Return all as bytes."""
        sizes = array("I", [len(self.lengths), len(self.words), len(self.texts)])
        parts = (self.lengths, self.words, self.counts, self.texts, self.frequencies)
        return sizes.tobytes() + b"".join(part.tobytes() for part in parts)


def decode(data: bytes) -> Postings:
    """Return what `Postings.encode` wrote."""
    import numpy as np

    lengths, words, places = np.frombuffer(data, np.uint32, 3).tolist()
    numbers = np.frombuffer(data, np.uint32, lengths + 2 * words, 12)
    start = 12 + numbers.nbytes
    return Postings(
        numbers[:lengths],
        numbers[lengths : lengths + words],
        numbers[lengths + words :],
        np.frombuffer(data, np.uint16, places, start),
        np.frombuffer(data, np.uint8, places, start + 2 * places),
    )


def encode_words(counts: Mapping[int, int]) -> bytes:
    """Return the words of one text, by their hashes, as bytes: how many in all, hashes, counts."""
    frequencies = bytes(min(count, _MOST_FREQUENCY) for count in counts.values())
    total = min(sum(counts.values()), _UNKNOWN - 1)
    return array("I", [total, *counts]).tobytes() + frequencies


def join_words(texts: Sequence[bytes | None]) -> Postings:
    """Return the postings of up to 65,536 texts of `encode_words`; None is a text nobody read."""
    import numpy as np

    sizes = [max(0, len(text) - 4) // 5 if text else 0 for text in texts]
    heads = [text[:4] if text else _UNKNOWN.to_bytes(4, "little") for text in texts]
    pairs = [(text, 4 * size + 4) for text, size in zip(texts, sizes, strict=True) if text]
    hashes = np.frombuffer(b"".join(text[4:end] for text, end in pairs), np.uint32)
    frequencies = np.frombuffer(b"".join(text[end:] for text, end in pairs), np.uint8)
    order = np.argsort(hashes, kind="stable")
    words, counts = np.unique(hashes, return_counts=True)
    owners = np.repeat(np.arange(len(texts), dtype=np.uint16), sizes)
    return Postings(
        np.frombuffer(b"".join(heads), np.uint32),
        words,
        counts.astype(np.uint32),
        owners[order],
        frequencies[order],
    )
