"""Scores of answers: RULER's two measures as published, and stricter ones for lists and conflicts.

The measures `all` and `part` are RULER's `string_match_all` and `string_match_part` (Hsieh et al.
2024, arXiv 2404.06654): what is looked for may stand anywhere in the answer, in any case, so that
an answer that lists everything is right. F1 and `exact` look at the values behind the last
`ANSWER:`, or at the whole answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set

from copilot.evals.model import Measure, Sample, Score

ANSWER = "ANSWER:"
NONE = "NONE"
# What a thinking model writes before its answer.
_THOUGHT = re.compile(r"\A.*</think>|<think>.*\Z", re.DOTALL)
_SEPARATOR = re.compile(r"[,;\n]|\s+and\s+|(?<=[\w`\"'])\s+(?=[\w`\"'])")
_LISTED = re.compile(r"^\s*(?:[-*•]\s+|\d+[.)]\s+)")
_MARKS = " \t\r`'\"*.[](){}<>"
_SAYS_NONE = re.compile(
    r"\bnone\b|\babsent\b|\bnot (?:present|defined|found|exist|available|there|in)\b"
    r"|\bno longer\b|\bno (?:such|file|constant|value)\b|n't (?:exist|present|defined|have)"
    r"|\b(?:was|is|been) (?:deleted|removed)\b",
    re.IGNORECASE,
)


def held(answer: str, values: Iterable[str]) -> list[str]:
    """Return the values that an answer holds, in any case and as parts of words, too."""
    folded = answer.lower()
    return [value for value in values if value.lower() in folded]


def share_held(answer: str, references: Sequence[str]) -> float:
    return len(held(answer, references)) / len(references)


def final(answer: str) -> str:
    """Return an answer without the thoughts before it."""
    return _THOUGHT.sub("", answer)


def listed(answer: str) -> frozenset[str]:
    """Return the values behind the last `ANSWER:`, or of the whole answer without that word.

    They are separated by commas, semicolons, white space or lines, and returned in small letters
    without quotes, brackets and list marks.
    """
    text = re.split(ANSWER, answer, flags=re.IGNORECASE)[-1]
    lines = (_LISTED.sub("", line) for line in text.split("\n"))
    parts = (part.strip(_MARKS) for line in lines for part in _SEPARATOR.split(line))
    return frozenset(part.lower() for part in parts if part)


def f1_of(found: Set[str], references: Iterable[str]) -> float:
    """Return the harmonic mean of precision and recall of a set of values."""
    wanted = {reference.lower() for reference in references}
    return 2 * len(found & wanted) / (len(found) + len(wanted)) if found else 0.0


def scored(sample: Sample, answer: str) -> Score:
    """Score an answer to a question for values, by the sample's measure.

    Raises ValueError for a measure that is none of values.
    """
    text, references = final(answer), sample.references
    stale = bool(held(text, sample.forbidden))
    if sample.measure is Measure.ABSENT:
        return Score(float(bool(_SAYS_NONE.search(text)) and not stale), stale=stale)
    share, found = share_held(text, references), listed(text)
    f1 = f1_of(found, references)
    if sample.measure is Measure.ALL:
        return Score(share, f1, f1 == 1.0, stale)
    if sample.measure is Measure.PART:
        f1 = max(f1_of(found, [reference]) for reference in references)
        return Score(float(share > 0), f1, f1 == 1.0, stale)
    if sample.measure is Measure.CURRENT:
        is_right = share == 1.0 and not stale
        return Score(float(is_right), f1, is_right and f1 == 1.0, stale)
    raise ValueError(f"no measure of values: {sample.measure}")
