"""The corpora: lines whose secrets are drawn at run time, and lines that only look so."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_LETTERS = _LOWER + _LOWER.upper()
_ALPHABETS = {
    "6": _LETTERS + _DIGITS + "+/",
    "A": _LOWER.upper() + _DIGITS,
    "b": _LETTERS + _DIGITS,
    "d": _DIGITS,
    "g": "023456789ACDEFGHJKLMNPQRSTUVWXYZ",
    "l": _LOWER + _DIGITS,
    "w": _LETTERS + _DIGITS + "_-",
    "x": _DIGITS + "abcdef",
}
_RECIPE = re.compile(r"<([6Abdglpwx])(\d+)>")
# A path, a text, and the secrets in it in order.
Case = tuple[str, str, tuple[str, ...]]


@pytest.fixture(scope="session")
def cases_with_secrets() -> list[Case]:
    return [_drawn(*line, seed) for line in _lines("secrets.txt") for seed in range(3)]


@pytest.fixture(scope="session")
def innocent_cases() -> list[Case]:
    return [(path, text, ()) for path, text in _lines("innocents.txt")]


def _lines(name: str) -> list[tuple[str, str]]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    told = [line.partition(" | ") for line in lines if line and not line.startswith("# ")]
    return [(path, text.replace("⏎", "\n")) for path, _, text in told]


def _drawn(path: str, text: str, seed: int) -> Case:
    """Fill in the recipes of a line; nothing of a real key's shape stands in the repository."""
    draw = random.Random(f"{seed} {path} {text}")  # noqa: S311
    filled = _RECIPE.sub(lambda match: _random(draw, match[1], int(match[2])), text)
    secrets = tuple(re.findall("«(.*?)»", filled))
    return path, re.sub("[«»]", "", filled), secrets


def _random(draw: random.Random, alphabet: str, count: int) -> str:
    if alphabet != "p":
        return "".join(draw.choices(_ALPHABETS[alphabet], k=count))
    some = [draw.choice(_LOWER), draw.choice(_LOWER.upper()), draw.choice(_DIGITS)]
    some += draw.choices(_LETTERS + _DIGITS + "!*+-.?_~^#$%@=", k=count - 5)
    draw.shuffle(some)
    return draw.choice(_LETTERS) + "".join(some) + draw.choice("!*+?~^")
