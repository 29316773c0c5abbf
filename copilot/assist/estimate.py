"""What a request will cost, before it is sent: tokens, money, seconds to the first token.

Nothing is guessed: what neither the prices nor the past runs tell stays None, and unsaid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from copilot.runs.store import Run
from copilot.settings.config import Config, ModelSettings

_MILLION = 1_000_000
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_RECENT = 20
# A prompt so many times as long as any that was timed is too far away to tell.
_FARTHEST = 10
# Between prompts of nearly the same length, the difference in time is only noise.
_APART = 2


@dataclass(frozen=True)
class Estimate:
    """What is expected of a request of `prompt_tokens`, `reusable_tokens` of them in the cache.

    `cost` is in `currency`, with that of a reply as long as usual if `with_reply`.
    """

    prompt_tokens: int
    reusable_tokens: int = 0
    cost: float | None = None
    currency: str = "USD"
    with_reply: bool = False
    seconds_to_first_token: float | None = None

    @property
    def tells_more(self) -> bool:
        """Whether anything but the prompt's tokens is known."""
        known = (self.cost, self.seconds_to_first_token)
        return self.reusable_tokens > 0 or any(one is not None for one in known)


def estimate(
    prompt_tokens: int, reusable_tokens: int, prices: ModelSettings, past: Sequence[Run]
) -> Estimate:
    """Return what to expect; `past` are runs of the same model, the newest first."""
    recent = past[:_RECENT]
    cost = _prompt_cost(prices, prompt_tokens, reusable_tokens)
    reply = _reply_cost(prices, recent)
    with_reply = cost is not None and reply is not None
    return Estimate(
        prompt_tokens,
        reusable_tokens,
        cost=(cost or 0) + (reply or 0) if with_reply else cost,
        currency=prices.currency,
        with_reply=with_reply,
        seconds_to_first_token=_seconds(prompt_tokens - reusable_tokens, recent),
    )


def run_cost(prices: ModelSettings, prompt: int, cached: int | None, reply: int) -> float | None:
    """Return what a request cost by the tokens the server counted; None if that is not known."""
    if prices.price_output is None or (cached is None and _cached(prices) != _fresh(prices)):
        return None
    cost = _prompt_cost(prices, prompt, cached or 0)
    return None if cost is None else cost + reply * prices.price_output / _MILLION


def asks(estimate: Estimate, config: Config) -> bool:
    """Tell whether the user wants to be asked before this is sent; not for an unknown cost."""
    tokens, cost = config.ask_above_tokens, config.ask_above_cost
    dear = cost is not None and estimate.cost is not None and estimate.cost > cost
    return dear or (tokens is not None and estimate.prompt_tokens > tokens)


def said(estimate: Estimate) -> str:
    """Return the estimate as one line."""
    parts = [f"{estimate.prompt_tokens:,} tokens"]
    if estimate.reusable_tokens:
        parts[0] += f", of which the cache should hold {estimate.reusable_tokens:,}"
    if estimate.cost is not None:
        alone = "" if estimate.with_reply else " without the reply"
        parts.append(f"about {money(estimate.cost, estimate.currency)}{alone}")
    if estimate.seconds_to_first_token is not None:
        parts.append(f"first token in about {_duration(estimate.seconds_to_first_token)}")
    return "; ".join(parts)


def money(amount: float, currency: str) -> str:
    """Return a sum as `$0.16`, or `0.16 CHF`; small ones with more places."""
    places = 2 if amount >= 0.01 or amount == 0 else 4
    number = f"{amount:,.{places}f}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency}"


def _cached(prices: ModelSettings) -> float | None:
    return prices.price_input if prices.price_cached is None else prices.price_cached


def _fresh(prices: ModelSettings) -> float | None:
    """Return the price of what is read anew; where keeping it has one, all of it is kept."""
    written = prices.price_cache_write
    return prices.price_input if written is None else written


def _prompt_cost(prices: ModelSettings, tokens: int, cached: int) -> float | None:
    cached_price, fresh_price = _cached(prices), _fresh(prices)
    if cached_price is None or fresh_price is None:
        return None
    return (cached * cached_price + (tokens - cached) * fresh_price) / _MILLION


def _reply_cost(prices: ModelSettings, past: Sequence[Run]) -> float | None:
    replies = [run.reply_tokens for run in past if run.reply_tokens is not None]
    if prices.price_output is None or not replies:
        return None
    return median(replies) * prices.price_output / _MILLION


def _seconds(uncached: int, past: Sequence[Run]) -> float | None:
    """Return the seconds to the first token, by what past runs took for their uncached tokens."""
    timed = [
        (run.prompt_tokens - run.cached_tokens, run.first_token_seconds)
        for run in past
        if run.cached_tokens is not None and run.first_token_seconds is not None
    ]
    timed = [(tokens, seconds) for tokens, seconds in timed if tokens > 0]
    if not timed or uncached > _FARTHEST * max(tokens for tokens, _ in timed):
        return None
    start, rate = _line(timed)
    return start + rate * uncached


def _line(timed: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Return the seconds before reading starts, and those per token.

    The median of the slopes between pairs (Theil 1950, Sen 1968): one slow answer moves nothing.
    Without two lengths to compare, all the time is taken for reading.
    """
    pairs = combinations(sorted(timed), 2)
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs if b[0] >= _APART * a[0]]
    rate = median(slopes) if slopes else 0
    if rate <= 0:
        return 0, median(seconds / tokens for tokens, seconds in timed)
    return max(0, median(seconds - rate * tokens for tokens, seconds in timed)), rate


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{seconds / 60:.0f} min"
