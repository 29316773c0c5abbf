from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.context.relevance.words import (
    index_words,
    is_common,
    parts_of,
    query_words,
    word_hash,
    words_in,
)

IDENTIFIERS = st.text("abcXYZ019_-", max_size=30)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("retry", ["retry"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("httpServer", ["httpserver", "http", "server"]),
        ("http_server", ["httpserver", "http", "server"]),
        ("http-server", ["httpserver", "http", "server"]),
        ("--http-server", ["httpserver", "http", "server"]),
        ("__init__", ["init"]),
        ("getURLs", ["geturl", "get", "url"]),
        ("HTTP2Server", ["http2server", "http", "server"]),
        ("sha256", ["sha256", "sha", "256"]),
        ("v2", ["v2"]),
        ("x", []),
        ("_", []),
        ("--", []),
        ("policies", ["policy"]),
        ("class", ["class"]),
        ("status", ["status"]),
        ("analysis", ["analysis"]),
        ("files", ["file"]),
        ("naïve", ["naïve"]),
        ("NAÏVE", ["naïve"]),
        ("Größe_HTTPCode", ["grösse", "httpcode", "http", "code"]),
        ("word\N{EM DASH}other", ["word", "other"]),
        ("配置文件", ["配置", "置文", "文件"]),
    ],
)
def test_words_of_a_token(token: str, words: list[str]) -> None:
    assert [word for word, _ in words_in(token.encode())] == words


def test_a_long_run_of_letters_is_no_word_but_a_long_sentence_without_blanks_is() -> None:
    assert words_in(b"QUJD" * 30) == []
    assert len(words_in(("配置" * 30).encode())) > 1


@given(IDENTIFIERS)
def test_parts_lose_no_letter_and_no_digit(token: str) -> None:
    assert "".join(parts_of(token)) == token.replace("_", "").replace("-", "")


@given(st.lists(st.text("abcdefgh", min_size=2, max_size=6), min_size=2, max_size=4))
def test_each_spelling_of_a_name_has_the_same_words(parts: list[str]) -> None:
    capitals = [part.capitalize() for part in parts]
    spellings = ["_".join(parts), "-".join(parts), "".join(capitals), "_".join(parts).upper()]
    words = {tuple(word for word, _ in words_in(one.encode())) for one in spellings}
    assert len(words) == 1


@given(st.text(max_size=200))
def test_the_words_of_any_text_are_those_of_its_tokens(text: str) -> None:
    data = text.encode("utf-8", "replace")
    assert index_words(data) == index_words(b" " + data + b"\n")
    assert all(word_hash(word) in index_words(data) for word in query_words(text))


@given(st.text(max_size=100), st.text(max_size=100))
def test_counts_of_two_texts_add_up(one: str, other: str) -> None:
    first, second = one.encode("utf-8", "replace"), other.encode("utf-8", "replace")
    assert index_words(first + b"\n" + second) == index_words(first) + index_words(second)


def test_words_are_counted() -> None:
    found = index_words(b"retry(retry_count) # retries")
    assert found[word_hash("retry")] == 3
    assert found[word_hash("retrycount")] == 1
    assert found[word_hash("count")] == 1


def test_a_task_loses_the_words_that_are_everywhere_and_keeps_how_others_are_written() -> None:
    assert query_words("Please fix the HTTPServer's retries, and the retry of `Policies`") == {
        "httpserver": "HTTPServer",
        "http": "HTTP",
        "server": "Server",
        "retry": "retries",
        "policy": "Policies",
    }
    assert query_words("what is this?") == {}


@pytest.mark.parametrize("word", ["the", "The", "does", "returns", "def", "Fixes"])
def test_words_that_are_everywhere(word: str) -> None:
    assert is_common(word)


@pytest.mark.parametrize("word", ["retry", "note", "HTTP"])
def test_words_that_tell_something(word: str) -> None:
    assert not is_common(word)
