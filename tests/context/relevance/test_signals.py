from __future__ import annotations

from copilot.cache import Cache
from copilot.context.relevance.index import WordIndex
from copilot.context.relevance.model import Document, Query, Signal
from copilot.context.relevance.rank import load_weights, rank
from copilot.context.relevance.signals import signals_of
from copilot.structure.names import FileSymbols
from copilot.workspace.history import Commit, History
from copilot.workspace.kinds import Kind

TEXTS = {
    "app/cart.py": b"from app.price import price\n\ndef cart(): return price()\n",
    "app/price.py": b"def price(): return 1\n",
    "app/tests/test_cart.py": b"def test_it(): pass\n",
    "app/readme.md": b"Nothing of that.\n",
}
SYMBOLS = {
    "app/cart.py": FileSymbols("python", (("cart", "function"),), (("price", 1),), ("app.price",)),
    "app/price.py": FileSymbols("python", (("price", "function"),), (), ()),
}
HISTORY = History("0" * 40, (Commit(2, ("cart.py", "price.py"), "Empty the cart"),))


def _signals(task: str, focus: tuple[str, ...] = ()) -> list[Signal]:
    index = WordIndex(Cache())
    index.add([Document(name, Kind.SOURCE, name, text) for name, text in TEXTS.items()])
    query, names = Query(task, focus), sorted(TEXTS)
    weights = load_weights()
    return signals_of(query, index, names, SYMBOLS, {"app": HISTORY}, weights, Cache())


def test_every_weight_is_that_of_a_signal() -> None:
    assert set(load_weights().signals) == {signal.name for signal in _signals("the cart")}


def test_what_lies_near_to_what_is_found_is_found_too() -> None:
    signals = {signal.name: signal.scores for signal in _signals("empty the cart()")}
    assert "app/price.py" not in signals["words"]
    for name in ("near", "together", "messages"):
        assert signals[name]["app/price.py"] > 0
    assert signals["tests"]["app/tests/test_cart.py"] > 0
    ranked = rank(sorted(TEXTS), _signals("empty the cart()"), load_weights())
    assert ranked[0].name == "app/cart.py"
    assert ranked[-1].name == "app/readme.md"


def test_what_the_person_names_comes_first() -> None:
    ranked = rank(
        sorted(TEXTS), _signals("the cart in cart.py", ("app/readme.md",)), load_weights()
    )
    assert [one.name for one in ranked][:2] == ["app/readme.md", "app/cart.py"]
