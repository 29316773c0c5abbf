"""The markers of edit blocks, and lines that were probably meant to be one."""

from __future__ import annotations

import re
from typing import NamedTuple

VERBS = frozenset({"SEARCH", "CREATE", "OVERWRITE", "DELETE", "RENAME"})
# What may stand behind the characters of a marker.
_WORDS = {"<": VERBS, "=": frozenset({""}), ">": frozenset({"REPLACE", "END"})}
# Lengths of a marker that are understood besides the one asked for.
LENGTHS = range(5, 21)
_RUN = re.compile(r"([ \t]*+)(<{4,}+|>{4,}+)([ \t]*+)([A-Za-z]++)([^\n]*+)")
# Longer lines are no marker, however they begin.
_LONGEST = 200
_ALL_WORDS = VERBS | {"REPLACE", "END"}
# Words of other programs' blocks.
_FOREIGN_WORDS = frozenset({"ORIGINAL", "UPDATE", "UPDATED"})
# The label with which git marks our side of a conflict.
_CONFLICT_LABEL = "HEAD"
# Letters of a word that may be a misspelt one; shorter words are too much alike.
_MISSPELT_LENGTHS = range(5, 11)


class Marker(NamedTuple):
    """A marker: its character, how many of it there are, and the word behind them."""

    char: str
    length: int
    word: str


def marker_in(line: str) -> Marker | None:
    """Return the marker a line is, of any length; white space behind it does not count."""
    char = line[:1]
    if char not in _WORDS:
        return None
    text = line.rstrip()
    word = text.lstrip(char)
    length = len(text) - len(word)
    if char != "=":
        if not word.startswith(" "):
            return None
        word = word[1:]
    return Marker(char, length, word) if word in _WORDS[char] else None


def _with_letter_less(word: str) -> frozenset[str]:
    return frozenset(word[:index] + word[index + 1 :] for index in range(len(word)))


# Two words share a member of these sets where one letter is wrong, missing, added or swapped.
_MISSPELT = frozenset().union(
    *(_with_letter_less(word) | {word} for word in _ALL_WORDS if len(word) in _MISSPELT_LENGTHS)
)


def is_nearly_marker(line: str, length: int | None = None) -> bool:
    """Tell whether a line was probably meant to be a marker of `length` characters.

    Without a length the line stands outside of any block: there it may be indented, and any single
    word in capitals but git's `HEAD` is a verb that is not known.
    """
    match = _RUN.match(line) if len(line) <= _LONGEST else None
    if match is None:
        return False
    indent, run, _, word, rest = match.groups()
    alone = not rest.strip()
    if length is not None and (indent or len(run) != length):
        return False
    if length is None and len(run) not in LENGTHS:
        return alone and word in _ALL_WORDS
    if length is None and alone and word.isupper() and word != _CONFLICT_LABEL:
        return True
    return _is_nearly_word(word, alone, rest)


def _is_nearly_word(word: str, alone: bool, rest: str) -> bool:
    capitals = word.upper()
    if capitals in _ALL_WORDS | _FOREIGN_WORDS:
        return alone or word == capitals or not rest[0].isspace()
    if not alone or len(word) not in _MISSPELT_LENGTHS:
        return False
    return capitals in _MISSPELT or not _with_letter_less(capitals).isdisjoint(_MISSPELT)
