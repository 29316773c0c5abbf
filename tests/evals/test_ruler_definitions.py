"""The numbers of the published tasks, asserted one by one."""

from __future__ import annotations

import pytest

from copilot.evals.model import Measure
from copilot.evals.ruler import RULER, definitions
from copilot.evals.ruler.definitions import DEFINITIONS, Hay
from copilot.evals.ruler.lists import times_of

PUBLISHED = [
    ("niah_single_1", Hay.REPEAT, "words", "numbers", 1, 1, 1, 128, Measure.ALL),
    ("niah_single_2", Hay.REAL, "words", "numbers", 1, 1, 1, 128, Measure.ALL),
    ("niah_single_3", Hay.REAL, "words", "uuids", 1, 1, 1, 128, Measure.ALL),
    ("niah_multikey_1", Hay.REAL, "words", "numbers", 4, 1, 1, 128, Measure.ALL),
    ("niah_multikey_2", Hay.NEEDLE, "words", "numbers", 1, 1, 1, 128, Measure.ALL),
    ("niah_multikey_3", Hay.NEEDLE, "uuids", "uuids", 1, 1, 1, 128, Measure.ALL),
    ("niah_multivalue", Hay.REAL, "words", "numbers", 1, 4, 1, 128, Measure.ALL),
    ("niah_multiquery", Hay.REAL, "words", "numbers", 4, 1, 4, 128, Measure.ALL),
    ("vt", Hay.REAL, "", "", 0, 0, 0, 30, Measure.ALL),
    ("cwe", Hay.WORDS, "", "", 0, 0, 0, 120, Measure.ALL),
    ("fwe", Hay.CODED, "", "", 0, 0, 0, 50, Measure.ALL),
    ("qa_1", Hay.DOCUMENTS, "", "", 0, 0, 0, 32, Measure.PART),
    ("qa_2", Hay.DOCUMENTS, "", "", 0, 0, 0, 32, Measure.PART),
]


def test_there_are_thirteen_tasks_in_the_published_order() -> None:
    assert list(RULER.tasks) == [row[0] for row in PUBLISHED]
    assert RULER.reply_tokens == 128


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: str(row[0]))
def test_a_task_has_the_published_numbers(row: tuple[object, ...]) -> None:
    one = DEFINITIONS[str(row[0])]
    numbers = (one.k, one.v, one.q, one.reply_tokens, one.measure)
    assert (one.name, one.hay, one.key_type, one.value_type, *numbers) == row


def test_eight_tasks_share_the_haystack_of_real_files() -> None:
    shared = [name for name, one in DEFINITIONS.items() if one.is_shared]
    niah = ["single_2", "single_3", "multikey_1", "multivalue", "multiquery"]
    assert shared == [*(f"niah_{name}" for name in niah), "vt", "qa_1", "qa_2"]


def test_depths_values_and_chains_are_as_published() -> None:
    assert definitions.DEPTH_SLOTS == 40
    assert definitions.NUMBER_DIGITS == 7
    assert (definitions.HOPS, definitions.CHAINS) == (4, 1)
    letters = (definitions.NAME_LETTERS, definitions.EXAMPLE_LETTERS)
    assert (letters, definitions.VALUE_DIGITS) == ((5, 3), 5)


def test_frequencies_are_as_published() -> None:
    assert (definitions.COMMON, definitions.TIMES) == (10, (30, 3))
    assert (definitions.EXAMPLE_WORDS, definitions.EXAMPLE_TIMES) == (40, (10, 3))
    assert (definitions.SHORT, definitions.SHORT_TIMES) == (4096, (6, 1))
    assert (definitions.SHORT_EXAMPLE_WORDS, definitions.SHORT_EXAMPLE_TIMES) == (20, (3, 1))
    assert (definitions.ALPHA, definitions.TOKENS_PER_WORD) == (2.0, 50)
    assert (definitions.CODED_LETTERS, definitions.RANKS) == (6, (2, 3, 4))


def test_counts_are_zeta_distributed_and_rounded_down() -> None:
    # 1000 / zeta(2) = 607.93; a quarter, a ninth and a sixteenth of it follow.
    assert [times_of(rank, 1000) for rank in (1, 2, 3, 4)] == [607, 151, 67, 37]
    assert sum(times_of(rank, 1000) for rank in range(1, 5000)) <= 1000
