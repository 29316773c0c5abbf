"""What is put off is done once the block is left, in its order, whatever happens."""

from __future__ import annotations

import pytest

from copilot.cli.later import later, put_off


def test_at_once_where_nobody_puts_it_off() -> None:
    done: list[int] = []
    later(lambda: done.append(1))
    assert done == [1]


def test_in_order_at_the_end_of_the_outermost_block() -> None:
    done: list[int] = []
    with put_off():
        with put_off():
            later(lambda: done.append(1))
            later(lambda: done.append(2))
        later(lambda: done.append(3))
        assert done == []
    assert done == [1, 2, 3]
    later(lambda: done.append(4))
    assert done == [1, 2, 3, 4]


def test_after_an_error_too_and_each_whatever_becomes_of_the_others() -> None:
    done: list[int] = []

    def failing() -> None:
        raise ValueError("its own")

    def work(last: Exception | None) -> None:
        with put_off():
            later(lambda: done.append(len(done)))
            later(failing)
            later(lambda: done.append(len(done)))
            if last:
                raise last

    for last in (None, KeyError()):
        with pytest.raises(ValueError, match="its own"):
            work(last)
    assert done == [0, 1, 2, 3]
