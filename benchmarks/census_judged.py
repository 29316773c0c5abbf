"""What a judge of `census.py` says of one definition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Judged:
    """One definition of a file. Lines count from 1, both ends included.

    `head` are the lines of its decorators and its signature, not of its body; `last` is its end.
    `inside` is true of what stands in the body of a function.
    """

    kind: str
    name: str
    name_line: int
    head: tuple[int, ...]
    last: int
    inside: bool
