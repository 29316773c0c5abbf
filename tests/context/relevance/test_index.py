from __future__ import annotations

from collections import Counter
from hashlib import sha1
from itertools import product
from math import log
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.cache import Cache
from copilot.context.relevance.index import WordIndex
from copilot.context.relevance.model import Document, Query, Signal

WORDS = ["alpha", "beta", "gamma", "delta", "omega"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


def document(name: str, text: str, with_data: bool = True) -> Document:
    data = text.encode()
    content = sha1(data, usedforsecurity=False).hexdigest()
    return Document(name, None, content, data if with_data else None)


def scored(texts: dict[str, str], task: str, cache: Cache | None = None) -> Signal:
    index = WordIndex(cache or Cache())
    index.add([document(name, text) for name, text in texts.items()])
    return index.bm25(Query(task))


def plain_bm25(texts: dict[str, str], task: str) -> dict[str, float]:
    """The formula, word by word and text by text; equal texts count once."""
    counts = {text: Counter(text.split()) for text in texts.values()}
    mean = max(1.0, sum(count.total() for count in counts.values()) / len(counts))
    scores = dict.fromkeys(counts, 0.0)
    for word in dict.fromkeys(task.split()):
        holders = sum(word in count for count in counts.values())
        idf = log(1 + (len(counts) - holders + 0.5) / (holders + 0.5))
        for text, count in counts.items():
            room = 1.2 * (1 - 0.75 + 0.75 * count.total() / mean)
            scores[text] += idf * count[word] * 2.2 / (count[word] + room)
    best = max(scores.values()) or 1.0
    return {name: scores[text] / best for name, text in texts.items() if scores[text]}


@settings(deadline=None)
@given(
    st.dictionaries(st.text("xyz", min_size=1, max_size=4), TEXTS, min_size=1, max_size=9),
    st.lists(st.sampled_from([*WORDS, "absent"]), max_size=4).map(" ".join),
)
def test_scores_are_those_of_the_formula(texts: dict[str, str], task: str) -> None:
    assert scored(texts, task).scores == pytest.approx(plain_bm25(texts, task), abs=1e-5)


def test_what_is_kept_gives_the_same_as_what_is_read(tmp_path: Path) -> None:
    texts = {
        f"r/{number}.py": f"common word{number} {'alpha ' * (number % 5)}" for number in range(700)
    }
    task = Query("alpha word7 word8 common")
    with Cache(tmp_path / "cache") as cache:
        cold = WordIndex(cache)
        cold.add([document(name, text) for name, text in texts.items()])
        expected = cold.bm25(task), cold.path_words(task)
    with Cache(tmp_path / "cache") as cache:
        warm = WordIndex(cache)
        warm.add([document(name, text, with_data=False) for name, text in texts.items()])
        assert (warm.bm25(task), warm.path_words(task)) == expected
    uncached = WordIndex(Cache())
    uncached.add([document(name, text) for name, text in texts.items()])
    assert (uncached.bm25(task), uncached.path_words(task)) == expected


def test_a_changed_file_is_seen_among_those_that_are_kept(tmp_path: Path) -> None:
    texts = {f"r/{number}.py": f"common word{number}" for number in range(600)}
    with Cache(tmp_path / "cache") as cache:
        scored(texts, "common", cache)
        index = WordIndex(cache)
        index.add([document(name, text, with_data=False) for name, text in texts.items()])
        index.add([document("r/5.py", "novelty")])
        assert index.bm25(Query("novelty")).scores == {"r/5.py": 1.0}
        assert index.bm25(Query("word6")).scores["r/6.py"] == 1.0
        assert index.bm25(Query("common")).scores.keys() == texts.keys() - {"r/5.py"}


def test_a_text_that_nobody_has_read_is_found_by_its_path_alone(tmp_path: Path) -> None:
    with Cache(tmp_path / "cache") as cache:
        index = WordIndex(cache)
        index.add([document("r/retry.py", "alpha", with_data=False), document("r/b.py", "beta")])
        assert index.bm25(Query("alpha beta")).scores == {"r/b.py": 1.0}
        assert index.path_words(Query("alpha retry")).scores == {"r/retry.py": 1.0}
        index = WordIndex(cache)
        index.add([document("r/retry.py", "alpha"), document("r/b.py", "beta")])
        assert set(index.bm25(Query("alpha beta")).scores) == {"r/retry.py", "r/b.py"}


def test_texts_without_a_name_are_told_apart() -> None:
    index = WordIndex(Cache())
    index.add([Document("a", None, "", b"alpha"), Document("b", None, "", b"beta")])
    assert index.bm25(Query("alpha")).scores == {"a": 1.0}


def test_the_order_of_documents_changes_nothing() -> None:
    texts = {f"r/{number}.py": f"alpha {'beta ' * number}" for number in range(40)}
    backwards = dict(reversed(texts.items()))
    assert scored(texts, "alpha beta") == scored(backwards, "alpha beta")


def test_the_reason_names_the_words_that_brought_most_as_the_task_writes_them() -> None:
    texts = {
        "a": "retry retry backoff",
        "b": "other",
        "c": "retry",
        "d": "jitter delay retry backoff",
    }
    found = scored(texts, "Retries need Backoff, jitter and a delay")
    assert found.why["a"] == "holds Backoff, Retries"
    assert found.why["d"].startswith("holds ")
    assert found.why["d"].count(",") == 2
    assert "b" not in found.why


def test_the_name_of_a_file_tells_more_than_its_folder() -> None:
    index = WordIndex(Cache())
    index.add(
        [document("r/http/a.py", ""), document("r/lib/http.py", ""), document("r/lib/b.py", "")]
    )
    found = index.path_words(Query("the http part")).scores
    assert found["r/lib/http.py"] == 1.0
    assert 0 < found["r/http/a.py"] < 1.0
    assert "r/lib/b.py" not in found


def test_the_first_line_of_a_task_tells_more_than_the_others() -> None:
    texts = {"a": "alpha", "b": "beta"}
    assert scored(texts, "alpha\n\nbeta").scores == {"a": 1.0, "b": 0.5}
    assert scored(texts, "\nbeta\n\nalpha").scores == {"a": 0.5, "b": 1.0}


@pytest.mark.parametrize("task", ["", "the of and", "nothing-like-it"])
def test_a_task_without_a_word_that_is_found_scores_nothing(task: str) -> None:
    assert scored({"a": "alpha", "b": ""}, task).scores == {}


def test_nothing_is_found_among_nothing() -> None:
    assert scored({}, "alpha").scores == {}
    assert WordIndex(Cache()).path_words(Query("alpha")).scores == {}


def test_a_long_task_is_searched_by_its_rarest_words() -> None:
    names = ["".join(pair) for pair in product("abcdefghij", repeat=2)]
    texts = {f"r/{name}.py": f"common name{name}" for name in names}
    found = scored(texts, " ".join(["common", *(f"name{name}" for name in names)]))
    assert found.scores == dict.fromkeys(texts, 1.0)
    assert found.why["r/ab.py"] == "holds nameab"
