"""Counting a few texts without the vocabulary, which takes half a second to load.

Kept are its tokens in ASCII and the sign of an outline's marks, by rank, and they count texts in
these alone: exactly as every byte pair encoder does (Gage, A New Algorithm for Data Compression,
1994; tiktoken's educational module), only slower.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from copilot.context.tokens import tokens_by_rank, vocabulary_version

# All together; beyond, to load the vocabulary takes less.
_MOST_BYTES = 400_000
# To merge the bytes of a long piece takes the square of its length.
_LONGEST_PIECE = 200
# The sign that says how many lines an outline leaves out: no letter, no number, no white space.
_SIGN = "…".encode()
# No token that is kept holds it. In a text it stands for the sign, so that this is one character.
_BETWEEN = _ONE = b"\xff"
_KEPT_AS = "tokens-2"
_SEAL_BYTES = 4

_CONTRACTION = rb"(?:'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD]))"
_TAIL = rb"\s*[\r\n]+|\s+(?!\S)|\s+"
# The patterns of `tokens`, as far as they can match ASCII.
_PATTERNS = {
    "cl100k_base": rb"'(?:[sdmtSDMT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\nA-Za-z0-9]?[A-Za-z]+"
    rb"|[0-9]{1,3}| ?[^\sA-Za-z0-9]+[\r\n]*|\s+\Z|\s*[\r\n]|\s+(?!\S)|\s",
    "o200k_base": rb"[^\r\nA-Za-z0-9]?[A-Z]*[a-z]+" + _CONTRACTION + rb"?"
    rb"|[^\r\nA-Za-z0-9]?[A-Z]+[a-z]*" + _CONTRACTION + rb"?"
    rb"|[0-9]{1,3}| ?[^\sA-Za-z0-9]+[\r\n/]*|" + _TAIL,
    "llama3": _CONTRACTION + rb"|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]{1,3}"
    rb"| ?[^\sA-Za-z0-9]+[\r\n]*|" + _TAIL,
    "qwen3": _CONTRACTION + rb"|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]"
    rb"| ?[^\sA-Za-z0-9]+[\r\n]*|" + _TAIL,
}


class FewTokens:
    """Counts texts by the tokens that are kept, in the order of their ranks."""

    def __init__(self, tokenizer: str, packed: bytes) -> None:
        self._pieces = re.compile(_PATTERNS[tokenizer]).findall
        self._packed = packed
        self._counts: dict[bytes, int] = {}
        self._left = _MOST_BYTES

    def count(self, texts: Sequence[bytes]) -> list[int] | None:
        """Return the tokens of each text, None where that is not for us to count."""
        self._left -= sum(map(len, texts))
        plain = [text.replace(_SIGN, b"") for text in texts]
        if self._left < 0 or not all(map(bytes.isascii, plain)):
            return None
        pieces = [Counter(self._pieces(text.replace(_SIGN, _ONE))) for text in texts]
        if any(len(piece) > _LONGEST_PIECE for some in pieces for piece in some):
            return None
        return [sum(times * self._count(piece) for piece, times in some.items()) for some in pieces]

    def _count(self, piece: bytes) -> int:
        piece = piece.replace(_ONE, _SIGN)
        if piece in self._ranks:
            return 1
        if piece not in self._counts:
            self._counts[piece] = merged(piece, self._ranks)
        return self._counts[piece]

    @cached_property
    def _ranks(self) -> dict[bytes, int]:
        tokens = self._packed.split(_BETWEEN)
        return dict(zip(tokens, range(len(tokens)), strict=True))


def merged(piece: bytes, ranks: Mapping[bytes, int]) -> int:
    """Return how many tokens are left when no two that stand together make one.

    Those merge first whose token has the lowest rank, the leftmost of equals.
    """
    parts = [piece[at : at + 1] for at in range(len(piece))]
    none = len(ranks)
    while len(parts) > 1:
        found = [ranks.get(one + other, none) for one, other in pairwise(parts)]
        best = min(found)
        if best == none:
            break
        at = found.index(best)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return len(parts)


def keeps_few(tokenizer: str, folder: Path) -> bool:
    """Tell whether there is what counts a few texts, damaged or not."""
    return _file(tokenizer, folder).is_file()


def load_few(tokenizer: str, folder: Path) -> FewTokens | None:
    """Return what counts a few texts, None where it is not kept in this folder, or damaged."""
    try:
        sealed = _file(tokenizer, folder).read_bytes()
    except OSError:
        return None
    packed = sealed[_SEAL_BYTES:]
    return FewTokens(tokenizer, packed) if sealed == _sealed(packed) else None


def keep_few(tokenizer: str, folder: Path) -> None:
    """Keep what counts a few texts the next time, as far as the disk lets us."""
    file = _file(tokenizer, folder)
    if keeps_few(tokenizer, folder):
        return
    # Parts of the sign are tokens, too.
    tokens = (t for t in tokens_by_rank(tokenizer) if t.translate(None, _SIGN).isascii())
    part = file.with_name(f"{file.name}.{os.getpid()}")
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_bytes(_sealed(_BETWEEN.join(tokens)))
        part.replace(file)


def _sealed(packed: bytes) -> bytes:
    return crc32(packed).to_bytes(_SEAL_BYTES, "little") + packed


def _file(tokenizer: str, folder: Path) -> Path:
    return folder / f"{tokenizer}-{vocabulary_version()}.{_KEPT_AS}"
