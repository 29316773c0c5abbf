"""The bytes of OpenAI-compatible servers, and what the tests of them have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Event, Message, Request

Serve = Callable[[Mapping[str, Any]], str]
Connect = Callable[..., OpenAIChat]
Asked = list[dict[str, Any]]
Told = Callable[..., list[Event]]

MODELS = "GET /v1/models"
V1 = "/v1/chat/completions"
CHAT = f"POST {V1}"
KEY = "sk-test-key"
REQUEST = Request((Message("system", "be kind"), Message("user", "hello")), 50)
STOP: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
TOKENS: dict[str, Any] = {"prompt_tokens": 12, "completion_tokens": 3}


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer that ends when the server hangs up."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{named}\r\n".encode() + body


def listing(*models: Any) -> list[bytes]:
    return [answer(json.dumps({"object": "list", "data": models}).encode())]


def said(text: str | None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


def stream(*chunks: Any, end: bytes = b"data: [DONE]\n\n") -> bytes:
    lines = (f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks)
    return answer("".join(lines).encode() + end, content_type="text/event-stream")
