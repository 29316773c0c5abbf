"""Messages to a forked process: what they are made of by a pipe, long bytes by shared memory.

A pipe copies its bytes in small pieces, for each of which both processes must run.
"""

from __future__ import annotations

import io
import mmap
import pickle
from multiprocessing.connection import Connection
from typing import Any

# Shorter bytes cost less in the message itself.
_LEAST_BYTES = 256
_PART_BYTES = 4 * 1024 * 1024
# Messages up to this size never fill a pipe, so that to send one never waits.
MOST_SENT_AHEAD = 32 * 1024


class Lane:
    """One side's messages: up to `ahead` of them may wait unread, each with its own memory.

    To be made before the other process is forked. Without shared memory all goes by the pipe.
    """

    def __init__(self, ahead: int, *, is_shared: bool) -> None:
        self._ahead = ahead
        self._memory = mmap.mmap(-1, ahead * _PART_BYTES) if is_shared else None
        self._number = 0

    def packed(self, message: object) -> bytes:
        """Return the next message; its long bytes are put where no unread message has its own."""
        packed = io.BytesIO()
        _Packer(packed, self._memory, self._number % self._ahead * _PART_BYTES).dump(message)
        return packed.getvalue()

    def send(self, pipe: Connection, packed: bytes) -> None:
        """Send what `packed` returned. Raises OSError."""
        self._number += 1
        pipe.send_bytes(packed)

    def receive(self, pipe: Connection) -> Any:
        """Return the other side's next message. Raises EOFError or OSError."""
        return _Unpacker(io.BytesIO(pipe.recv_bytes()), self._memory).load()


class _Packer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, memory: mmap.mmap | None, start: int) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._memory = memory
        self._next, self._end = start, start + _PART_BYTES

    def persistent_id(self, part: object) -> tuple[int, int] | None:
        """Return where long bytes are, None for all else, and where there is no room."""
        if type(part) is not bytes or self._memory is None or len(part) < _LEAST_BYTES:
            return None
        start, end = self._next, self._next + len(part)
        if end > self._end:
            return None
        self._memory[start:end] = part
        self._next = end
        return start, end


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, memory: mmap.mmap | None) -> None:
        super().__init__(file)
        self._memory = memory

    def persistent_load(self, place: tuple[int, int]) -> bytes:
        start, end = place
        return self._memory[start:end] if self._memory else b""
