"""What is ranked, and what the ranking says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from copilot.workspace.kinds import Kind


@dataclass(frozen=True, slots=True)
class Document:
    """A text that may be ranked.

    `name` is its path with the alias, `content` names the text for caches. `data` is the text as
    UTF-8; it is None where only what is cached of it may be used.
    """

    name: str
    kind: Kind | None
    content: str
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Query:
    """What is asked: the task in the person's words, and files or folders they named, with alias.

    A folder ends in `/`.
    """

    task: str
    focus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signal:
    """One view of all documents: scores from 0 to 1 by name, and in words why.

    A document that is not in `scores` has 0; `why` is short, such as `named in the task`, and may
    lack where the signal's own name says enough.
    """

    name: str
    scores: Mapping[str, float]
    why: Mapping[str, str] = field(default_factory=dict)


class Ranked(NamedTuple):
    """A document's place: `score` is higher the more it is needed."""

    name: str
    score: float
