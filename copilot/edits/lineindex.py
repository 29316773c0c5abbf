"""Runs of lines found in a file in a time that no input can blow up."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

# Bytes that stand for one line; only the first has its highest bit set, so that a run of them can
# be found at no other place than where one begins.
_TOKEN_BYTES = 4


class LineIndex:
    """The lines of a file, each by what is compared of it."""

    def __init__(self, keys: Sequence[Hashable]) -> None:
        self._tokens: dict[Hashable, bytes] = {}
        self._packed = b"".join([self._token(key) for key in keys])

    def find(
        self, keys: Sequence[Hashable], limit: int, start: int = 0, stop: int | None = None
    ) -> list[int]:
        """Return the 0-based lines from `start` on where the run `keys` begins, `limit` at most.

        The run ends before line `stop`. Runs may overlap. An empty run is found nowhere.
        """
        tokens = [self._tokens.get(key, b"") for key in keys]
        if not tokens or not all(tokens):
            return []
        needle = b"".join(tokens)
        end = len(self._packed) if stop is None else stop * _TOKEN_BYTES
        found: list[int] = []
        position = self._packed.find(needle, start * _TOKEN_BYTES, end)
        while position >= 0 and len(found) < limit:
            found.append(position // _TOKEN_BYTES)
            position = self._packed.find(needle, position + _TOKEN_BYTES, end)
        return found

    def _token(self, key: Hashable) -> bytes:
        """Return the bytes of a line: its number among the distinct ones, 7 bits in each."""
        token = self._tokens.get(key)
        if token is None:
            number = len(self._tokens)
            token = bytes(
                (0x80 | number >> 21, number >> 14 & 0x7F, number >> 7 & 0x7F, number & 0x7F)
            )
            self._tokens[key] = token
        return token
