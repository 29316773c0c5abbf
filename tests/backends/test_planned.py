"""Plans and the commands in them; the options are those of the servers' own documentation."""

from __future__ import annotations

import json
import shlex

import pytest

from copilot.backends.open_models import OpenModel, find_open, open_models
from copilot.backends.planned import Plan, card_size, demand_of, plan_of
from copilot.errors import UsageError

# vLLM: docs/serving/parallelism_scaling.md and context_parallel_deployment.md, engine arguments;
# SGLang: docs/advanced_features/server_arguments.md; llama.cpp: tools/server/README.md.
OPTIONS = {
    "vllm": {
        *("--host", "--port", "--max-model-len", "--max-num-seqs", "--tensor-parallel-size"),
        *("--pipeline-parallel-size", "--decode-context-parallel-size", "--hf-overrides"),
        *("--distributed-executor-backend", "--gpu-memory-utilization", "--enforce-eager"),
        *("--enable-chunked-prefill", "--max-num-batched-tokens", "--enable-prefix-caching"),
        *("--enable-prompt-tokens-details", "--quantization", "--kv-cache-dtype"),
        *("--head", "--address"),
    },
    "sglang": {
        *("--model-path", "--host", "--port", "--context-length", "--max-running-requests"),
        *("--tp", "--pipeline-parallel-size", "--mem-fraction-static", "--chunked-prefill-size"),
        *("--enable-cache-report", "--attention-backend", "--quantization", "--kv-cache-dtype"),
        *("--json-model-override-args", "--nnodes", "--dist-init-addr", "--node-rank"),
    },
    "llama.cpp": {
        *("--host", "--port", "--slot-save-path", "--rope-scaling", "--rope-scale"),
        *("--yarn-orig-ctx",),
    },
}


def plan(
    name: str,
    context: int,
    *cards: str,
    weights: str | None = None,
    kv: str = "fp16",
    concurrency: int = 1,
    per_machine: int = 8,
) -> Plan:
    model = find_open(name)
    demand = demand_of(model, context, concurrency, weights, kv)
    return plan_of(model, demand, cards or ("80GB",), per_machine)


def commands(made: Plan, server: str) -> list[tuple[str, list[str]]]:
    return [
        (step.where, shlex.split(step.command))
        for one in made.placed
        if one.server == server
        for step in one.steps
    ]


def test_vllm_in_one_machine() -> None:
    made = plan("llama-3-8b-gradient-1048k", 1_000_000, weights="fp8", kv="fp8", concurrency=2)
    ((where, words),) = commands(made, "vllm")
    line = " ".join(words)
    assert where == "here"
    assert line.startswith("vllm serve gradientai/Llama-3-8B-Instruct-Gradient-1048k ")
    assert "--max-model-len 1000000 --max-num-seqs 2 --tensor-parallel-size 2" in line
    assert "--quantization fp8 --kv-cache-dtype fp8" in line
    assert {"--enable-prefix-caching", "--enable-prompt-tokens-details"} <= set(words)
    assert "--pipeline-parallel-size" not in words


def test_several_machines_are_joined_before_they_serve() -> None:
    made = plan("deepseek-v3", 131_072)
    steps = commands(made, "vllm")
    assert [where for where, _ in steps] == [
        "on the first machine",
        "on each other machine",
        "on the first machine",
    ]
    assert steps[0][1] == ["ray", "start", "--head", "--port=6379"]
    line = " ".join(steps[2][1])
    assert "--tensor-parallel-size 8 --pipeline-parallel-size 2" in line
    # One latent vector for all heads: eight cards would hold eight copies.
    assert "--decode-context-parallel-size 8 --distributed-executor-backend ray" in line
    (head, worker) = commands(made, "sglang")
    assert "--nnodes 2" in " ".join(head[1])
    assert head[1][-2:] == ["--node-rank", "0"]
    assert worker[1][-2:] == ["--node-rank", "N"]
    assert any("keeps a copy" in note for note in made.notes)
    assert any("not encrypted" in note for note in made.notes)


def test_dual_chunk_attention_is_served_as_its_makers_say() -> None:
    made = plan("qwen2.5-7b-1m", 1_010_000)
    ((_, words),) = commands(made, "vllm")
    assert words[0] == "VLLM_ATTENTION_BACKEND=DUAL_CHUNK_FLASH_ATTN"
    assert "--enforce-eager" in words
    assert "--enable-prefix-caching" not in words
    ((_, words),) = commands(made, "sglang")
    assert words[words.index("--attention-backend") + 1] == "dual_chunk_flash_attn"
    assert words[words.index("--chunked-prefill-size") + 1] == "131072"
    assert not commands(made, "llama.cpp")
    plain = plan("qwen2.5-7b-1m", 262_144)
    assert "--enable-prefix-caching" in commands(plain, "vllm")[0][1]
    assert commands(plain, "llama.cpp")


def test_yarn_is_told_to_each_server_only_above_the_plain_window() -> None:
    made = plan("qwen3-coder-30b-a3b", 1_000_000)
    wanted = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 262_144}
    for server, option in (("vllm", "--hf-overrides"), ("sglang", "--json-model-override-args")):
        ((_, words),) = commands(made, server)
        assert json.loads(words[words.index(option) + 1]) == {"rope_scaling": wanted}
    ((_, words),) = commands(made, "llama.cpp")
    assert words[-6:] == shlex.split("--rope-scaling yarn --rope-scale 4 --yarn-orig-ctx 262144")
    short = plan("qwen3-coder-30b-a3b", 200_000)
    assert all("yarn" not in step.command for one in short.placed for step in one.steps)


def test_llama_cpp_shares_its_context_among_slots() -> None:
    made = plan("llama-3-8b-gradient-1048k", 500_000, weights="Q4_K_M", kv="q4", concurrency=3)
    assert {one.server for one in made.placed} == {"llama.cpp"}
    ((_, words),) = commands(made, "llama.cpp")
    line = " ".join(words)
    assert "-c 1500000 -np 3" in line
    assert "-ctk q4_0 -ctv q4_0" in line
    assert "--slot-save-path" in words


def test_four_bits_are_a_checkpoint_that_the_person_names() -> None:
    ((_, words),) = commands(plan("llama-3.1-70b", 131_072, weights="int4"), "vllm")
    assert words[2] == "A_CHECKPOINT_OF_4_BITS"


def test_what_fits_nowhere_is_said_not_left_out() -> None:
    made = plan("llama-3.1-405b", 131_072, "24GB", per_machine=1)
    assert [(one.server, one.layout, one.steps) for one in made.placed] == [
        ("vllm", None, ()),
        ("sglang", None, ()),
        ("llama.cpp", None, ()),
    ]


@pytest.mark.parametrize("model", open_models(), ids=lambda model: model.name)
def test_every_command_has_only_options_that_exist(model: OpenModel) -> None:
    eight_bits = plan(model.name, model.window, weights="fp8", kv="fp8")
    for made in (plan(model.name, model.window), eight_bits):
        for server, known in OPTIONS.items():
            for _, words in commands(made, server):
                options = {word.partition("=")[0] for word in words if word.startswith("--")}
                assert options <= known


@pytest.mark.parametrize(
    ("context", "weights", "kv", "said"),
    [
        (200_000, None, "fp16", "131,072"),
        (1000, "Q3", "fp16", "Q3"),
        (1000, None, "fp12", "fp12"),
    ],
)
def test_what_nobody_can_do_is_refused(
    context: int, weights: str | None, kv: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        plan("llama-3.1-8b", context, weights=weights, kv=kv)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("name", "weights", "kv"),
    [
        ("minimax-m1-80k", "Q4_K_M", "fp16"),
        ("llama-3.1-8b", "Q4_K_M", "fp8"),
        ("llama-3.1-8b", "fp8", "q8"),
    ],
)
def test_a_combination_that_no_server_has_is_refused(name: str, weights: str, kv: str) -> None:
    with pytest.raises(UsageError, match="no server"):
        plan(name, 1000, weights=weights, kv=kv)


@pytest.mark.parametrize(
    ("name", "size"), [("24GB", 24), ("A100-80GB", 80), ("rtx 4090 24gb", 24), ("37.5GB", 37.5)]
)
def test_a_card_is_named_by_its_memory(name: str, size: float) -> None:
    assert card_size(name) == size


@pytest.mark.parametrize("name", ["H100", "", "GB", "0GB", "80", "A100-80GB-x", "99999GB"])
def test_what_has_no_memory_in_its_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        card_size(name)
