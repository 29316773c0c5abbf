"""What a run will take, before it is begun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from copilot.assist.ask import Answer
from copilot.assist.estimate import Estimate, money
from copilot.backends.ensembles.members import of_one_call
from copilot.evals.calibrating import reserve_of
from copilot.evals.model import Recipe
from copilot.evals.rows import Row
from copilot.evals.statistics import prompt_rate, reading_rate

# What of a prompt stands behind the haystack that it shares with others.
_QUESTION_TOKENS = 300

# Prompt tokens, those of them in the cache, and the reply's limit, to what that costs.
Price = Callable[[int, int, int], float | None]


@dataclass(frozen=True)
class Expected:
    """What requests will take: tokens as the server counts them, `cached_tokens` from its cache.

    `cost` is the most it can be, None where prices lack; `seconds` is for reading alone, None
    where nothing tells how fast that goes.
    """

    requests: int
    haystacks: int
    prompt_tokens: int
    cached_tokens: int
    cost: float | None
    currency: str
    seconds: float | None

    @property
    def estimate(self) -> Estimate:
        """As an estimate of one request, for the person's thresholds."""
        return Estimate(self.prompt_tokens, self.cached_tokens, self.cost, self.currency)

    @property
    def said(self) -> str:
        """The expectation as one line."""
        of = f"about {self.haystacks:,} haystack{'' if self.haystacks == 1 else 's'}"
        plural = "" if self.requests == 1 else "s"
        parts = [f"{self.requests:,} question{plural} {of}: {self.prompt_tokens:,} tokens"]
        if self.cached_tokens:
            parts[0] += f", of which the cache should hold {self.cached_tokens:,}"
        if self.cost is not None:
            parts.append(f"at most {money(self.cost, self.currency)}")
        if self.seconds is not None:
            parts.append(f"about {_duration(self.seconds)} to read")
        return "; ".join(parts)


def expected(
    batches: Sequence[Sequence[Recipe]],
    reply_tokens: int,
    price: Price,
    currency: str,
    rate: float | None,
) -> Expected:
    """Return what these samples will take; the questions of a batch share their haystack.

    `rate` is in prompt tokens per second.
    """
    tokens = cached = 0
    costs: list[float | None] = []
    for batch in batches:
        for before, recipe in zip((None, *batch), batch, strict=False):
            prompt = recipe.tokens - reserve_of(recipe.tokens, reply_tokens)
            reused = _shared(before, recipe, prompt)
            tokens, cached = tokens + prompt, cached + reused
            costs.append(price(prompt, reused, reply_tokens))
    known = [cost for cost in costs if cost is not None]
    return Expected(
        len(costs),
        len(batches),
        tokens,
        cached,
        sum(known) if len(known) == len(costs) else None,
        currency,
        (tokens - cached) / rate if rate else None,
    )


def _shared(before: Recipe | None, recipe: Recipe, prompt: int) -> int:
    """Return how much of a prompt is that of the one before it."""
    if before is None or recipe.apart:
        return 0
    if before.depth == recipe.depth:
        return max(0, prompt - _QUESTION_TOKENS)
    # A needle that moves leaves what stands before both of its places.
    return round(prompt * min(before.depth or 0.0, recipe.depth or 0.0))


def rate_of(rows: Sequence[Row], digest: str, answer: Answer | None) -> float | None:
    """Return how many prompt tokens a model reads in a second, by its rows or by one answer."""
    rates = [prompt_rate(row) for row in rows if row.model.digest == digest]
    known = [rate for rate in rates if rate is not None]
    if known:
        return median(known)
    usage = of_one_call(answer.usage) if answer else None
    if answer is None or usage is None:
        return None
    return reading_rate(usage.prompt, usage.cached or 0, answer.first_token_seconds)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
