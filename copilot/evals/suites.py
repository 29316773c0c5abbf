"""The suites by name, each imported when it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

from copilot.evals.model import Suite

_PLACES = {
    "needle": ("copilot.evals.needles", "NEEDLE"),
    "ruler": ("copilot.evals.ruler", "RULER"),
    "repoqa": ("copilot.evals.repoqa", "REPOQA"),
    "edits": ("copilot.evals.obedience", "EDITS"),
}


class _Suites(Mapping[str, Suite]):
    def __getitem__(self, name: str) -> Suite:
        module, attribute = _PLACES[name]
        return cast("Suite", getattr(import_module(module), attribute))

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


SUITES: Mapping[str, Suite] = _Suites()
