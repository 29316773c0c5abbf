"""Amounts as people write them: tokens (`200k`, `1M`)."""

from __future__ import annotations

import re

from copilot.errors import UsageError

_TOKENS = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([kKmM]?)")
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}


def parse_tokens(text: str) -> int:
    """Return the tokens that `250000`, `250_000`, `250k` or `1.5M` says. Raises UsageError."""
    match = _TOKENS.fullmatch(text.strip().replace("_", "").replace(",", ""))
    amount = round(float(match[1]) * _FACTORS[match[2].lower()]) if match else 0
    if amount < 1:
        raise UsageError(f"not a number of tokens: {text!r}", "write it as 200000, 200k or 1M")
    return amount
