from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from copilot.batches import batches


@given(st.lists(st.binary(max_size=9)), st.integers(0, 20), st.one_of(st.none(), st.integers(1, 5)))
def test_batches_are_the_items_in_order_and_no_larger_than_asked(
    items: list[bytes], most: int, count: int | None
) -> None:
    found = list(batches(items, len, most, count))
    assert list(chain.from_iterable(found)) == items
    for batch in found:
        assert 0 < len(batch) <= (count or len(items))
        assert sum(map(len, batch[:-1])) <= most


def test_a_batch_is_given_as_soon_as_it_is_full() -> None:
    endless = iter(int, 1)
    assert next(batches(endless, lambda _: 1, 2)) == [0, 0, 0]
