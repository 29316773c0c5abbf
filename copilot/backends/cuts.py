"""A message cut where its stable parts end, for providers that cache by marks."""

from __future__ import annotations

from itertools import pairwise

from copilot.backends.protocol import Message


def pieces(message: Message) -> list[str]:
    """Cut a message; a piece of blanks alone is refused, and stays with the next (or the last)."""
    found: list[str] = []
    held = ""
    for start, end in pairwise((0, *message.cuts, len(message.content))):
        held += message.content[start:end]
        if held.strip():
            found.append(held)
            held = ""
    if held and found:
        found[-1] += held
    return found or [message.content]


def stable_pieces(message: Message, cut: list[str]) -> int:
    """Return how many of a message's pieces are stable: what follows the last cut is new."""
    is_tailed = not message.cuts or message.cuts[-1] < len(message.content)
    return len(cut) - is_tailed
