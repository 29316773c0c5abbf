"""Which words of a changed line differ from its other state."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from itertools import accumulate

# A stretch of a line as (start, end) in characters.
Span = tuple[int, int]
Spans = tuple[Span, ...]

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
# Characters of the differing middle, and product of the numbers of words in it, up to which words
# are compared: a few milliseconds.
_MOST_CHARACTERS = 2_000
_MOST_COMPARED = 20_000
# Characters that are stepped back over to the start of a word.
_LONGEST_WORD = 100
# Share of the longer line's characters, blanks aside, that must be common to both.
_ENOUGH = 0.25


def word_spans(old: str, new: str) -> tuple[Spans, Spans]:
    """Return the stretches of `old` and of `new` that the other does not have.

    Both are empty where the lines are equal or have too little in common to be worth comparing.
    """
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    start, end = _at_word(old, new, start, end)
    old_middle, new_middle = old[start : len(old) - end], new[start : len(new) - end]
    found = _differing(old_middle, new_middle)
    spans = _shifted(found[0], start), _shifted(found[1], start)
    return spans if _is_enough(old, new, *spans) else ((), ())


def _common(one: str, other: str) -> int:
    """Return the length of the common start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _at_word(old: str, new: str, start: int, end: int) -> tuple[int, int]:
    """Return both lengths made shorter by the word that they end in, if it goes on."""
    for _ in range(_LONGEST_WORD):
        if not (_cuts_word(old, start) or _cuts_word(new, start)):
            break
        start -= 1
    for _ in range(_LONGEST_WORD):
        if not (_cuts_word(old, len(old) - end) or _cuts_word(new, len(new) - end)):
            break
        end -= 1
    return start, end


def _cuts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _is_word(text[at - 1]) and _is_word(text[at])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _whole(old: str, new: str) -> tuple[Spans, Spans]:
    return ((0, len(old)),) if old else (), ((0, len(new)),) if new else ()


def _differing(old: str, new: str) -> tuple[Spans, Spans]:
    """Compare the words; blanks between two that differ differ with them."""
    if len(old) + len(new) > _MOST_CHARACTERS:
        return _whole(old, new)
    old_tokens, new_tokens = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(old_tokens) * len(new_tokens) > _MOST_COMPARED:
        return _whole(old, new)
    matcher = difflib.SequenceMatcher(None, old_tokens, new_tokens, autojunk=False)
    opcodes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        _joined(((i1, i2) for _, i1, i2, _, _ in opcodes), old_tokens),
        _joined(((j1, j2) for _, _, _, j1, j2 in opcodes), new_tokens),
    )


def _joined(runs: Iterable[tuple[int, int]], tokens: list[str]) -> Spans:
    """Return token ranges as spans, one where only blanks lie between two."""
    ends = [*accumulate(map(len, tokens), initial=0)]
    spans: list[Span] = []
    last = 0
    for first, end in runs:
        if first == end:
            continue
        between = "".join(tokens[last:first])
        if spans and not between.strip():
            spans[-1] = (spans[-1][0], ends[end])
        else:
            spans.append((ends[first], ends[end]))
        last = end
    return tuple(spans)


def _shifted(spans: Spans, by: int) -> Spans:
    return tuple((start + by, end + by) for start, end in spans)


def _is_enough(old: str, new: str, old_spans: Spans, new_spans: Spans) -> bool:
    differing = max(_ink(old, old_spans), _ink(new, new_spans))
    total = max(_ink(old, ((0, len(old)),)), _ink(new, ((0, len(new)),)))
    return total - differing >= _ENOUGH * total


def _ink(text: str, spans: Spans) -> int:
    """Return how many characters in the spans are no blanks."""
    return sum(len("".join(text[start:end].split())) for start, end in spans)
