"""The command lines that serve a model as planned, with its prompts kept for the next question.

Options as in vLLM's docs/serving/{parallelism_scaling,context_parallel_deployment}.md, SGLang's
docs/advanced_features/server_arguments.md, llama.cpp's tools/server/README.md; for windows above
the plain one as in the cards of Qwen3-30B-A3B-Instruct-2507 (dual chunk attention) and of
Qwen3-Next-80B-A3B-Instruct (YaRN).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from copilot.backends.open_models import OpenModel, Server
from copilot.backends.plan import GGUF_WEIGHTS, Demand, Layout

HEAD = "HEAD_ADDRESS"
_VLLM_KV = {"fp8": "fp8"}
_SGLANG_KV = {"fp8": "fp8_e5m2"}
_LLAMA_KV = {"fp16": "f16", "q8": "q8_0", "q4": "q4_0"}
_LLAMA_WEIGHTS = GGUF_WEIGHTS | {"bf16", "mxfp4"}
# A checkpoint of four bits is another one than the maker's, so it has to be named by the person.
_FOUR_BITS = "A_CHECKPOINT_OF_4_BITS"


@dataclass(frozen=True)
class Step:
    """One command and where it is to be run."""

    where: str
    command: str


def servers_for(model: OpenModel, demand: Demand) -> tuple[Server, ...]:
    """Return the servers that can do what is demanded: by precision, cache type and window."""
    takes: set[Server] = set()
    if demand.weights not in GGUF_WEIGHTS and demand.kv in {"fp16", "fp8"}:
        takes |= {"vllm", "sglang"}
    has_dual = model.scaling == "dca" and model.needs_scaling(demand.context)
    if demand.weights in _LLAMA_WEIGHTS and demand.kv in _LLAMA_KV and not has_dual:
        takes.add("llama.cpp")
    return tuple(server for server in model.servers if server in takes)


def steps_for(server: Server, model: OpenModel, demand: Demand, layout: Layout) -> list[Step]:
    """Return what to run, in this order."""
    if server == "vllm":
        return _vllm(model, demand, layout)
    if server == "sglang":
        return _sglang(model, demand, layout)
    return [Step("here", _llama(model, demand))]


def _vllm(model: OpenModel, demand: Demand, layout: Layout) -> list[Step]:
    scaled = model.needs_scaling(demand.context)
    dual = scaled and model.scaling == "dca"
    words = [
        *_when(dual, "VLLM_ATTENTION_BACKEND=DUAL_CHUNK_FLASH_ATTN VLLM_USE_V1=0"),
        *_when(scaled and not dual, "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1"),
        f"vllm serve {_checkpoint(model, demand)} --host 127.0.0.1 --port 8000",
        f"--max-model-len {demand.context} --max-num-seqs {demand.concurrency}",
        f"--tensor-parallel-size {layout.tensor}",
        *_when(layout.pipeline > 1, f"--pipeline-parallel-size {layout.pipeline}"),
        *_when(layout.context > 1, f"--decode-context-parallel-size {layout.context}"),
        *_when(layout.machines > 1, "--distributed-executor-backend ray"),
        f"--gpu-memory-utilization {demand.utilization:.2f}",
        f"--enable-chunked-prefill --max-num-batched-tokens {demand.chunk}",
        "--enforce-eager" if dual else "--enable-prefix-caching",
        "--enable-prompt-tokens-details",
        *_quantized(model, demand),
        *(f"--kv-cache-dtype {_VLLM_KV[kv]}" for kv in [demand.kv] if kv in _VLLM_KV),
        *_overrides("--hf-overrides", model, demand),
    ]
    serve = " ".join(words)
    if layout.machines == 1:
        return [Step("here", serve)]
    return [
        Step("on the first machine", "ray start --head --port=6379"),
        Step("on each other machine", f"ray start --address={HEAD}:6379"),
        Step("on the first machine", serve),
    ]


def _sglang(model: OpenModel, demand: Demand, layout: Layout) -> list[Step]:
    scaled = model.needs_scaling(demand.context)
    dual = scaled and model.scaling == "dca"
    words = [
        *_when(scaled and not dual, "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1"),
        f"python -m sglang.launch_server --model-path {_checkpoint(model, demand)}",
        "--host 127.0.0.1 --port 30000",
        f"--context-length {demand.context} --max-running-requests {demand.concurrency}",
        f"--tp {layout.tensor}",
        *_when(layout.pipeline > 1, f"--pipeline-parallel-size {layout.pipeline}"),
        f"--mem-fraction-static {0.75 if dual else 0.85}",
        f"--chunked-prefill-size {demand.chunk} --enable-cache-report",
        *_when(dual, "--attention-backend dual_chunk_flash_attn"),
        *_quantized(model, demand),
        *(f"--kv-cache-dtype {_SGLANG_KV[kv]}" for kv in [demand.kv] if kv in _SGLANG_KV),
        *_overrides("--json-model-override-args", model, demand),
    ]
    serve = " ".join(words)
    if layout.machines == 1:
        return [Step("here", serve)]
    several = f"{serve} --nnodes {layout.machines} --dist-init-addr {HEAD}:5000"
    return [
        Step("on the first machine", f"{several} --node-rank 0"),
        Step("on each other machine", f"{several} --node-rank N"),
    ]


def _llama(model: OpenModel, demand: Demand) -> str:
    file = model.gguf.rpartition("/")[2] or f"{model.name}.gguf"
    kv = _LLAMA_KV[demand.kv]
    words = [
        f"llama-server -m {file} --host 127.0.0.1 --port 8080 -ngl 99 -fa on",
        # All slots share the context.
        f"-c {demand.context * demand.concurrency} -np {demand.concurrency}",
        *_when(kv != "f16", f"-ctk {kv} -ctv {kv}"),
        "--slot-save-path SLOTS_FOLDER",
    ]
    if model.needs_scaling(demand.context):
        factor = _factor(model)
        words.append(
            f"--rope-scaling yarn --rope-scale {factor:g} --yarn-orig-ctx {model.plain_window}"
        )
    return " ".join(words)


def _when(condition: bool, option: str) -> list[str]:
    return [option] if condition else []


def _checkpoint(model: OpenModel, demand: Demand) -> str:
    four = demand.weights == "int4" and model.weights != "int4"
    return _FOUR_BITS if four else model.hub_id


def _quantized(model: OpenModel, demand: Demand) -> list[str]:
    """Return the option that makes eight bits of a checkpoint while it is loaded."""
    is_made = demand.weights == "fp8" and model.weights != "fp8"
    return ["--quantization fp8"] if is_made else []


def _overrides(option: str, model: OpenModel, demand: Demand) -> list[str]:
    if model.scaling != "yarn" or not model.needs_scaling(demand.context):
        return []
    scaling = {
        "rope_type": "yarn",
        "factor": _factor(model),
        "original_max_position_embeddings": model.plain_window,
    }
    return [f"{option} '{json.dumps({'rope_scaling': scaling}, separators=(',', ':'))}'"]


def _factor(model: OpenModel) -> float:
    return model.window / model.plain_window
