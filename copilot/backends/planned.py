"""A plan: a model, a demand, and for each server and card what holds it and how it is started."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from copilot.backends.open_models import OpenModel, Server, open_models
from copilot.backends.plan import (
    KV_BYTES,
    WEIGHT_BITS,
    Demand,
    Layout,
    card_need,
    fewest_cards,
    most_context,
)
from copilot.backends.plan_commands import Step, servers_for, steps_for
from copilot.errors import UsageError
from copilot.text import one_line

# What the makers of models with dual chunk attention tell to serve them with.
_DUAL_CHUNK_TOKENS = 131_072
_DUAL_UTILIZATION = 0.85
_CARD = re.compile(r"(?:.*[^0-9.])?(\d{1,4}(?:\.\d)?)\s*GB", re.IGNORECASE)


@dataclass(frozen=True)
class Placed:
    """A server on cards of one size; `layout` is None if no number of them holds the demand.

    `most_context` is the longest context that just these cards hold, up to the model's window.
    """

    server: Server
    card: str
    layout: Layout | None
    card_bytes: int = 0
    most_context: int = 0
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All that was planned for a demand; `notes` are for the person to know."""

    model: OpenModel
    demand: Demand
    placed: tuple[Placed, ...]
    notes: tuple[str, ...]


def demand_of(
    model: OpenModel, context: int, concurrency: int, weights: str | None, kv: str
) -> Demand:
    """Return what is to be held. Raises UsageError for what the model or no server can do."""
    weights = _precision(weights, model)
    if kv not in KV_BYTES:
        raise UsageError(f"unknown precision of the cache: {one_line(kv)}", ", ".join(KV_BYTES))
    if context > model.window:
        longer = [one.name for one in open_models() if one.window >= context]
        raise UsageError(
            f"{model.name} is made for {model.window:,} tokens, not {context:,}",
            f"for so many: {', '.join(longer)}" if longer else "no model of the catalogue is",
        )
    published = model.checkpoint_bytes if weights == model.weights else None
    demand = Demand(context, concurrency, weights, kv, checkpoint_bytes=published)
    if model.scaling == "dca" and model.needs_scaling(context):
        return replace(demand, chunk=_DUAL_CHUNK_TOKENS, utilization=_DUAL_UTILIZATION)
    return demand


def plan_of(model: OpenModel, demand: Demand, cards: Sequence[str], per_machine: int) -> Plan:
    """Return a plan for each server and each size of card. Raises UsageError for no size."""
    sizes = {card: card_size(card) for card in cards}
    servers = servers_for(model, demand)
    if not servers:
        raise UsageError(
            f"no server has {model.name} with weights {demand.weights} and a cache of {demand.kv}"
            f" at {demand.context:,} tokens",
            "choose other --weights or --kv, or a shorter --context",
        )
    placed = [
        _placed(server, model, demand, card, size, per_machine)
        for server in servers
        for card, size in sizes.items()
    ]
    return Plan(model, demand, tuple(placed), _notes(model, demand, placed))


def card_size(name: str) -> float:
    """Return the GB that a card's name ends with: `24GB`, `A100-80GB`. Raises UsageError."""
    match = _CARD.fullmatch(name.strip())
    if not match or not float(match[1]):
        raise UsageError(f"not a size of cards: {one_line(name)}", "such as 24GB or A100-80GB")
    return float(match[1])


def _precision(weights: str | None, model: OpenModel) -> str:
    known = {name.lower(): name for name in WEIGHT_BITS}
    if weights is None:
        return model.weights
    if weights.lower() == "fp16":
        return "bf16"
    if weights.lower() not in known:
        raise UsageError(f"unknown precision: {one_line(weights)}", ", ".join(WEIGHT_BITS))
    return known[weights.lower()]


def _placed(
    server: Server, model: OpenModel, demand: Demand, card: str, size: float, per_machine: int
) -> Placed:
    layout = fewest_cards(
        model.shape,
        demand,
        size,
        per_machine=per_machine,
        splits_layers_only=server == "llama.cpp",
        # vLLM's layers that keep states take no part in it.
        shares_tokens=server == "vllm" and not model.shape.state_layers,
    )
    if layout is None:
        return Placed(server, card, None)
    most = min(model.window, most_context(model.shape, demand, layout, size))
    need = card_need(model.shape, demand, layout)
    steps = tuple(steps_for(server, model, demand, layout))
    return Placed(server, card, layout, need, most, steps)


def _notes(model: OpenModel, demand: Demand, placed: Sequence[Placed]) -> tuple[str, ...]:
    notes = list(model.notes)
    layouts = [one.layout for one in placed if one.layout]
    if model.scaling == "dca" and model.needs_scaling(demand.context):
        notes.append(
            "above its plain window it needs dual chunk attention: vLLM had it in its V0 engine "
            "only, without prefix caching; SGLang has it"
        )
    elif model.scaling == "yarn" and model.needs_scaling(demand.context):
        notes.append(
            "YaRN scales short prompts too: serve it so only where the long window is needed; with "
            "Transformers 5 the key is rope_parameters, and wants the model's rope_theta besides"
        )
    if any(one.tensor > model.shape.kv_parts and one.context == 1 for one in layouts):
        notes.append(
            f"its cache splits over {model.shape.kv_parts} cards at most; above that each keeps a "
            "copy, unless the server shares tokens (vLLM's decode context parallelism)"
        )
    if any(one.machines > 1 for one in layouts):
        notes.append(
            "what several machines tell each other is not encrypted: a private network only"
        )
    if model.shape.state_layers:
        notes.append(
            "layers with states cannot begin in the middle of what is kept: prefix caching works "
            "only where the server keeps states too"
        )
    return tuple(notes)
