"""Parameters that a server turns out not to take: learned from its refusals, left out from then on.

Newer models refuse sampling parameters, and `max_tokens` where they want
`max_completion_tokens`.
"""

from __future__ import annotations

import re
from typing import Any

from copilot.backends.faults import parsed
from copilot.backends.overflow import overflow_in

_OPTIONAL = ("temperature", "seed", "prompt_cache_key", "return_progress", "stream_options")
_OLD_NAME, _NEW_NAME = "max_tokens", "max_completion_tokens"
# Of Anthropic, OpenAI and DeepSeek, where a reply was asked for that the model cannot write.
_MOST_REPLY = re.compile(
    r"max_tokens: \d+ > (\d+)|supports at most (\d+) completion tokens"
    r"|range of max_tokens is \[1, (\d+)\]",
    re.IGNORECASE,
)


class Parameters:
    """What one server has refused so far."""

    def __init__(self, *, new_name: bool = False) -> None:
        self._refused: set[str] = set()
        self._new_name = new_name
        self._most_reply: int | None = None

    def applied(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request's body as this server takes it."""
        body = {name: value for name, value in body.items() if name not in self._refused}
        if self._new_name and _OLD_NAME in body:
            body[_NEW_NAME] = body.pop(_OLD_NAME)
        name = _NEW_NAME if _NEW_NAME in body else _OLD_NAME
        if self._most_reply is not None and name in body:
            body[name] = min(body[name], self._most_reply)
        return body

    def mend(self, status: int, said: bytes, body: dict[str, Any]) -> dict[str, Any] | None:
        """Learn from a refusal; return the body without what it names, None if it names nothing."""
        text = said.decode("utf-8", "replace")
        if status not in {400, 422} or overflow_in(text, parsed(said)) is not None:
            return None
        self._learn(text, body)
        mended = self.applied(body)
        return mended if mended != body else None

    def _learn(self, text: str, body: dict[str, Any]) -> None:
        most = _MOST_REPLY.search(text)
        if most:
            self._most_reply = int(next(filter(None, most.groups()))) or None
        elif _NEW_NAME in text and _OLD_NAME in body:
            self._new_name = True
        else:
            named = (n for n in _OPTIONAL if n in body and re.search(rf"\b{n}\b", text))
            self._refused.update(list(named)[:1])
