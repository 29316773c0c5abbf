"""Prompts that a server read less of than was sent, without a word of it.

A server with another tokenizer than ours counts some texts otherwise than the code it was
calibrated with, by a few per cent for code and by a half for UUIDs. So a smaller count alone tells
little: what tells is a cap (prompts of different lengths read at the same count), code that was
counted at far less than the server's own ratio, or much less than another prompt of the same task
and length.
"""

from __future__ import annotations

from collections.abc import Sequence

from copilot.evals.rows import Row

# Of the tokens sent, what a server with our tokenizer counts at least.
LEAST_READ = 0.98
# With another one, code is not counted shorter than that for reasons of its own.
_LEAST_OF_CODE = 0.75
# Calibration is by a thousand tokens: the same count is no accident, one or two more may be.
_EQUAL_RATIO, _SAME_RATIO, _EXACT = 0.0005, 0.0015, 0.005
# Counts within this share of the highest stand at a cap; what was sent must differ by more.
_AT_CAP, _SENT_APART = 0.01, 1.25
# RULER's tasks without code of the repository: noise, needles, words and codes alone.
_MADE_UP = frozenset({"niah_single_1", "niah_multikey_2", "niah_multikey_3", "cwe", "fwe"})


def cut_rows(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of prompts that the server cut, as far as that can be told from its counts.

    The rows are those of one model.
    """
    told = [(row, share) for row in rows if (share := row.read_share) is not None]
    if not told:
        return []
    least = LEAST_READ if _is_our_tokenizer(told) else _LEAST_OF_CODE
    cap = _cap([row for row, _ in told])
    most: dict[tuple[str, int], float] = {}
    shortest: dict[int, float] = {}
    for row, share in told:
        tokens = row.recipe.tokens
        key = (row.recipe.task, tokens)
        most[key] = max(share, most.get(key, 0.0))
        if _is_code(row):
            shortest[tokens] = min(share, shortest.get(tokens, share))

    def is_cut(row: Row, share: float) -> bool:
        if share >= LEAST_READ:
            return False
        if cap is not None and _sent(row) > cap and _read(row) >= cap * (1 - _AT_CAP):
            return True
        if _is_code(row) or least == LEAST_READ:
            return share < least
        tokens = row.recipe.tokens
        is_less = share < _LEAST_OF_CODE * min(1.0, most[row.recipe.task, tokens])
        return is_less or (share < _LEAST_OF_CODE and shortest.get(tokens, 1.0) < least)

    return [row for row, share in told if is_cut(row, share)]


def counted_otherwise(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that the server counts shorter than by its ratio, and that show no cut."""
    cut = {id(row) for row in cut_rows(rows)}
    shares = ((row, row.read_share) for row in rows if id(row) not in cut)
    return [row for row, share in shares if share is not None and share < LEAST_READ]


def _is_our_tokenizer(told: Sequence[tuple[Row, float]]) -> bool:
    """Tell whether the server counts as we do: by its ratio, or nearly that and by some prompt."""
    off = max(abs(row.calibration.ratio - 1) for row, _ in told)
    most = max(share for _, share in told)
    if most > 1 + _EXACT:
        return False
    return off <= _EQUAL_RATIO or (off <= _SAME_RATIO and most >= 1 - _EXACT)


def _cap(rows: Sequence[Row]) -> float | None:
    """Return the highest count, if prompts of quite different lengths were read at it."""
    top = max(map(_read, rows))
    sent = [_sent(row) for row in rows if _read(row) >= top * (1 - _AT_CAP)]
    return top if max(sent) >= _SENT_APART * min(sent) else None


def _is_code(row: Row) -> bool:
    return row.recipe.task not in _MADE_UP


def _sent(row: Row) -> float:
    return row.calibration.served(row.own_tokens)


def _read(row: Row) -> int:
    return row.usage.prompt if row.usage else 0
