from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.context.entries import Shape
from copilot.context.plan import Option, choose_shapes

_WORTH = {None: 0.0, Shape.PATH: 0.05, Shape.OUTLINE: 0.6, Shape.FULL: 1.0}


@st.composite
def _options(draw: st.DrawFn, most: int = 6) -> list[Option]:
    """Draw files whose levels take more tokens the more they show."""
    options = []
    for number in range(draw(st.integers(0, most))):
        path = draw(st.integers(1, 20))
        outline = path + draw(st.integers(1, 60))
        full = draw(st.none() | st.integers(outline, 300))
        value = draw(st.floats(0.05, 1))
        has_outline = draw(st.booleans())
        options.append(Option(f"app/{number}", value, path, outline if has_outline else None, full))
    return options


def _tokens(option: Option, shape: Shape | None) -> int | None:
    levels = {None: 0, Shape.PATH: option.path, Shape.OUTLINE: option.outline}
    return option.full if shape is Shape.FULL else levels[shape]


def _spent(options: list[Option], shapes: dict[str, Shape]) -> int:
    return sum(_tokens(option, shapes.get(option.name)) or 0 for option in options)


def _worth(options: list[Option], shapes: dict[str, Shape]) -> float:
    return sum(option.value * _WORTH[shapes.get(option.name)] for option in options)


@given(options=_options(), budget=st.integers(0, 1000), seed=st.randoms())
def test_the_choice_is_within_the_budget_and_the_same_in_any_order(
    options: list[Option], budget: int, seed: object
) -> None:
    shapes = choose_shapes(options, budget)
    assert _spent(options, shapes) <= budget
    for option in options:
        assert _tokens(option, shapes.get(option.name)) is not None
    shuffled = sorted(options, key=lambda option: (hash((option.name, seed)), option.name))
    assert choose_shapes(shuffled, budget) == shapes


@given(options=_options())
def test_where_there_is_room_all_is_shown_in_full(options: list[Option]) -> None:
    whole = {o.name: Shape.FULL for o in options if o.full is not None}
    assert choose_shapes(options, 10**6).items() >= whole.items()
    assert choose_shapes(options, 0) == {}


@settings(deadline=None)
@given(options=_options(4), budget=st.integers(0, 400))
def test_no_choice_is_better_by_more_than_one_file(options: list[Option], budget: int) -> None:
    levels = [None, Shape.PATH, Shape.OUTLINE, Shape.FULL]
    best = 0.0
    for some in product(levels, repeat=len(options)):
        costs = [_tokens(option, shape) for option, shape in zip(options, some, strict=True)]
        if None not in costs and sum(cost or 0 for cost in costs) <= budget:
            worth = (o.value * _WORTH[s] for o, s in zip(options, some, strict=True))
            best = max(best, sum(worth))
    found = _worth(options, choose_shapes(options, budget))
    most = max((option.value for option in options), default=0)
    assert best - most <= found + 1e-9
    assert found <= best + 1e-9


def test_what_is_worth_more_for_a_token_comes_first() -> None:
    options = [
        Option("app/dear", 1.0, 10, None, 100),
        Option("app/cheap", 1.0, 10, None, 50),
        Option("app/worthless", 0.01, 10, None, 50),
    ]
    assert choose_shapes(options, 65) == {"app/cheap": Shape.FULL, "app/dear": Shape.PATH}


def test_what_does_not_fit_is_followed_by_what_does() -> None:
    options = [Option("app/large", 1.0, 200, None, 300), Option("app/small", 0.1, 5, None, 9)]
    assert choose_shapes(options, 20) == {"app/small": Shape.FULL}


def test_an_outline_stands_for_a_file_that_is_too_large() -> None:
    options = [Option("app/large", 1.0, 10, 40, 300)]
    assert choose_shapes(options, 100) == {"app/large": Shape.OUTLINE}
    assert choose_shapes(options, 300) == {"app/large": Shape.FULL}
