"""How much memory a model takes at a context, and how few cards hold it: arithmetic only.

All sizes are in bytes, contexts in tokens. What no arithmetic gives is an allowance, named here as
a constant and told to the person with every plan.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil

# Bits a number. Of 4 bits in groups of 128, the group's scale is a 16-bit number besides; MXFP4 has
# one of 8 bits for each 32 (gpt-oss model card, 2.1). GGUF: the files of Llama-3.1-8B, in which
# some tensors have other precisions (Q4_K_M 4.58 GiB, Q5_K_M 5.33, Q6_K 6.14, Q8_0 7.95: llama.cpp,
# tools/quantize/README.md).
WEIGHT_BITS = {
    "bf16": 16.0,
    "fp8": 8.0,
    "int4": 4.25,
    "mxfp4": 4.25,
    "Q8_0": 8.5,
    "Q6_K": 6.57,
    "Q5_K_M": 5.7,
    "Q4_K_M": 4.9,
}
GGUF_WEIGHTS = frozenset(name for name in WEIGHT_BITS if name.startswith("Q"))
# Bytes a number. llama.cpp's q8_0 keeps 32 numbers in 34 bytes, q4_0 in 18.
KV_BYTES = {"fp16": 2.0, "fp8": 1.0, "q8": 34 / 32, "q4": 18 / 32}

UTILIZATION = 0.9
CHUNK_TOKENS = 8192
# Of each card: the driver's context, communication buffers, graphs.
RUNTIME_BYTES = 3 * 2**30
# Drivers keep some of a card: one of N GB has so many times N * 2**30 bytes for us.
_CARD_SHARE = 0.98
_MOST_STAGES = 16
_MOST_TOKENS = 100_000_000


@dataclass(frozen=True)
class Shape:
    """A model's published figures; what each means is said in open_models.toml."""

    parameters: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    hidden_size: int
    mlp_size: int
    window_layers: int = 0
    window_tokens: int = 0
    state_layers: int = 0
    state_bytes: int = 0
    latent_size: int = 0

    @property
    def full_layers(self) -> int:
        """The layers that keep something of every token."""
        return self.layers - self.window_layers - self.state_layers

    @property
    def kv_numbers(self) -> int:
        """What a layer keeps of a token, in numbers: keys and values, or the latent vector."""
        return self.latent_size or 2 * self.kv_heads * self.head_size

    @property
    def kv_parts(self) -> int:
        """Among how many cards a layer's cache can be split by heads; a latent vector cannot."""
        return 1 if self.latent_size else self.kv_heads


@dataclass(frozen=True)
class Demand:
    """What is to be held: `concurrency` requests of `context` tokens at once.

    `weights` is a key of WEIGHT_BITS, `kv` one of KV_BYTES. A server reads `chunk` tokens at a time
    and uses `utilization` of each card. `checkpoint_bytes` are the weights' where published.
    """

    context: int
    concurrency: int = 1
    weights: str = "bf16"
    kv: str = "fp16"
    chunk: int = CHUNK_TOKENS
    utilization: float = UTILIZATION
    checkpoint_bytes: int | None = None


@dataclass(frozen=True)
class Layout:
    """How a model is spread: each layer over `tensor` cards, the layers over `pipeline` stages.

    `context` is how many of the cards that hold the same heads share their tokens instead (decode
    context parallelism); `per_machine` cards are in one machine.
    """

    tensor: int
    pipeline: int = 1
    context: int = 1
    per_machine: int = 8

    @property
    def cards(self) -> int:
        return self.tensor * self.pipeline

    @property
    def machines(self) -> int:
        return ceil(self.cards / self.per_machine)


def weight_bytes(shape: Shape, demand: Demand) -> int:
    """Return the size of the weights."""
    return demand.checkpoint_bytes or ceil(shape.parameters * WEIGHT_BITS[demand.weights] / 8)


def kv_bytes_per_token(shape: Shape, kv: str) -> float:
    """Return what one more token takes in the layers that keep every token."""
    return shape.full_layers * shape.kv_numbers * KV_BYTES[kv]


def kv_bytes(shape: Shape, demand: Demand) -> int:
    """Return the size of the cache of all requests, with the states that do not grow."""
    kept = shape.full_layers * demand.context
    kept += shape.window_layers * min(demand.context, shape.window_tokens)
    numbers = kept * shape.kv_numbers
    return demand.concurrency * ceil(numbers * KV_BYTES[demand.kv] + shape.state_bytes)


def activation_bytes(shape: Shape, demand: Demand, tensor: int = 1) -> int:
    """Return the allowance for what one card computes with while it reads a chunk.

    Of each token: four vectors of the hidden size, and the MLP's gate, its other half and their
    product, which are split over the cards; 16 bits each.
    """
    numbers = 4 * shape.hidden_size + 3 * shape.mlp_size / tensor
    return ceil(2 * min(demand.chunk, demand.context) * numbers)


def card_need(shape: Shape, demand: Demand, layout: Layout) -> int:
    """Return what the fullest card must hold."""
    stage = ceil(shape.layers / layout.pipeline) / shape.layers
    parts = min(layout.tensor, shape.kv_parts) * layout.context
    weights = weight_bytes(shape, demand) * stage / layout.tensor
    kept = kv_bytes(shape, demand) * stage / parts
    return ceil(weights + kept) + activation_bytes(shape, demand, layout.tensor) + RUNTIME_BYTES


def card_room(gigabytes: float, demand: Demand) -> int:
    """Return what a server may use of a card that is sold as one of so many GB."""
    return int(gigabytes * _CARD_SHARE * 2**30 * demand.utilization)


def total_need(shape: Shape, demand: Demand, layout: Layout) -> int:
    """Return the memory of all cards together, with what utilization leaves free."""
    return ceil(layout.cards * card_need(shape, demand, layout) / demand.utilization)


def most_context(shape: Shape, demand: Demand, layout: Layout, gigabytes: float) -> int:
    """Return the longest context that these cards hold; 0 if not even the weights fit."""
    room = card_room(gigabytes, demand)

    def is_too_long(context: int) -> bool:
        return card_need(shape, replace(demand, context=context), layout) > room

    return max(0, bisect_left(range(_MOST_TOKENS), True, key=is_too_long) - 1)


def fewest_cards(
    shape: Shape,
    demand: Demand,
    gigabytes: float,
    *,
    per_machine: int = 8,
    splits_layers_only: bool = False,
    shares_tokens: bool = False,
) -> Layout | None:
    """Return the layout with the fewest cards that holds the demand, None if none does.

    `splits_layers_only` is llama.cpp's way: whole layers to each card of one machine.
    `shares_tokens` says that the server knows decode context parallelism.
    """
    found: Iterable[Layout] = _layouts(shape, per_machine, shares_tokens=shares_tokens)
    if splits_layers_only:
        found = (Layout(1, n, 1, per_machine) for n in range(1, per_machine + 1))
    room = card_room(gigabytes, demand)
    return next((one for one in found if card_need(shape, demand, one) <= room), None)


def _layouts(shape: Shape, per_machine: int, *, shares_tokens: bool) -> Iterator[Layout]:
    """Yield layouts by their number of cards: in one machine, then whole machines as stages."""
    sizes = _tensor_sizes(shape, per_machine)
    most_stages = min(_MOST_STAGES, shape.layers)
    pairs = [(size, 1) for size in sizes] + [(sizes[-1], n) for n in range(2, most_stages + 1)]
    for tensor, pipeline in pairs:
        cards = tensor * pipeline
        if cards <= per_machine or cards % per_machine == 0:
            shared = max(1, tensor // shape.kv_parts) if shares_tokens else 1
            yield Layout(tensor, pipeline, shared, per_machine)


def _tensor_sizes(shape: Shape, most: int) -> list[int]:
    """Return the powers of two that divide the heads, and divide the KV heads or copy them."""
    sizes = [2**power for power in range(most.bit_length()) if 2**power <= most]
    return [
        size
        for size in sizes
        if shape.heads % size == 0 and (shape.kv_parts % size == 0 or size % shape.kv_parts == 0)
    ]
