"""Words to search by: identifiers in their parts and whole, lower case, without a plural's `s`.

`HTTPServer` gives `http`, `server` and `httpserver`; `http_server`, `http-server` and `httpServer`
give the same, so that a task in prose finds each spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

WORDS_VERSION = 1
# Longer runs of letters and digits are keys and encoded pictures.
_MOST_TOKEN_BYTES = 80
_KEPT_TOKENS = 65_536
# What stays are letters and digits, `_`, `-`, and all bytes of characters beyond ASCII.
_BLANKED = bytes(
    byte if byte >= 0x80 or bytes([byte]).isalnum() or byte in b"_-" else 0x20
    for byte in range(256)
)
_PART = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LETTERS = re.compile(r"[^\W_]+")
# Scripts that are written without spaces between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")

_COMMON_WORDS = """
    a about after all also an and another any are as at be because been before being both but by can
    cannot could did do does doing done down during each either else etc even every few for from get
    gets getting give given gives go goes going had has have having he hence her here him his how
    however i if in instead into is it its itself just keep keeps let lets like made make makes
    making many may maybe me might more most much must my need needed needs neither no nor not now
    of off on once one only onto or other our out over own per please rather really same see seem
    seems several shall she should since so some still such sure take takes than that the their them
    then there these they thing this those though through thus to too two under unless until up upon
    us very via want wants was way we well were what when where whether which while who whose why
    will with within without would yes yet you your

    bool break case char class const continue def elif enum false fn func function impl int let mut
    nil none null pub return self str struct this true val var void while

    aren couldn didn doesn don hadn hasn haven isn ll mustn re shouldn ve wasn weren won wouldn

    add added adding adds change changed changes changing chore clean cleanup feat fix fixed fixes
    fixing implement implemented implements improve improved improvement improvements improves
    introduce introduced introduces move moved moves moving refactor refactored refactoring remove
    removed removes removing rename renamed replace replaced replaces revert reverts tweak update
    updated updates updating used uses using
    """


def index_words(data: bytes) -> Counter[int]:
    """Return how often each word is in a text of UTF-8; words go by their hashes."""
    found: Counter[int] = Counter()
    for token, count in Counter(data.translate(_BLANKED).split()).items():
        for word in _hashes(token):
            found[word] += count
    return found


def query_words(text: str) -> dict[str, str]:
    """Return the words of a task in their order, without those that are everywhere.

    Each comes with how the task writes it.
    """
    found: dict[str, str] = {}
    for token in text.encode("utf-8", "replace").translate(_BLANKED).split():
        for word, written in words_in(token):
            if word not in _COMMON:
                found.setdefault(word, written)
    return found


def is_common(word: str) -> bool:
    """Tell whether a word is everywhere, in prose or in code."""
    return _stem(word.lower()) in _COMMON


def words_in(token: bytes) -> list[tuple[str, str]]:
    """Return the words of a token, which holds no blank, and what of it each stands for.

    They are its parts, and all of it if it has many. Single characters are no words. A token that
    is too long to be a name has none.
    """
    if token.isascii():
        return list(_ascii_words(token.decode("ascii"))) if len(token) <= _MOST_TOKEN_BYTES else []
    text = unicodedata.normalize("NFKC", token.decode("utf-8", "replace"))
    return [pair for piece in _LETTERS.findall(text) for pair in _piece_words(piece)]


def parts_of(token: str) -> list[str]:
    """Return the parts of an ASCII identifier as they are written: `getURLs2` is get, URLs, 2."""
    return _PART.findall(token)


def word_hash(word: str) -> int:
    """Return the 32 bits by which a word goes in an index."""
    return crc32(word.encode("utf-8", "surrogatepass"))


def _ascii_words(token: str) -> Iterator[tuple[str, str]]:
    parts = parts_of(token)
    if len(parts) > 1:
        yield _stem("".join(parts).lower()), token.strip("_-")
    for part in parts:
        if len(part) > 1:
            yield _stem(part.lower()), part


def _piece_words(piece: str) -> Iterator[tuple[str, str]]:
    if piece.isascii():
        yield from _ascii_words(piece)
    elif _UNSPACED.search(piece):
        yield from ((pair, pair) for pair in map("".join, pairwise(piece)))
    elif len(piece) > 1:
        yield piece.casefold(), piece


def _stem(word: str) -> str:
    """Return a word without its plural's ending, by the S stemmer of Harman (1991)."""
    if len(word) < 4 or word[-1] != "s" or word[-2] in "ius":
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


@lru_cache(_KEPT_TOKENS)
def _hashes(token: bytes) -> tuple[int, ...]:
    return tuple(word_hash(word) for word, _ in words_in(token))


_COMMON = frozenset(_stem(word) for word in _COMMON_WORDS.split())
