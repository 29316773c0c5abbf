"""What the tests of whole runs have in common."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from copilot.evals.rows import Row, encode

Copilot = Callable[..., subprocess.CompletedProcess[str]]
FEW = ("--lengths", "2k,4k", "--samples", "1", "--depths", "3")
# Tasks of RULER whose needles are constants with numbers, which the reader of these tests finds.
NUMBERED = "niah_single_2,niah_multikey_1"


def text_of(body: dict[str, Any]) -> str:
    """Return the whole prompt of a request."""
    return "".join(message["content"] for message in body["messages"])


def bare(rows: list[Row]) -> set[bytes]:
    """Return rows without what differs from run to run: times, and what a cache held."""
    return {
        encode(replace(r, started="", seconds=0.0, first_token_seconds=None, usage=None))
        for r in rows
        if not r.error
    }


def named(url: str) -> str:
    return f'base_url = "{url}"\nmodel = "reader"\nretries = 0'
