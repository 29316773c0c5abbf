"""The first of two requests: the model names the files that matter, and is checked."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from copilot.errors import ReplyIncomplete

_CLOSING = re.compile(
    r"^[*_`\s]*end of files:\s*(\d{1,6})\s+files?\b", re.IGNORECASE | re.MULTILINE
)
_BULLET = re.compile(r"^(?:[-*+]|\d{1,4}[.)])\s+")
_THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_MOST = 200


@dataclass(frozen=True)
class Named:
    """The files that a model named, in its order, and names that no file has."""

    files: tuple[str, ...]
    unknown: tuple[str, ...]


def named_files(reply: str, names: Collection[str]) -> Named:
    """Read a reply to the prompt `task-select`; `names` are those of all files, with alias.

    Raises ReplyIncomplete if the reply was cut off, or names no file that there is.
    """
    text = _THINKING.sub("", reply)
    closing = _CLOSING.search(text)
    if closing is None:
        raise ReplyIncomplete(
            "the model's choice of files breaks off before its closing line",
            "ask again, or use --mode rank",
            reply,
        )
    known = set(names)
    lines = [_plain(line) for line in text[: closing.start()].splitlines()]
    found = list(dict.fromkeys(line for line in lines if line in known))[:_MOST]
    strange = [line for line in lines if line not in known and _looks_like_path(line)]
    if not found:
        raise ReplyIncomplete(
            "the model named no file that there is", "ask again, or use --mode rank", reply
        )
    return Named(tuple(found), tuple(dict.fromkeys(strange)))


def _plain(line: str) -> str:
    return _BULLET.sub("", line.strip()).strip("`*\"' ")


def _looks_like_path(line: str) -> bool:
    return "/" in line and " " not in line and len(line) < 4096
