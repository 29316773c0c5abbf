"""OpenAI's marks for its prompt cache: up to four, on parts of messages.

From GPT-5.6 on, a prefix is found only where a request has marked its end, and what is put into the
cache costs more than what is read. So the ends of rules, base, overlay and conversation are marked,
and nothing else is kept. Older models find prefixes by themselves, and refuse marks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from copilot.backends.cuts import pieces, stable_pieces
from copilot.backends.protocol import Message

OPTIONS: dict[str, Any] = {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}}
_MARK: dict[str, Any] = {"prompt_cache_breakpoint": {"mode": "explicit"}}
_GPT = re.compile(r"(?:.*/)?gpt-(\d+)(?:\.(\d+))?")
_FIRST = (5, 6)


def takes_marks(model: str) -> bool:
    """Tell by a model's name whether its cache goes by marks."""
    version = _GPT.match(model)
    return version is not None and (int(version[1]), int(version[2] or 0)) >= _FIRST


def marked(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return a request's messages, with marks where stable parts end."""
    made = [_message(message) for message in messages]
    turns = [index for index, message in enumerate(messages) if message.role != "system"]
    for index, message in enumerate(messages):
        if message.role == "system" and message.cuts:
            made[index]["content"][-1] |= _MARK
    if turns and messages[turns[0]].cuts:
        parts = made[turns[0]]["content"]
        stable = parts[: stable_pieces(messages[turns[0]], [part["text"] for part in parts])]
        for part in (*stable[:1], *stable[-1:]):
            part |= _MARK
    if len(turns) > 1:
        made[turns[-1]]["content"][-1] |= _MARK
    return made


def unmarked(body: dict[str, Any]) -> dict[str, Any]:
    """Return a request's body without marks, for a server that refuses them."""
    kept = {name: value for name, value in body.items() if name not in OPTIONS}
    kept["messages"] = [
        {"role": message["role"], "content": "".join(part["text"] for part in message["content"])}
        for message in body["messages"]
    ]
    return kept


def _message(message: Message) -> dict[str, Any]:
    parts = [{"type": "text", "text": text} for text in pieces(message)]
    return {"role": message.role, "content": parts}
