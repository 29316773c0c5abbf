"""Answers of several models, put behind a prompt so that none can pass for another or for us."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from copilot.backends.protocol import Message, Request
from copilot.settings.prompts import fill_prompt

_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)


def behind(request: Request, texts: Sequence[str], template: str) -> Request:
    """Return the request with these texts at the end of its last message from the user.

    All that stands before them stays as it is, byte for byte, so that a cache of it serves. The
    `template` has the blanks `answers`, `count` and `tag`. Raises UsageError for any other.
    """
    *earlier, last = request.messages
    if last.role != "user":
        earlier, last = [*request.messages], Message("user", "")
    bare = [_THOUGHTS.sub("", text) for text in texts]
    tag = _tag([last.content, *bare])
    answers = "\n".join(_framed(tag, number, text) for number, text in enumerate(bare, 1))
    added = fill_prompt(template, answers=answers, count=str(len(texts)), tag=tag)
    gap = "\n\n" if last.content else ""
    said = replace(last, content=f"{last.content}{gap}{added}")
    return replace(request, messages=(*earlier, said))


def _framed(tag: str, number: int, text: str) -> str:
    return f'<{tag} number="{number}">\n{text.strip()}\n</{tag}>'


def _tag(texts: Sequence[str]) -> str:
    """Return a tag that stands in none of the texts, the same for the same texts."""
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
    tags = (f"answer-{digest[start : start + 8]}" for start in range(len(digest) - 8))
    return next((tag for tag in tags if not any(tag in text for text in texts)), f"a-{digest}")
