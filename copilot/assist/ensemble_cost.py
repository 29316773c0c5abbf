"""What an ensemble's request will cost, before it is sent, and what it did cost.

Of members that read one cache the first pays for the prompt, and each other reads it from there: of
N such members with a prompt of P tokens, P are written and (N-1) x P are read cached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from copilot.assist.ensembles import Shape, cache_of
from copilot.assist.estimate import Estimate, estimate, run_cost, said
from copilot.backends.ensembles.members import EnsembleUsage
from copilot.runs.store import Run
from copilot.settings.config import ModelSettings
from copilot.text import one_line


@dataclass(frozen=True)
class Priced:
    """A model of an ensemble: its settings, which hold the prices, and its past runs."""

    settings: ModelSettings
    past: Sequence[Run] = ()


@dataclass(frozen=True)
class Call:
    """One request to one member, and what is expected of it; `layer` is counted from 1."""

    name: str
    layer: int
    estimate: Estimate


def estimated_calls(
    prompt_tokens: int, reusable_tokens: int, shape: Shape, models: Mapping[str, Priced]
) -> tuple[Call, ...]:
    """Return what to expect of each call of an ensemble, in the order they are made.

    `reusable_tokens` of the prompt are in each member's cache already. The answers that later calls
    read are taken to be as long as the members' replies usually are; without past runs they are
    left out. A best-of's aggregator is counted, though only level answers are put to it.
    """
    layers = shape.layers - 1
    asked = [(layer, name) for layer in range(1, layers + 1) for name in _asked(shape)]
    asked += [(layers + 1, shape.last)] if shape.last else []
    answers = _usual_answers(shape, models)
    warm: set[str] = set()
    calls: list[Call] = []
    for layer, name in asked:
        model = models[name]
        cache = cache_of(model.settings)
        read = prompt_tokens + (answers if layer > 1 else 0)
        held = prompt_tokens if cache in warm else reusable_tokens
        calls.append(Call(name, layer, estimate(read, held, model.settings, model.past)))
        warm.add(cache)
    return tuple(calls)


def total(calls: Sequence[Call]) -> Estimate:
    """Return the sum of calls. What is not known of each of them is not known of all.

    The cost is None where they are paid in several currencies. When the first token comes is not
    known: it waits for whole answers.
    """
    found = [call.estimate for call in calls]
    costs = [one.cost for one in found if one.cost is not None]
    currencies = {one.currency for one in found}
    is_known = len(costs) == len(found) and len(currencies) == 1
    return Estimate(
        sum(one.prompt_tokens for one in found),
        sum(one.reusable_tokens for one in found),
        cost=sum(costs) if is_known else None,
        currency=currencies.pop() if is_known else "USD",
        with_reply=is_known and all(one.with_reply for one in found),
    )


def said_of(calls: Sequence[Call]) -> str:
    """Return the estimate of an ensemble: all calls in one line, and a line for each."""
    lines = [f"{len(calls)} calls: {said(total(calls))}"]
    for call in calls:
        layer = f" (layer {call.layer})" if call.layer > 1 else ""
        lines.append(f"  {one_line(call.name)}{layer}: {said(call.estimate)}")
    return "\n".join(lines)


def cost_of(
    usage: EnsembleUsage, shape: Shape, models: Mapping[str, ModelSettings]
) -> float | None:
    """Return what an ensemble's calls cost by the tokens their servers counted.

    None where that is not known of each call, or where they are paid in several currencies.
    """
    by_call = _settings_by_call(shape, models)
    costs: list[float] = []
    for call in usage.calls:
        prices, told = by_call.get(call.name), call.usage
        if prices is None or told is None:
            return None
        cost = run_cost(prices, told.prompt, told.cached, told.reply)
        if cost is None:
            return None
        costs.append(cost)
    currencies = {models[name].currency for name in shape.models}
    return sum(costs) if costs and len(currencies) == 1 else None


def _asked(shape: Shape) -> list[str]:
    return [name for name in shape.members for _ in range(shape.times)]


def _usual_answers(shape: Shape, models: Mapping[str, Priced]) -> int:
    """Return how many tokens the answers of all members usually have together."""
    tokens = 0
    for name in _asked(shape):
        replies = [run.reply_tokens for run in models[name].past if run.reply_tokens is not None]
        tokens += round(median(replies)) if replies else 0
    return tokens


def _settings_by_call(
    shape: Shape, models: Mapping[str, ModelSettings]
) -> dict[str, ModelSettings]:
    """Return whose prices count for a call, by the names that EnsembleUsage holds."""
    found: dict[str, ModelSettings] = {}
    for name in shape.members:
        found[name] = models[name]
        found |= {f"{name} #{number}": models[name] for number in range(1, shape.times + 1)}
    if shape.last:
        roles = ("aggregator", "choice")
        found |= {f"{shape.last} ({role})": models[shape.last] for role in roles}
    return found
