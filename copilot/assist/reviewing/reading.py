"""Whether what a reply says of a hunk can come from having read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from copilot.assist.reviewing.shown import ShownHunk

_WORD = re.compile(r"[^\W_]+")
# Where a small letter or a digit is followed by a capital, a name has two words.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LEAST = 4
# Words that stand in any sentence, and in much code.
_COMMON = frozenset(
    [
        *("a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "for", "from", "has"),
        *("if", "in", "is", "it", "its", "no", "not", "of", "on", "one", "or", "so", "than"),
        *("that", "the", "then", "there", "this", "to", "was", "what", "when", "which", "will"),
        "with",
    ]
)


def names_something(told: str, hunk: ShownHunk) -> bool:
    """Tell whether a sentence has a word in common with the hunk that it is about.

    That is a word of a changed line, or a longer one of any of its lines. Of a hunk whose changed
    lines hold no word, anything can be said.
    """
    changed = set(_words(line.text for line in hunk.lines if line.sign != " "))
    if not changed - _COMMON:
        return True
    around = {word for word in _words(line.text for line in hunk.lines) if len(word) >= _LEAST}
    said = set(_words([told])) - _COMMON
    return not said.isdisjoint(changed | around)


def _words(texts: Iterable[str]) -> Iterator[str]:
    """Yield the words of texts in small letters, names of several words as such and in parts.

    Some scripts put no blanks between words: of these, each two letters count as a word.
    """
    for text in texts:
        for name in _WORD.findall(text):
            yield name.casefold()
            if name.isascii():
                yield from (part.casefold() for part in _HUMP.split(name))
            else:
                yield from (f"{one}{other}".casefold() for one, other in pairwise(name))
