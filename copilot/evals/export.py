"""Rows for other tools: MLflow, and the sample logs of EleutherAI's lm-evaluation-harness."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from copilot.errors import UsageError
from copilot.evals.report_model import Length, Series
from copilot.evals.rows import Row, settled
from copilot.text import one_line

_NO_NAME = re.compile(r"[^\w-]+")
_EXPERIMENT = "copilot eval"


def harness_samples(rows: Iterable[Row]) -> dict[str, list[dict[str, Any]]]:
    """Return by task what `lm_eval --log_samples` writes into `samples_TASK_TIME.jsonl`.

    Each sample has `doc_id`, `doc`, `target`, `arguments`, `resps`, `filtered_resps`, `filter`,
    `metrics`, `doc_hash`, `prompt_hash` and `target_hash`, and a value for each of the metrics. The
    prompt itself is not in a row: `arguments` names its SHA-256, and `doc` holds the recipe. Beside
    them stands `model`.
    """
    tasks: dict[str, list[dict[str, Any]]] = {}
    for row in settled(rows):
        if row.score is not None:
            name = f"{row.recipe.suite}_{row.recipe.task}"
            samples = tasks.setdefault(name, [])
            samples.append(_sample(row, len(samples)))
    return tasks


def _sample(row: Row, number: int) -> dict[str, Any]:
    metrics = dict(_metrics(row))
    doc = msgspec.to_builtins({"recipe": row.recipe, "references": row.references})
    settings = {"max_gen_toks": row.reply_tokens, "temperature": row.temperature}
    target = "\n".join(row.references)
    return {
        "doc_id": number,
        "doc": doc,
        "model": msgspec.to_builtins(row.model),
        "target": target,
        "arguments": {"gen_args_0": {"arg_0": f"sha256:{row.prompt_sha256}", "arg_1": settings}},
        "resps": [[row.answer]],
        "filtered_resps": [row.answer],
        "filter": "none",
        "metrics": list(metrics),
        "doc_hash": sha256(msgspec.json.encode(doc)).hexdigest(),
        "prompt_hash": row.prompt_sha256,
        "target_hash": sha256(target.encode()).hexdigest(),
        **metrics,
    }


def _metrics(row: Row) -> Iterator[tuple[str, float]]:
    if row.score is None:
        return
    yield "score", row.score.value
    if row.score.f1 is not None:
        yield "f1", row.score.f1
    if row.score.exact is not None:
        yield "exact", float(row.score.exact)
    if row.forbidden:
        yield "stale", float(row.score.stale)
    yield from ((name, float(passed)) for name, passed in row.score.steps.items())


def write_harness(rows: Sequence[Row], folder: Path, stamp: str) -> list[Path]:
    """Write a file of samples for each task into a folder, of several models into one for each.

    Raises UsageError.
    """
    models: dict[str, list[Row]] = {}
    for row in rows:
        models.setdefault(row.model.digest, []).append(row)
    written = []
    try:
        for some in models.values():
            model = some[0].model
            name = f"{_NO_NAME.sub('-', model.id or model.name)}-{model.digest[:6]}"
            place = folder / name if len(models) > 1 else folder
            place.mkdir(parents=True, exist_ok=True)
            for task, samples in harness_samples(some).items():
                path = place / f"samples_{task}_{stamp}.jsonl"
                path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in samples))
                written.append(path)
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror}") from error
    return written


def export_mlflow(
    series: Sequence[Series], files: Sequence[Path], page: str, check: Callable[[str], object]
) -> str:
    """Log a run for each series, and return where MLflow keeps them.

    Metrics are those of `metrics_of`, with the length as their step. Raises UsageError where MLflow
    is not installed, or refuses; `check` may refuse the place.
    """
    try:
        mlflow: Any = import_module("mlflow")
        refusal: Any = import_module("mlflow.exceptions").MlflowException
    except ImportError as error:
        raise UsageError(
            "mlflow is not installed", "pip install mlflow, or take --format json"
        ) from error
    place = str(mlflow.get_tracking_uri())
    check(place)
    try:
        mlflow.set_experiment(_EXPERIMENT)
        for one in series:
            _log(mlflow, one, files, page)
    except refusal as error:
        raise UsageError(
            f"mlflow refused: {one_line(str(error))}", "set MLFLOW_TRACKING_URI to where it may log"
        ) from error
    return place


def _log(mlflow: Any, series: Series, files: Sequence[Path], page: str) -> None:
    with mlflow.start_run(run_name=f"{series.model.name} {series.title}"):
        mlflow.log_params(parameters_of(series))
        for length in series.lengths:
            mlflow.log_metrics(metrics_of(length), step=length.tokens)
        mlflow.log_metrics(_effective(series))
        mlflow.log_text(page, "report.md")
        for file in files:
            mlflow.log_artifact(str(file), "rows")


def parameters_of(series: Series) -> dict[str, str]:
    """Return what tells one series from another."""
    model = series.model
    told = {
        "model": model.name,
        "model_id": model.id,
        "provider": model.provider,
        "base_url": model.base_url,
        "fingerprint": model.digest[:12],
        "suite": series.suite,
        "examples": str(series.examples),
        "reply_tokens": str(series.reply_tokens or ""),
        "apart": "yes" if series.apart else "",
        "seed": str(series.seed),
        "source": series.source[:12],
    }
    return {name: value for name, value in told.items() if value}


def metrics_of(length: Length) -> dict[str, float]:
    """Return the figures of one length by name; scores are from 0 to 1."""
    speed = length.speed
    figures = {f"score/{task}": mean.value for task, mean in length.tasks.items()}
    figures |= {f"step/{step}": mean.value for step, mean in length.steps.items()}
    told = {
        "score/average": length.average.value,
        "score/average_low": length.average.low,
        "score/average_high": length.average.high,
        "f1": length.f1,
        "exact": length.exact,
        "stale": length.stale.value if length.stale else None,
        "truncated": float(length.cut),
        "seconds": speed.seconds,
        "first_token_seconds": speed.first_token_seconds,
        "prompt_tokens_per_second": speed.prompt_rate,
        "reply_tokens_per_second": speed.reply_rate,
        "cached_share": speed.cached,
    }
    return figures | {name: value for name, value in told.items() if value is not None}


def _effective(series: Series) -> dict[str, float]:
    told = {"effective_ruler": series.ruler, "effective_relative": series.relative}
    return {name: float(tokens) for name, tokens in told.items() if tokens is not None}
