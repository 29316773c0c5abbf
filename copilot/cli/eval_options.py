"""Options of `copilot eval`, and what they say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from copilot.errors import UsageError
from copilot.settings.amounts import parse_tokens

# RULER's first length; each of the next is twice as long (arXiv 2404.06654).
_FIRST = 4_000
# Of a model whose window nobody tells.
_CAUTIOUS = 32_000
DEFAULT_SAMPLES = 10
DEFAULT_SEED = 42
DEFAULT_DEPTHS = 5


def _number(value: float | None) -> float | None:
    """Return a bound. Raises UsageError for what nothing is more than."""
    if value is not None and math.isnan(value):
        raise UsageError("nan bounds nothing", "name a number")
    return value


ModelNames = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME[,NAME…]",
        help="Models of `copilot models list`, measured one after another.",
    ),
]
Lengths = Annotated[
    str | None,
    typer.Option(
        "--lengths",
        metavar="N[,N…]",
        help="Tokens of prompt and reply together, as the model counts them: 4k,32k,1M. Default: "
        "4k, and twice as much up to the model's window.",
    ),
]
Samples = Annotated[
    int, typer.Option("--samples", metavar="N", min=1, help="Haystacks of each length.")
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed draws other samples.")]
Tasks = Annotated[
    str | None, typer.Option("--tasks", metavar="A[,B…]", help="Only these tasks of the suite.")
]
Depths = Annotated[
    int,
    typer.Option("--depths", metavar="N", min=1, help="needle: at so many evenly spread depths."),
]
Apart = Annotated[
    bool,
    typer.Option(
        "--apart",
        help="A haystack of its own for each question, as published; else questions share one, "
        "which the provider's cache then serves.",
    ),
]
Examples = Annotated[
    str,
    typer.Option(
        "--examples",
        metavar="N[,N…]",
        help="edits: with so many commits of the repository as examples.",
    ),
]
RowsPath = Annotated[
    Path | None,
    typer.Option(
        "--rows",
        metavar="FILE",
        help="Where answers are kept; what is there is not asked again. Default: a file in your "
        "state folder, named after the suite and the state of the repository.",
    ),
]
Concurrency = Annotated[
    int,
    typer.Option(
        "--concurrency", metavar="N", min=1, max=64, help="Haystacks asked about at once."
    ),
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        metavar="X",
        min=0,
        callback=_number,
        help="Stop before it costs more than that.",
    ),
]
MaxMinutes = Annotated[
    float | None,
    typer.Option(
        "--max-minutes",
        metavar="N",
        min=0,
        callback=_number,
        help="Send nothing after so many minutes.",
    ),
]
ReplyTokens = Annotated[
    int | None,
    typer.Option(
        "--reply-tokens",
        metavar="N",
        min=1,
        help="The limit of an answer, instead of each task's own: for models that think first.",
    ),
]
YesSend = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask, whatever the run is expected to take.")
]


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


class Export(StrEnum):
    """Which other tool gets the rows."""

    MLFLOW = "mlflow"
    LM_EVAL = "lm-eval"


RowFiles = Annotated[
    list[Path], typer.Argument(metavar="ROWS…", help="Files that copilot eval wrote.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to write it.")]


@dataclass(frozen=True)
class Wish:
    """What is to be measured; `lengths` are None for all up to the model's window."""

    models: tuple[str | None, ...]
    lengths: tuple[int, ...] | None
    samples: int
    seed: int
    tasks: tuple[str, ...]
    depths: tuple[float, ...]
    apart: bool
    examples: tuple[int, ...]


def wish_of(
    suite: str,
    models: str | None,
    lengths: str | None,
    samples: int,
    seed: int,
    tasks: str | None,
    depths: int,
    apart: bool,
    examples: str,
) -> Wish:
    """Return what the options ask for. Raises UsageError."""
    if suite != "needle" and depths != DEFAULT_DEPTHS:
        raise UsageError("--depths goes with `copilot eval needle`", "leave it out")
    counts = tuple(map(_count, _listed(examples)))
    if suite != "edits" and counts != (0,):
        raise UsageError("--examples goes with `copilot eval edits`", "leave it out")
    return Wish(
        tuple(_listed(models)) if models else (None,),
        tuple(sorted({parse_tokens(one) for one in _listed(lengths)})) if lengths else None,
        samples,
        seed,
        tuple(_listed(tasks)) if tasks else (),
        spread(depths),
        apart,
        counts,
    )


def spread(count: int) -> tuple[float, ...]:
    """Return so many depths from 0 to 1; a single one is the middle."""
    return tuple(at / (count - 1) for at in range(count)) if count > 1 else (0.5,)


def usual_lengths(window: int | None) -> tuple[int, ...]:
    """Return 4k and its doubles up to a window; of one below that, all of it."""
    most = window or _CAUTIOUS
    lengths = []
    tokens = _FIRST
    while tokens <= most:
        lengths.append(tokens)
        tokens *= 2
    return tuple(lengths) or (most,)


def _listed(text: str) -> list[str]:
    named = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not named:
        raise UsageError(f"nothing is named in {text!r}", "write it as a,b,c")
    return named


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise UsageError(f"not a number of examples: {text!r}", "write it as 0,4,16")
    return int(text)
