from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.errors import UsageError
from copilot.settings.amounts import parse_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("1", 1),
        ("250000", 250_000),
        ("250_000", 250_000),
        ("250,000", 250_000),
        ("250k", 250_000),
        ("250 K", 250_000),
        ("1.5M", 1_500_000),
        (" 2m ", 2_000_000),
        ("0.5k", 500),
    ],
)
def test_amounts_as_people_write_them(text: str, tokens: int) -> None:
    assert parse_tokens(text) == tokens


@pytest.mark.parametrize(
    "text", ["", "k", "0", "0.0001", "-5", "+5", "1e6", "1.M", ".5M", "5G", "5 k k", "1M2", "٣x"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a number of tokens") as caught:
        parse_tokens(text)
    assert "200k" in caught.value.hint


@given(st.integers(1, 10**12))
def test_any_number_is_itself(number: int) -> None:
    assert parse_tokens(str(number)) == parse_tokens(f"{number:,}") == number
    assert parse_tokens(f"{number}k") == number * 1000
