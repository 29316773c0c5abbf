"""What holds of the same files for every task."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.cache import Cache
from copilot.context.relevance.groundwork import (
    Groundwork,
    groundwork_of,
    pack_groundwork,
    unpack_groundwork,
)
from copilot.context.relevance.index import WordIndex
from copilot.context.relevance.model import Document, Query, Signal
from copilot.context.relevance.rank import load_weights, rank, reasons
from copilot.context.relevance.signals import signals_from, signals_of
from copilot.structure.names import FileSymbols, defined_in
from copilot.workspace.history import Commit, History

TEXTS = {
    "app/cart.py": b"from app.price import price\n\ndef cart(): return price()\n",
    "app/price.py": b"def price(): return 1\n",
    "app/tests/test_cart.py": b"def test_it(): pass\n",
    os.fsdecode(b"app/\xff.md"): b"The price of nothing.\n",
}
SYMBOLS = {
    "app/cart.py": FileSymbols("python", (("cart", "function"),), (("price", 1),), ("app.price",)),
    "app/price.py": FileSymbols("python", (("price", "function"),), (), ()),
    "app/tests/test_cart.py": FileSymbols("python", (("price", "function"),), (), ()),
}
HISTORY = History("0" * 40, (Commit(2, ("cart.py", "price.py"), "Empty the cart"),))


def _again(found: Groundwork) -> Groundwork:
    return unpack_groundwork(pack_groundwork(found), found.names[::-1])


def test_who_defines_a_name_is_found_by_the_name() -> None:
    found = _again(groundwork_of(list(TEXTS), SYMBOLS, Cache()))
    assert found.definers["price"] == ["app/price.py", "app/tests/test_cart.py"]
    assert found.definers.get("none") is None
    assert dict(found.definers) == defined_in(SYMBOLS)


@pytest.mark.parametrize("task", ["empty the cart()", "price of nothing", ""])
def test_what_was_kept_ranks_as_what_was_just_found(task: str, tmp_path: Path) -> None:
    names, weights, histories = sorted(TEXTS), load_weights(), {"app": HISTORY}
    with Cache(tmp_path / "facts.sqlite3") as cache:
        index = WordIndex(cache)
        index.add([Document(name, None, name, text) for name, text in TEXTS.items()])
        query = Query(task)
        fresh = signals_of(query, index, names, SYMBOLS, histories, weights, cache)
        known = _again(groundwork_of(names, SYMBOLS, cache))
        kept = signals_from(query, index, known, histories, weights, cache)
    assert _told(kept) == _told(fresh)
    assert rank(known.names, kept, weights) == rank(names, fresh, weights)
    assert reasons(names, kept, weights) == reasons(names, fresh, weights)


def _told(signals: list[Signal]) -> list[tuple[str, dict[str, float], dict[str, str]]]:
    return [(one.name, dict(one.scores), dict(one.why)) for one in signals]


_NAMES = st.text("abc_é", min_size=1, max_size=4)
_FOUND = st.builds(
    lambda defines, uses: FileSymbols(
        "python",
        tuple((name, "function") for name in sorted(defines)),
        tuple((name, 1) for name in sorted(uses)),
        (),
    ),
    st.sets(_NAMES),
    st.sets(_NAMES),
)


@given(st.dictionaries(st.from_regex(r"\Aa/(test_)?[a-c]{1,2}\.py\Z"), _FOUND, max_size=6))
def test_packing_loses_nothing(symbols: dict[str, FileSymbols]) -> None:
    found = groundwork_of([*symbols, "a/other.md"], symbols, Cache())
    assert _again(found) == found
