"""Exact token counts.

quicktok counts (same tokens as tiktoken, many times faster); tiktoken stays the reference it is
tested against. Both use quicktok's vocabularies, so nothing is downloaded.

Parts may be counted one by one and added up if each ends in a line feed and the next begins with a
character that is neither white space nor `/`: every supported tokenizer splits there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from copilot.errors import UsageError

if TYPE_CHECKING:
    import tiktoken

DEFAULT_TOKENIZER = "o200k_base"
TOKENIZERS = ("o200k_base", "cl100k_base", "llama3", "qwen3")
_loaded: dict[str, Any] = {}

_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_TAIL = r"\s*[\r\n]+|\s+(?!\S)|\s+"
# How each tokenizer cuts text before merging bytes, as published with its vocabulary.
_PATTERNS = {
    "cl100k_base": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    "o200k_base": rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}?"
    rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_TAIL}",
    "llama3": rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_TAIL}",
    "qwen3": rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_TAIL}",
}


def count_tokens(texts: Sequence[str | bytes], tokenizer: str = DEFAULT_TOKENIZER) -> list[int]:
    """Return the tokens of each text (bytes are UTF-8), none of it read as a special token."""
    # Text by text: what counts many at once brings all of NumPy along.
    return list(map(_quick(tokenizer).count, texts))


def is_loaded(tokenizer: str) -> bool:
    """Say whether a vocabulary is in memory. Raises UsageError for a tokenizer that is none."""
    _check(tokenizer)
    return tokenizer in _loaded


def load(tokenizer: str) -> None:
    """Read a vocabulary into memory, which takes half a second."""
    _quick(tokenizer)


def tokens_by_rank(tokenizer: str) -> list[bytes]:
    """Return the tokens of a vocabulary, which are merged in this order."""
    quick = _quick(tokenizer)
    end = min(map(quick.encode_single_token, quick.special_tokens_set))
    while not _is_token(quick, end - 1):
        end -= 1
    return list(map(quick.decode_single_token_bytes, range(end)))


def _is_token(quick: Any, rank: int) -> bool:
    try:
        quick.decode_single_token_bytes(rank)
    except KeyError:
        return False
    return True


def vocabulary_version() -> str:
    """Return what changes with the vocabularies."""
    import quicktok

    return str(quicktok.__version__)


@cache
def reference_encoding(tokenizer: str = DEFAULT_TOKENIZER) -> tiktoken.Encoding:
    """Return tiktoken's encoding for a tokenizer, built from the vocabulary on disk."""
    import tiktoken

    quick = _quick(tokenizer)
    ranks = {data: quick.encode_single_token(data) for data in quick.token_byte_values()}
    return tiktoken.Encoding(
        tokenizer, pat_str=_PATTERNS[tokenizer], mergeable_ranks=ranks, special_tokens={}
    )


def _quick(tokenizer: str) -> Any:
    import quicktok

    _check(tokenizer)
    if tokenizer not in _loaded:
        _loaded[tokenizer] = quicktok.get_encoding(tokenizer)
    return _loaded[tokenizer]


def _check(tokenizer: str) -> None:
    if tokenizer not in TOKENIZERS:
        raise UsageError(f"unknown tokenizer: {tokenizer!r}", f"known: {', '.join(TOKENIZERS)}")
