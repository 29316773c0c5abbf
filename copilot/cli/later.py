"""What need not be done before the answer is out, such as to record it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

Step = Callable[[], None]
_waiting: ContextVar[list[Step] | None] = ContextVar("_waiting", default=None)


def later(step: Step) -> None:
    """Do a step at the end of the block that puts such steps off; at once where there is none."""
    waiting = _waiting.get()
    if waiting is None:
        step()
    else:
        waiting.append(step)


@contextmanager
def put_off() -> Iterator[None]:
    """Do what is to be done `later` at the end of the outermost such block, however it ends.

    The steps are done in their order, each whatever becomes of those before it.
    """
    if _waiting.get() is not None:
        yield
        return
    steps: list[Step] = []
    token = _waiting.set(steps)
    try:
        yield
    finally:
        _waiting.reset(token)
        with ExitStack() as stack:
            for step in reversed(steps):
                stack.callback(step)
