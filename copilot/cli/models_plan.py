"""`copilot models plan`: what memory a model takes at a context, on which cards, started how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from copilot.backends.open_models import find_open, open_models, usual_cards
from copilot.backends.plan import (
    KV_BYTES,
    RUNTIME_BYTES,
    WEIGHT_BITS,
    activation_bytes,
    kv_bytes,
    kv_bytes_per_token,
    weight_bytes,
)
from copilot.backends.planned import Placed, Plan, demand_of, plan_of
from copilot.cli.options import Json
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.settings.amounts import parse_tokens

# Whose commands are shown if no cards were named.
_SHOWN_CARD = "80GB"
_NAMES = {"vllm": "vLLM", "sglang": "SGLang", "llama.cpp": "llama.cpp"}


def complete_open(incomplete: str) -> list[str]:
    """Return the names of the catalogue that begin so."""
    return [model.name for model in open_models() if model.name.startswith(incomplete)]


def plan_command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model of `copilot models list --catalogue`, or its id on the hub.",
            autocompletion=complete_open,
        ),
    ],
    context: Annotated[
        str | None,
        typer.Option(
            "--context", metavar="TOKENS", help="What is to fit: 1M, 200k. Default: its window."
        ),
    ] = None,
    cards: Annotated[
        list[str] | None,
        typer.Option("--cards", metavar="SIZE", help="Such as 24GB or A100-80GB. Repeatable."),
    ] = None,
    per_machine: Annotated[
        int, typer.Option("--per-machine", min=1, max=64, help="Cards in one machine.")
    ] = 8,
    kv: Annotated[
        str, typer.Option("--kv", metavar="TYPE", help=f"The cache: {', '.join(KV_BYTES)}.")
    ] = "fp16",
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="TYPE",
            help=f"{', '.join(WEIGHT_BITS)}. Default: as its maker publishes them.",
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=10_000, help="Requests at once.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Compute the memory and the cards that a model takes, and print how to serve it."""
    chosen = find_open(model)
    tokens = parse_tokens(context) if context else chosen.window
    demand = demand_of(chosen, tokens, concurrency, weights, kv)
    plan = plan_of(chosen, demand, cards or usual_cards(), per_machine)
    if as_json:
        put_json(_document(plan))
        return
    put(_sizes(plan) + "\n" + _table(plan.placed) + "".join(_commands(plan, cards)))
    for note in (*plan.notes, f"figures of the model: {chosen.source}"):
        say(f"note: {note}")


def _sizes(plan: Plan) -> str:
    shape, demand = plan.model.shape, plan.demand
    activations = activation_bytes(shape, demand)
    each = kv_bytes_per_token(shape, demand.kv)
    count = f", {demand.concurrency} requests at once" if demand.concurrency > 1 else ""
    free = 1 - demand.utilization
    return (
        f"{plan.model.hub_id} ({plan.model.license}), {demand.context:,} tokens{count}\n"
        f"  weights   {_gb(weight_bytes(shape, demand))}  {demand.weights}\n"
        f"  KV cache  {_gb(kv_bytes(shape, demand))}  {demand.kv}, {each:,.0f} bytes a token\n"
        f"  allowed besides, on each card: {_gb(RUNTIME_BYTES).strip()} for the runtime, up to "
        f"{_gb(activations).strip()} to read {demand.chunk:,} tokens at a time, "
        f"{free:.0%} left free\n"
    )


def _table(placed: Sequence[Placed]) -> str:
    rows: list[tuple[str, ...]] = [
        ("server", "card", "cards", "layout", "on each card", "they hold at most")
    ]
    rows += [_row(one) for one in placed]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "".join(f"{line}\n" for line in lines)


def _row(one: Placed) -> tuple[str, ...]:
    layout = one.layout
    if layout is None:
        return (_NAMES[one.server], one.card, "-", "does not fit", "", "")
    parts = [f"tensor {layout.tensor}"] if one.server != "llama.cpp" else []
    parts += [f"stages {layout.pipeline}"] if layout.pipeline > 1 else []
    parts += [f"context {layout.context}"] if layout.context > 1 else []
    parts += [f"{layout.machines} machines"] if layout.machines > 1 else []
    return (
        _NAMES[one.server],
        one.card,
        str(layout.cards),
        ", ".join(parts) or "whole",
        _gb(one.card_bytes).strip(),
        f"{one.most_context:,} tokens",
    )


def _commands(plan: Plan, cards: Sequence[str] | None) -> list[str]:
    """Return the commands of each server for the first card that was named, or a usual one."""
    shown = cards[0] if cards else _SHOWN_CARD
    texts = []
    for one in plan.placed:
        if one.card == shown and one.layout:
            texts.append(f"\n{_NAMES[one.server]} on {one.layout.cards} x {one.card}:\n")
            texts += [f"  # {step.where}\n  {step.command}\n" for step in one.steps]
    return texts


def _document(plan: Plan) -> dict[str, Any]:
    model, demand = plan.model, plan.demand
    return {
        "model": model.name,
        "hub_id": model.hub_id,
        "license": model.license,
        "source": model.source,
        "demand": asdict(demand),
        "weight_bytes": weight_bytes(model.shape, demand),
        "kv_bytes": kv_bytes(model.shape, demand),
        "kv_bytes_per_token": kv_bytes_per_token(model.shape, demand.kv),
        "runtime_bytes_per_card": RUNTIME_BYTES,
        "placed": [_placed(one) for one in plan.placed],
        "notes": list(plan.notes),
    }


def _placed(one: Placed) -> dict[str, Any]:
    layout = one.layout
    shape = asdict(layout) | {"cards": layout.cards, "machines": layout.machines} if layout else {}
    return {
        "server": one.server,
        "card": one.card,
        "fits": layout is not None,
        **shape,
        "card_bytes": one.card_bytes,
        "most_context": one.most_context,
        "commands": [asdict(step) for step in one.steps],
    }


def _gb(size: int) -> str:
    return f"{size / 1e9:7.1f} GB"
