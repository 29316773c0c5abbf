"""What every model backend offers: facts about the model, and a streamed answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class Message:
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Request:
    """What is asked of the model; `max_reply_tokens` includes everything it may write.

    `grammar` is GBNF (llama.cpp's notation), sent only to servers that follow it.
    """

    messages: tuple[Message, ...]
    max_reply_tokens: int
    temperature: float | None = None
    grammar: str | None = None


@dataclass(frozen=True)
class ModelFacts:
    """What the server says of its model; None where it says nothing."""

    model: str
    window: int | None = None
    follows_grammar: bool = False


@dataclass(frozen=True)
class Usage:
    """Tokens as the server counted them; `cached` of `prompt` came from its prefix cache."""

    prompt: int
    reply: int
    cached: int | None = None


@dataclass(frozen=True)
class Delta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True)
class Reading:
    """The server's progress in reading the prompt, in tokens."""

    done: int
    total: int


@dataclass(frozen=True)
class Finished:
    """The end of the answer: why the model stopped, and the usage if the server told it."""

    reason: str
    usage: Usage | None


Event = Delta | Reading | Finished


class Backend(Protocol):
    """A model that can be asked. Closing it ends whatever it started."""

    def facts(self) -> ModelFacts:
        """Ask the server about the model. Raises ModelError."""

    def ask(self, request: Request) -> Iterator[Event]:
        """Stream the answer; the last event is Finished. Raises ModelError."""

    def close(self) -> None:
        """Release connections and processes."""
