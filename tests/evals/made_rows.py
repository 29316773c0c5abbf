"""Rows of answers as a run writes them, made up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from copilot.evals.model import Measure, Recipe, Score
from copilot.evals.report import report_of
from copilot.evals.report_model import RULER_TASKS, Series
from copilot.evals.rows import Calibration, Counted, Row, identity_of

MODEL_A = identity_of("a", "a-1", "openai", "http://127.0.0.1:1/v1")
MODEL_B = identity_of("b", "b", "embedded", "")


def made_row(
    value: float = 1.0,
    *,
    suite: str = "needle",
    task: str = "single",
    tokens: int = 4000,
    index: int = 0,
    depth: float | None = None,
    examples: int = 0,
    model: Any = MODEL_A,
    **about: Any,
) -> Row:
    room = tokens - 128 - 23
    recipe = Recipe(
        suite, task, tokens, room, index, 42, "o200k_base", "s", depth, examples=examples
    )
    usual: dict[str, Any] = {
        "recipe": recipe,
        "model": model,
        "prompt_sha256": f"{task}{tokens}{index}{depth}",
        "haystack": "h",
        "positions": (),
        "references": ("right",),
        "forbidden": (),
        "measure": Measure.ALL,
        "reply_tokens": 128,
        "own_tokens": room,
        "calibration": Calibration(23, 1.0),
        "started": "2026-01-01T00:00:00",
        "answer": "an answer",
        "finish": "stop",
        "score": Score(value),
        "usage": Counted(room + 23, 9, 0),
        "seconds": 12.0,
        "first_token_seconds": 10.0,
        "repositories": ("app@1234",),
    }
    return Row(**{**usual, **about})


def made_rows(hits: int, count: int, **about: Any) -> list[Row]:
    return [made_row(float(n < hits), index=n, **about) for n in range(count)]


def series_of(rows: Iterable[Row]) -> Series:
    (series,) = report_of(rows).series
    return series


def ruler_rows(curve: dict[int, int], **about: Any) -> list[Row]:
    """Return 20 rows for each task and length, of which so many are right."""
    return [
        row
        for tokens, hits in curve.items()
        for task in RULER_TASKS
        for row in made_rows(hits, 20, suite="ruler", task=task, tokens=tokens, **about)
    ]
