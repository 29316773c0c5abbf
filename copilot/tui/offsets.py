"""Lines of a file found by number, without one object per line."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate


class Lines:
    """The lines of `data`, split at line feeds only; each keeps its own end.

    Costs 8 bytes for each line besides the data.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        bodies = data.split(b"\n")
        if not bodies[-1]:
            bodies.pop()
        self._starts = array("q", accumulate((len(body) + 1 for body in bodies), initial=0))
        self._starts[-1] = len(data)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, index: int) -> bytes:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.data[self._starts[index] : self._starts[index + 1]]

    def start(self, index: int) -> int:
        """Return the byte at which a line begins; behind the last line, the end of the data."""
        return self._starts[min(index, len(self))]

    def at(self, byte: int) -> int:
        """Return the index of the line that holds a byte."""
        return min(bisect_right(self._starts, byte), len(self)) - 1
