"""tiktoken is the reference; both count with the vocabularies that quicktok carries."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import copilot
from copilot.context.tokens import TOKENIZERS, count_tokens, reference_encoding
from copilot.errors import UsageError

EXACT = ("o200k_base", "cl100k_base")
ODD_TEXTS = [
    "",
    " ",
    "\n\n\n   \n",
    "a" * 5000,
    " " * 3000 + "x",
    "''S it's DON'T 'LL 'ſ ’s",
    "a\u0301 é e\u0301 \u212b \u1e9e ǅ \u0345",
    "日本語1234567 ½² ٣٤ 𝟘",
    "\r\n\r\n x\r\ty\x0b\x0c\x85\u2028\u00a0\u3000z",
    "<|endoftext|><|im_start|>system<|fim_prefix|>",
    "// /\n/a\n\n/b \n///",
    "\x00\x01\x1b[31m\x7f\ufeff\ufffd",
    "👩‍👩‍👧‍👦🏳️‍🌈🇪🇺\U0010ffff",
    "0123456789" * 50,
    "============================\n<<<<<<< SEARCH\n>>>>>>> REPLACE\n",
]


def _source_texts() -> list[str]:
    folder = Path(copilot.__file__).parent
    return [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))]


def _reference(texts: list[str], tokenizer: str) -> list[int]:
    encoding = reference_encoding(tokenizer)
    return [len(encoding.encode_ordinary(text)) for text in texts]


@pytest.mark.parametrize("tokenizer", EXACT)
def test_counts_are_tiktokens_for_our_source_and_odd_texts(tokenizer: str) -> None:
    texts = [*_source_texts(), *ODD_TEXTS]
    assert len(texts) > 60
    assert count_tokens(texts, tokenizer) == _reference(texts, tokenizer)


@pytest.mark.parametrize("tokenizer", ["llama3", "qwen3"])
def test_counts_are_tiktokens_for_ascii(tokenizer: str) -> None:
    texts = [text for text in [*_source_texts(), *ODD_TEXTS] if text.isascii()]
    assert len(texts) > 50
    assert count_tokens(texts, tokenizer) == _reference(texts, tokenizer)


@pytest.mark.parametrize("tokenizer", EXACT)
@settings(deadline=None)
@given(st.text())
def test_any_text_is_counted_as_tiktoken_does(tokenizer: str, text: str) -> None:
    assert count_tokens([text], tokenizer) == _reference([text], tokenizer)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=127)))
def test_any_ascii_text_is_counted_as_tiktoken_does(tokenizer: str, text: str) -> None:
    assert count_tokens([text], tokenizer) == _reference([text], tokenizer)


_LETTERS = st.sampled_from("aA's. /\\\t\r\n<>#=12é日\u0301\u00a0\u2028")
_INSIDE = st.text(_LETTERS, max_size=30) | st.text(max_size=20)
_PARTS = st.lists(
    st.builds(lambda first, inside: f"{first}{inside}\n", st.sampled_from("<#"), _INSIDE),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@settings(max_examples=200, deadline=None)
@given(_PARTS)
def test_parts_that_begin_with_a_mark_and_end_a_line_add_up(
    tokenizer: str, parts: list[str]
) -> None:
    assert sum(_reference(parts, tokenizer)) == _reference(["".join(parts)], tokenizer)[0]


def test_special_tokens_are_counted_as_the_text_they_are() -> None:
    assert count_tokens(["<|endoftext|>"])[0] > 1


def test_counts_keep_the_order_of_the_texts() -> None:
    assert count_tokens(["a", "", "a b c"]) == [1, 0, 3]
    assert count_tokens([]) == []


def test_an_unknown_tokenizer_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown tokenizer") as caught:
        count_tokens(["a"], "p50k_base")
    assert "o200k_base" in caught.value.hint
