"""What the caches of three providers hold of a prompt after the one before it, and what it costs.

Prices are relative: 1 is a token of input that is neither read from a cache nor written to one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from copilot.context.model import Prompt, SectionKind
from copilot.context.tokens import count_tokens

READ, ANTHROPIC_WRITE = 0.1, 1.25
_MOST_LOOKED_BACK = 20
_OPENAI_LEAST, _OPENAI_STEP = 1024, 128
_GEMINI_LEAST = 2048
_PIECE = 1 << 16
# Of a prompt whose files are in any order: where a client puts breakpoints but for the last.
_SPREAD = (0.6, 0.85, 0.97)


@dataclass(frozen=True)
class Sent:
    """A prompt as it is sent: in blocks of content, each the rules, a file, a mark, or the task.

    `ends` are the bytes, and `tokens` the tokens, from the prompt's beginning to each block's end.
    `breakpoints` are the numbers of blocks before one, rising; the last is that of all blocks.
    """

    data: bytes
    ends: tuple[int, ...]
    tokens: tuple[int, ...]
    breakpoints: tuple[int, ...]
    tokenizer: str

    @property
    def total(self) -> int:
        """The tokens of the prompt."""
        return self.tokens[-1]

    def tokens_before(self, place: int) -> int:
        """Return the tokens before a byte; what a block has of them is counted by itself."""
        blocks = bisect_right(self.ends, place)
        start, tokens = (self.ends[blocks - 1], self.tokens[blocks - 1]) if blocks else (0, 0)
        piece = self.data[start:place].decode(errors="ignore")
        return tokens + (count_tokens([piece], self.tokenizer)[0] if piece else 0)


def sent(prompt: Prompt, breakpoints: Callable[[Prompt, Sequence[int]], Sequence[int]]) -> Sent:
    """Return a prompt in blocks, with breakpoints by a rule: `by_section` or `spread`."""
    sizes: list[int] = []
    tokens: list[int] = []
    for section in prompt.sections:
        sizes += [e.size for e in section.entries] or [sum(map(len, section.pieces))]
        tokens += [e.tokens for e in section.entries] or [section.tokens]
    ends = tuple(accumulate(sizes))
    data = b"".join(piece for section in prompt.sections for piece in section.pieces)
    places = tuple(sorted({*breakpoints(prompt, ends), len(ends)}))
    return Sent(data, ends, tuple(accumulate(tokens)), places, prompt.tokenizer)


def by_section(prompt: Prompt, _ends: Sequence[int]) -> list[int]:
    """Return breakpoints behind the rules, the base and the overlay."""
    counts = {s.kind: max(len(s.entries), 1) for s in prompt.sections}
    kinds = (SectionKind.RULES, SectionKind.BASE, SectionKind.OVERLAY)
    return list(accumulate(counts[kind] for kind in kinds if kind in counts))


def spread(_prompt: Prompt, ends: Sequence[int]) -> list[int]:
    """Return breakpoints behind the blocks that end before 60, 85 and 97 % of the prompt."""
    return [bisect_right(ends, share * ends[-1]) for share in _SPREAD]


def common_prefix(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts begin with in common."""
    size = min(len(one), len(other))
    for start in range(0, size, _PIECE):
        some, others = one[start : start + _PIECE], other[start : start + _PIECE]
        if some != others:
            pairs = enumerate(zip(some, others, strict=False))
            return start + next((n for n, (a, b) in pairs if a != b), min(len(some), len(others)))
    return size


@dataclass(frozen=True)
class Reuse:
    """What a prompt has in common with the one before it: bytes and tokens at its beginning.

    `costs` are relative, by provider.
    """

    size: int
    tokens: int
    reused_bytes: int
    reused_tokens: int
    costs: dict[str, float]

    @property
    def share(self) -> float:
        return self.reused_bytes / self.size


def reuse(before: Sent, now: Sent) -> Reuse:
    """Compare a prompt with the one before it."""
    shared = common_prefix(before.data, now.data)
    tokens = now.tokens_before(shared)
    cached = {
        "anthropic": anthropic_cached(before, now, shared),
        "openai": openai_cached(tokens),
        "gemini": gemini_cached(tokens),
    }
    writes = {"anthropic": ANTHROPIC_WRITE}
    costs = {
        name: (READ * count + writes.get(name, 1.0) * (now.total - count)) / now.total
        for name, count in cached.items()
    }
    return Reuse(len(now.data), now.total, shared, tokens, costs)


def anthropic_cached(before: Sent, now: Sent, shared: int) -> int:
    """Return the tokens up to the last breakpoint before that a breakpoint now finds.

    Each looks at the block it stands behind and at those before that, 20 in all.
    """
    kept = {before.ends[count - 1] for count in before.breakpoints if count}
    found = 0
    for place in now.breakpoints:
        for count in range(place, max(place - _MOST_LOOKED_BACK, 0), -1):
            if now.ends[count - 1] <= shared and now.ends[count - 1] in kept:
                found = max(found, now.tokens[count - 1])
                break
    return found


def openai_cached(shared_tokens: int) -> int:
    return shared_tokens // _OPENAI_STEP * _OPENAI_STEP if shared_tokens >= _OPENAI_LEAST else 0


def gemini_cached(shared_tokens: int) -> int:
    return shared_tokens if shared_tokens >= _GEMINI_LEAST else 0
