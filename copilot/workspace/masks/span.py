"""Where a secret stands in a text."""

from __future__ import annotations

from dataclasses import dataclass

# Raised with the rules by which secrets are found, so that no earlier answer counts.
FINDER_VERSION = 3


@dataclass(frozen=True, slots=True)
class Span:
    """Character offsets into a text, `end` excluded, never across a line feed.

    `kind` is a short slug: "aws-key", "password", "private-key".
    """

    start: int
    end: int
    kind: str
