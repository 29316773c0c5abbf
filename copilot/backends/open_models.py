"""The catalogue of open models with long windows: what they are, and what serving them takes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from copilot.backends.plan import Shape
from copilot.errors import UsageError
from copilot.text import one_line

Server = Literal["vllm", "sglang", "llama.cpp"]
_SERVERS: tuple[Server, ...] = ("vllm", "sglang", "llama.cpp")


@dataclass(frozen=True)
class OpenModel:
    """One model of the hub; what the fields mean is said in open_models.toml."""

    name: str
    hub_id: str
    license: str
    shape: Shape
    weights: str
    window: int
    source: str
    plain_window: int = 0
    scaling: Literal["", "yarn", "dca"] = ""
    checkpoint_bytes: int | None = None
    gguf: str = ""
    servers: tuple[Server, ...] = _SERVERS
    notes: tuple[str, ...] = ()

    def needs_scaling(self, context: int) -> bool:
        """Tell whether so many tokens are more than it takes as it is."""
        return bool(self.scaling) and context > self.plain_window


@cache
def open_models() -> tuple[OpenModel, ...]:
    """Return every model of the catalogue, in its order."""
    return msgspec.convert(_facts()["model"], tuple[OpenModel, ...])


@cache
def usual_cards() -> tuple[str, ...]:
    """Return the sizes of cards that a plan is made for unless told otherwise."""
    return tuple(_facts()["cards"])


def find_open(name: str) -> OpenModel:
    """Return the model of that name or hub id, in any case.

    Raises UsageError, with the names that come near, if there is none.
    """
    known = {model.name: model for model in open_models()}
    by_id = {model.hub_id.lower(): model for model in open_models()}
    wanted = name.lower()
    if found := known.get(wanted) or by_id.get(wanted):
        return found
    near = get_close_matches(wanted, known, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else "copilot models list --catalogue"
    raise UsageError(f"the catalogue has no model called '{one_line(name)}'", hint)


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("open_models.toml").read_text("utf-8"))
