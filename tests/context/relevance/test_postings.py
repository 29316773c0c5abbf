from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.context.relevance.postings import decode, encode_words, join_words

COUNTS = st.dictionaries(st.integers(0, 2**32 - 1), st.integers(1, 300), max_size=8)


@settings(deadline=None)
@given(st.lists(st.none() | COUNTS, max_size=8), st.lists(st.integers(0, 2**32 - 1), max_size=4))
def test_each_word_is_found_in_its_texts(
    texts: list[dict[int, int] | None], absent: list[int]
) -> None:
    import numpy as np

    encoded = [None if counts is None else encode_words(counts) for counts in texts]
    postings = decode(join_words(encoded).encode())
    words = sorted({word for counts in texts for word in counts or {}} | set(absent))
    found = postings.find(np.array(words, dtype=np.uint32)).tolist()
    for word, row in zip(words, found, strict=True):
        assert row == [min((counts or {}).get(word, 0), 255) for counts in texts]
    assert postings.known.tolist() == [counts is not None for counts in texts]
    lengths = [sum(counts.values()) for counts in texts if counts is not None]
    assert postings.lengths[postings.known].tolist() == lengths
