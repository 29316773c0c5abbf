"""Things taken some at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def batches(
    items: Iterable[Item], size_of: Callable[[Item], int], most: int, count: int | None = None
) -> Iterator[list[Item]]:
    """Yield the items in their order, as they come; a batch ends when its size exceeds `most`.

    It ends at `count` items too, if that is given. No batch is empty.
    """
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += size_of(item)
        if size > most or len(batch) == count:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
