"""Which short counts are cuts, and which are another tokenizer's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from copilot.evals.model import Measure, Recipe, Score
from copilot.evals.rows import Calibration, Counted, Row, identity_of
from copilot.evals.truncated import counted_otherwise, cut_rows


def _read(share: float, tokens: int = 4000, ratio: float = 1.0, task: str = "vt") -> Row:
    """Return a row of a prompt that takes all of a length but 200 tokens."""
    recipe = Recipe("ruler", task, tokens, tokens - 128, 0, 42, "o200k_base", "s")
    calibration = Calibration(23, ratio)
    usage = Counted(round(share * calibration.served(tokens - 200)), 1)
    return Row(
        recipe=recipe,
        model=identity_of("m", "m", "openai", "http://127.0.0.1:1/v1"),
        prompt_sha256="p",
        haystack="h",
        positions=(),
        references=("a",),
        forbidden=(),
        measure=Measure.ALL,
        reply_tokens=30,
        own_tokens=tokens - 200,
        calibration=calibration,
        started="",
        score=Score(1.0),
        usage=usage,
    )


def _at(read: int, tokens: int, ratio: float = 1.3, task: str = "cwe") -> Row:
    """Return a row of which the server counts so many tokens."""
    sent = Calibration(23, ratio).served(tokens - 200)
    return _read(read / sent, tokens, ratio, task)


_UUIDS = "niah_multikey_3"


@pytest.mark.parametrize(
    ("rows", "cut"),
    [
        pytest.param([_read(1.0), _read(0.985), _read(0.97), _read(0.5)], [2, 3], id="ours"),
        pytest.param([_read(1.0, ratio=1.3), _read(0.4, 8000, 1.3)], [1], id="the longer one"),
        pytest.param([_read(0.5, ratio=1.3), _read(0.25, 8000, 1.3)], [0, 1], id="both"),
        pytest.param([_read(0.5)] * 3, [0, 1, 2], id="ours, all of them"),
        pytest.param([_read(0.8, ratio=1.3), _read(0.81, 8000, 1.3)], [], id="another's text"),
        pytest.param([_read(0.85, ratio=1.3)], [], id="alone"),
        # A count by characters may come near to ours by accident.
        pytest.param([_read(0.968), _read(1.03), _read(0.968)], [], id="by characters"),
        pytest.param([_read(0.968, ratio=1.002)] * 8, [], id="one haystack by characters"),
        pytest.param([_read(0.78)] * 2, [0, 1], id="ours, the same part of each"),
        pytest.param(
            [_read(0.968, ratio=0.96), _read(0.51, ratio=0.96), _read(0.512, ratio=0.96)],
            [1, 2],
            id="by characters, some halved",
        ),
        pytest.param(
            [_read(1.0, ratio=0.96), _read(0.567, 4000, 0.96, _UUIDS)], [], id="UUIDs count less"
        ),
        pytest.param([_read(0.567, 4000, 0.96, _UUIDS)], [], id="UUIDs alone"),
        pytest.param(
            [_read(0.8, 1000, 0.96, _UUIDS), _read(0.45, 16000, 0.96, _UUIDS)],
            [],
            id="more UUIDs where it is longer",
        ),
        pytest.param(
            [_read(0.567, 4000, 0.96, _UUIDS), _read(0.28, 4000, 0.96, _UUIDS)],
            [1],
            id="another prompt of task and length",
        ),
        pytest.param(
            [_read(0.5, ratio=0.96), _read(0.28, 4000, 0.96, _UUIDS)], [0, 1], id="code is cut too"
        ),
        pytest.param(
            [_at(4096, 4000), _at(4096, 6000), _at(4090, 16000), _at(2000, 2000)],
            [0, 1, 2],
            id="a cap",
        ),
    ],
)
def test_a_prompt_that_the_server_cut_is_told_from_other_ways_to_count(
    rows: list[Row], cut: list[int]
) -> None:
    assert cut_rows(rows) == [rows[number] for number in cut]


def test_what_cannot_be_told_is_counted_otherwise() -> None:
    rows = [_read(0.968, ratio=0.96), _read(0.5, ratio=0.96), _read(1.0, ratio=0.96)]
    assert counted_otherwise(rows) == rows[:1]


def test_without_usage_no_cut_is_seen() -> None:
    assert cut_rows([]) == []
    row = _read(0.5)
    unmeasured = Calibration(16, 1.0, measured=False)
    for untold in (replace(row, usage=None), replace(row, calibration=unmeasured)):
        assert cut_rows([untold]) == counted_otherwise([untold]) == []
