"""The arithmetic of plans, against figures that others published."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.backends.open_models import OpenModel, find_open, open_models
from copilot.backends.plan import (
    GGUF_WEIGHTS,
    KV_BYTES,
    WEIGHT_BITS,
    Demand,
    Layout,
    Shape,
    card_need,
    card_room,
    fewest_cards,
    kv_bytes,
    kv_bytes_per_token,
    most_context,
    total_need,
    weight_bytes,
)

GB, GIB = 10**9, 2**30
SHAPE = Shape(8_000_000_000, 32, 32, 8, 128, 4096, 14336)


def demand(name: str, context: int = 1, **changes: object) -> Demand:
    model = find_open(name)
    made = Demand(context, weights=model.weights, checkpoint_bytes=model.checkpoint_bytes)
    return replace(made, **changes)  # type: ignore[arg-type]


# https://huggingface.co/blog/llama31#inference-memory-requirements: the table for the KV cache in
# FP16, whose GB are 2**30 bytes and whose k are 1,000 tokens (1k: 1,024). Its row for 405B counts
# the 16 KV heads of the first upload; the released config.json has 8
# (https://github.com/huggingface/blog/issues/2345).
@pytest.mark.parametrize(
    ("name", "tokens", "published"),
    [
        ("llama-3.1-8b", 1024, 0.125),
        ("llama-3.1-8b", 16_000, 1.95),
        ("llama-3.1-8b", 128_000, 15.62),
        ("llama-3.1-70b", 1024, 0.313),
        ("llama-3.1-70b", 16_000, 4.88),
        ("llama-3.1-70b", 128_000, 39.06),
    ],
)
def test_the_cache_of_llama_is_as_published(name: str, tokens: int, published: float) -> None:
    kept = kv_bytes(find_open(name).shape, demand(name, tokens))
    assert kept / GIB == pytest.approx(published, rel=0.005)


# The same page, the table of weights. Its INT4 has no scales.
@pytest.mark.parametrize(
    ("name", "weights", "published", "within"),
    [
        ("llama-3.1-8b", "bf16", 16, 0.01),
        ("llama-3.1-8b", "fp8", 8, 0.01),
        ("llama-3.1-8b", "int4", 4, 0.07),
        ("llama-3.1-70b", "bf16", 140, 0.01),
        ("llama-3.1-70b", "fp8", 70, 0.01),
        ("llama-3.1-70b", "int4", 35, 0.08),
        ("llama-3.1-405b", "bf16", 810, 0.01),
        ("llama-3.1-405b", "fp8", 405, 0.01),
        ("llama-3.1-405b", "int4", 203, 0.07),
    ],
)
def test_the_weights_of_llama_are_as_published(
    name: str, weights: str, published: float, within: float
) -> None:
    size = weight_bytes(find_open(name).shape, demand(name, weights=weights))
    assert size / GB == pytest.approx(published, rel=within)


def test_llama_405b_takes_one_machine_of_eight_only_in_eight_bits() -> None:
    """The same page: 8 x H100 have about 640 GB, so several machines, or FP8."""
    shape = find_open("llama-3.1-405b").shape
    whole = fewest_cards(shape, demand("llama-3.1-405b", 8192), 80)
    eight_bits = fewest_cards(shape, demand("llama-3.1-405b", 8192, weights="fp8"), 80)
    assert whole == Layout(8, 2)
    assert eight_bits == Layout(8)


# The makers' own totals for a million tokens, with the read chunk and utilization that their cards
# tell to serve with. https://qwenlm.github.io/blog/qwen2.5-1m: at least 120 and 320 GB.
# https://huggingface.co/Qwen/Qwen3-30B-A3B-Instruct-2507 (about 240 GB) and
# https://huggingface.co/Qwen/Qwen3-235B-A22B-Instruct-2507 (1000 GB), "Processing Ultra-Long Texts"
@pytest.mark.parametrize(
    ("name", "tensor", "published"),
    [
        ("qwen2.5-7b-1m", 4, 120),
        ("qwen2.5-14b-1m", 4, 320),
        ("qwen3-30b-a3b-2507", 4, 240),
        ("qwen3-235b-a22b-2507", 8, 1000),
    ],
)
def test_a_million_tokens_take_what_the_maker_says(name: str, tensor: int, published: int) -> None:
    model = find_open(name)
    asked = demand(name, 1_010_000, chunk=131_072, utilization=0.85)
    layout = Layout(tensor, context=max(1, tensor // model.shape.kv_heads))
    assert total_need(model.shape, asked, layout) / GB == pytest.approx(published, rel=0.15)


# https://blog.vllm.ai/2025/04/05/llama4.html: what --max-model-len eight cards take. Its figure for
# Maverick on H100, about 430,000, is half of ours: that release kept room for images besides.
@pytest.mark.parametrize(
    ("name", "card", "published"),
    [
        ("llama-4-scout", 80, 1_000_000),
        ("llama-4-scout", 141, 3_600_000),
        ("llama-4-maverick", 80, 430_000),
        ("llama-4-maverick", 141, 1_000_000),
    ],
)
def test_llama_4_holds_what_vllm_served(name: str, card: int, published: int) -> None:
    shape = find_open(name).shape
    assert most_context(shape, demand(name), Layout(8), card) >= published


def test_llama_4_scout_on_h200_is_near_what_vllm_served() -> None:
    """The same blog: 3.6 million tokens on 8 x H200, where memory is what ends it."""
    most = most_context(find_open("llama-4-scout").shape, demand("llama-4-scout"), Layout(8), 141)
    assert most == pytest.approx(3_600_000, rel=0.2)


def test_the_latent_cache_of_deepseek_is_as_published() -> None:
    """https://arxiv.org/abs/2505.09343, table 1: 70 KB, or 69 KiB, a token in 16 bits."""
    each = kv_bytes_per_token(find_open("deepseek-v3").shape, "fp16")
    assert each / 1000 == pytest.approx(70, rel=0.01)
    assert each / 1024 == pytest.approx(69, rel=0.01)


def test_gpt_oss_fits_one_card_of_80_gb() -> None:
    """https://arxiv.org/abs/2508.10925, 2.1: the 120b runs on one 80 GB GPU, the 20b in 16 GB."""
    large, small = find_open("gpt-oss-120b"), find_open("gpt-oss-20b")
    assert fewest_cards(large.shape, demand(large.name, large.window), 80) == Layout(1)
    assert weight_bytes(small.shape, demand(small.name)) < 16 * GB
    # Table 1: 116.83B parameters in 60.8 GiB; the experts alone have 4.25 bits.
    computed = weight_bytes(large.shape, demand(large.name, checkpoint_bytes=None))
    assert computed / GIB == pytest.approx(60.8, rel=0.06)


def test_jamba_large_fits_eight_cards_at_its_whole_window() -> None:
    """https://arxiv.org/abs/2408.12570: 8 x 80 GB at 256K tokens with eight bits for experts."""
    model = find_open("jamba-1.5-large")
    found = fewest_cards(model.shape, demand(model.name, 262_144, weights="fp8"), 80)
    assert found == Layout(8)


def test_quantized_files_are_as_large_as_llama_cpp_makes_them() -> None:
    """https://github.com/ollama/ollama/issues/10458, a log: Qwen3-30B-A3B in Q4_K_M, 17.2 GiB."""
    size = weight_bytes(
        find_open("qwen3-30b-a3b-2507").shape, demand("qwen3-30b-a3b-2507", weights="Q4_K_M")
    )
    assert size / GIB == pytest.approx(17.2, rel=0.02)


def test_layers_with_a_window_or_a_state_do_not_grow() -> None:
    shape = replace(SHAPE, window_layers=16, window_tokens=128, state_layers=8, state_bytes=1000)
    short, long = (kv_bytes(shape, Demand(tokens)) for tokens in (128, 1128))
    assert long - short == 1000 * kv_bytes_per_token(shape, "fp16") == 1000 * 8 * 2048 * 2
    assert short == 24 * 128 * 2048 * 2 + 1000


def test_cards_beyond_the_kv_heads_hold_copies_unless_they_share_tokens() -> None:
    shape = replace(SHAPE, kv_heads=2)
    asked = Demand(1_000_000)
    two, eight = (card_need(shape, asked, Layout(tensor)) for tensor in (2, 8))
    shared = card_need(shape, asked, Layout(8, context=4))
    kept = kv_bytes(shape, asked)
    assert eight - shared == pytest.approx(kept / 2 - kept / 8, rel=1e-6)
    assert two > eight > shared


@given(
    context=st.integers(1, 10_000_000),
    more=st.integers(0, 10_000_000),
    kv=st.sampled_from(sorted(KV_BYTES)),
    weights=st.sampled_from(sorted(WEIGHT_BITS)),
    card=st.sampled_from([16, 24, 48, 80, 141, 192]),
)
def test_what_is_found_fits_and_one_more_card_is_never_worse(
    context: int, more: int, kv: str, weights: str, card: int
) -> None:
    asked = Demand(context, kv=kv, weights=weights)
    found = fewest_cards(SHAPE, asked, card, shares_tokens=True)
    longer = fewest_cards(SHAPE, replace(asked, context=context + more), card, shares_tokens=True)
    if found is None:
        assert longer is None
        return
    assert card_need(SHAPE, asked, found) <= card_room(card, asked)
    assert most_context(SHAPE, asked, found, card) >= context
    assert longer is None or longer.cards >= found.cards


def test_the_longest_context_is_the_last_that_fits() -> None:
    most = most_context(SHAPE, Demand(1), Layout(2), 24)
    room = card_room(24, Demand(1))
    assert card_need(SHAPE, Demand(most), Layout(2)) <= room
    assert card_need(SHAPE, Demand(most + 1), Layout(2)) > room
    assert most_context(SHAPE, Demand(1), Layout(1), 8) == 0


def test_a_layer_is_never_split_over_two_machines() -> None:
    huge = replace(SHAPE, parameters=2_000_000_000_000, heads=28, kv_heads=4)
    found = fewest_cards(huge, Demand(1), 192, per_machine=8)
    assert found is not None
    assert (found.tensor, found.machines * 8) == (4, found.cards)


@pytest.mark.parametrize("model", open_models(), ids=lambda model: model.name)
def test_every_shape_is_sound(model: OpenModel) -> None:
    shape = model.shape
    assert shape.full_layers > 0
    assert shape.heads % shape.kv_heads == 0
    assert (shape.window_layers > 0) == (shape.window_tokens > 0)
    assert (shape.state_layers > 0) == (shape.state_bytes > 0)


def test_precisions_of_gguf_are_told_apart() -> None:
    assert {"Q8_0", "Q4_K_M"} <= GGUF_WEIGHTS
    assert not GGUF_WEIGHTS & {"bf16", "fp8", "int4", "mxfp4"}
