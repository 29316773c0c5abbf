from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.context.relevance.seeds import best_seeds


def test_the_best_are_kept_equal_ones_by_name() -> None:
    seeds = {"a": 0.1, "d": 0.5, "b": 0.5, "c": 0.5, "e": 1.0, "none": 0.0}
    assert list(best_seeds(seeds.items(), 3).items()) == [("e", 1.0), ("b", 0.5), ("c", 0.5)]
    assert len(best_seeds(seeds.items(), 9)) == 5


@given(st.dictionaries(st.text(), st.floats(0, 1)), st.integers(0, 5))
def test_no_order_matters(seeds: dict[str, float], most: int) -> None:
    turned = dict(reversed(seeds.items()))
    assert best_seeds(turned.items(), most) == best_seeds(seeds.items(), most)
