"""RULER's numbers as published, which the code form keeps.

Source: Hsieh et al. 2024, arXiv 2404.06654; `scripts/synthetic.yaml` and
`scripts/data/synthetic/constants.py` of hsiehjackson/RULER.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from copilot.evals.model import Measure


class Hay(StrEnum):
    """What a haystack is made of.

    `repeat`: a few functions again and again. `real`: files of the repository. `needle`: lines like
    the needle. `words` and `coded`: lists to count in. `documents`: files of the repository, some
    of which the question needs.
    """

    REPEAT = "repeat"
    REAL = "real"
    NEEDLE = "needle"
    WORDS = "words"
    CODED = "coded"
    DOCUMENTS = "documents"


@dataclass(frozen=True)
class Definition:
    """A task: `k` keys with `v` values each, `q` of the keys asked for (0 where there are none)."""

    name: str
    hay: Hay
    key_type: str
    value_type: str
    k: int
    v: int
    q: int
    reply_tokens: int
    measure: Measure = Measure.ALL

    @property
    def is_shared(self) -> bool:
        """Whether the haystack is of real files, so that questions can share it."""
        return self.hay in (Hay.REAL, Hay.DOCUMENTS)


_NIAH = (
    ("niah_single_1", Hay.REPEAT, "words", "numbers", 1, 1, 1),
    ("niah_single_2", Hay.REAL, "words", "numbers", 1, 1, 1),
    ("niah_single_3", Hay.REAL, "words", "uuids", 1, 1, 1),
    ("niah_multikey_1", Hay.REAL, "words", "numbers", 4, 1, 1),
    ("niah_multikey_2", Hay.NEEDLE, "words", "numbers", 1, 1, 1),
    ("niah_multikey_3", Hay.NEEDLE, "uuids", "uuids", 1, 1, 1),
    ("niah_multivalue", Hay.REAL, "words", "numbers", 1, 4, 1),
    ("niah_multiquery", Hay.REAL, "words", "numbers", 4, 1, 4),
)
DEFINITIONS = {
    one.name: one
    for one in (
        *(Definition(*numbers, reply_tokens=128) for numbers in _NIAH),
        Definition("vt", Hay.REAL, "", "", 0, 0, 0, 30),
        Definition("cwe", Hay.WORDS, "", "", 0, 0, 0, 120),
        Definition("fwe", Hay.CODED, "", "", 0, 0, 0, 50),
        Definition("qa_1", Hay.DOCUMENTS, "", "", 0, 0, 0, 32, Measure.PART),
        Definition("qa_2", Hay.DOCUMENTS, "", "", 0, 0, 0, 32, Measure.PART),
    )
}

# Depths are drawn from so many, evenly spread.
DEPTH_SLOTS = 40
NUMBER_DIGITS = 7
# vt: hops of the one chain, letters of a name, in the example too, and digits of the number.
HOPS, CHAINS = 4, 1
NAME_LETTERS, EXAMPLE_LETTERS, VALUE_DIGITS = 5, 3, 5
# cwe: how many common words, and how often they and all others stand there; in the example, which
# has so many words; and the same for lengths of fewer tokens than SHORT.
SHORT = 4096
# A call takes more tokens than a word of RULER's numbered list: from this length on, calls have
# their number as an argument, and functions names of several words.
NUMBERED = 8192
COMMON = 10
TIMES, EXAMPLE_WORDS, EXAMPLE_TIMES = (30, 3), 40, (10, 3)
SHORT_TIMES, SHORT_EXAMPLE_WORDS, SHORT_EXAMPLE_TIMES = (6, 1), 20, (3, 1)
# fwe: the exponent, the tokens for each word of the vocabulary, letters of a word, ranks asked for.
ALPHA = 2.0
TOKENS_PER_WORD = 50
CODED_LETTERS = 6
RANKS = (2, 3, 4)
