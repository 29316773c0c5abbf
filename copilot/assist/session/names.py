"""What can be named in a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """What can be completed: files with alias, models, and the ids of sessions."""

    files: Sequence[str] = ()
    models: Sequence[str] = ()
    sessions: Sequence[str] = ()
