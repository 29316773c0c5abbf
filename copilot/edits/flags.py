"""What a person should know of a change before saying yes to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FlagKind(Enum):
    """Why a change is flagged."""

    INDENT = "indent"
    SYNTAX = "syntax"
    PROTECTED = "protected"
    UNSEEN = "unseen"
    STALE = "stale"
    MASK = "mask"
    REPEATED = "repeated"
    FINDING = "finding"


# Kinds that need a yes of their own: nothing accepts them along with the rest.
ASKED = frozenset({FlagKind.PROTECTED, FlagKind.UNSEEN})


@dataclass(frozen=True)
class Flag:
    """One warning, in words; `old_line` is the 0-based line of the file before that it is about.

    None: the whole file. A line of the file before stays what it is while hunks are edited.
    """

    kind: FlagKind
    text: str
    old_line: int | None = None
