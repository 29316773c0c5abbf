"""What a probe asks, and what it finds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from copilot.assist.stopping import Stoppable

FIRST_TOKENS = 1024
# Where a model tells no window, nobody would wait for more.
MOST_UNTOLD = 262_144
# The last lengths: a little less than the window, and a little more.
INSIDE, BEYOND = 0.96, 1.1


class Fate(StrEnum):
    """What became of a prompt; `answered` where nothing tells whether it was read whole."""

    READ = "read"
    ANSWERED = "answered"
    CUT = "cut"
    REFUSED = "refused"
    FAILED = "failed"
    LATE = "late"


@dataclass(frozen=True)
class Asked:
    """One prompt: `tokens` as we count them, `served` and `cached` as the server does.

    `repeats` tells whether the answer held the words that stand before all else. `limit` is the
    window that a refusal named, in the server's tokens. Times are in seconds. `said` is what was
    answered, or why there is no answer.
    """

    tokens: int
    fate: Fate
    served: int | None = None
    cached: int | None = None
    seconds: float = 0.0
    first_token_seconds: float | None = None
    repeats: bool = False
    limit: int | None = None
    said: str = ""


@dataclass(frozen=True)
class Edited:
    """How far one small edit came; `failed` where there was no answer."""

    task: str
    steps: Sequence[str]
    failed: bool = False


@dataclass(frozen=True)
class Speed:
    """Tokens a second: read anew, read from the cache, and written; None where unknown."""

    cold: float | None = None
    cached: float | None = None
    written: float | None = None


@dataclass(frozen=True)
class Probed:
    """What was found out. `window` is what a prompt and its reply may have, in our tokens.

    It is None unless a longer prompt was seen to fail; `as_claimed` says that it failed where the
    model's own window says it must. `most_read` is the longest prompt that was seen to be read
    whole, 0 if none was, and `most_answered` the longest that was answered. `next_tokens` is the
    next length, and `next_seconds` what it would have taken, where the time did not suffice for it.
    """

    asked: Sequence[Asked]
    edits: Sequence[Edited]
    speed: Speed
    most_read: int
    most_answered: int
    window: int | None = None
    as_claimed: bool = False
    next_tokens: int | None = None
    next_seconds: float | None = None


@dataclass(frozen=True)
class Asking:
    """Whom to ask, and how far: `claimed` is the window in the model's tokens, None if untold.

    `most_tokens` bounds the prompts, in the model's tokens, and `seconds` all of it.
    """

    backend: Stoppable
    claimed: int | None
    temperature: float | None
    seconds: float
    most_tokens: int | None = None

    @property
    def lengths(self) -> list[int]:
        """The lengths of prompt and reply to try, in the model's tokens."""
        end = int(self.claimed * BEYOND) if self.claimed else MOST_UNTOLD
        most = min(end, self.most_tokens or end)
        lengths, tokens = [], FIRST_TOKENS
        inside = int(self.claimed * INSIDE) if self.claimed else MOST_UNTOLD
        while tokens < inside:
            lengths.append(tokens)
            tokens *= 2
        lengths += [inside, end]
        kept = [one for one in dict.fromkeys(lengths) if one < most]
        return [*kept, most]
