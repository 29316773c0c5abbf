"""A small shop under review, and what a model says of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]
Git = Callable[..., str]

CHECK = "    if not prices:\n        return 0\n"
SHOP = f"def mean(prices):\n{CHECK}    return sum(prices) / len(prices)\n"
REPORT = "from shop import mean\n\n\ndef line(prices):\n    return mean(prices)\n"


def finding(
    file: str = "repo/shop.py",
    line: str = "2",
    quote: str = "    return sum(prices) / len(prices)",
    severity: str = "error",
    claim: str = "len(prices) may be 0.",
    more: str = "",
) -> str:
    return (
        f"FINDING\nfile: {file}\nline: {line}\nevidence:\n> {quote}\nclaim: {claim}\n"
        f"severity: {severity}\ncategory: correctness\n{more}END FINDING\n"
    )


def reply(*findings: str, hunks: str = "HUNK 1: looked at\n") -> str:
    count = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
    lines = hunks.count("\n")
    many = f"{lines} hunk{'' if lines == 1 else 's'}"
    return f"{hunks}{''.join(findings)}END OF REVIEW: {many}, {count}\n"


SUGGESTION = (
    "suggestion:\nrepo/shop.py\n<<<<<<< SEARCH\n    return sum(prices) / len(prices)\n=======\n"
    "    return sum(prices) / len(prices) if prices else 0\n>>>>>>> REPLACE\n"
)
