"""What every model backend offers: facts about the model, and a streamed answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from copilot.text import one_line

# Whose way of taking a grammar a server has; empty for one that follows none.
Grammar = Literal["", "llama.cpp", "vllm", "sglang"]
# The reasons of an end that came before the answer's own.
CUT_OFF = frozenset({"length", "window"})
# What vLLM, OpenRouter, DeepSeek, Anthropic and Gemini say of an answer that they broke off.
BROKEN_OFF = frozenset(
    {"abort", "error", "insufficient_system_resource", "pause_turn", "OTHER", "LANGUAGE"}
    | {"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "FINISH_REASON_UNSPECIFIED"}
)
# ... and of one that is a call of a tool, which nobody offered.
TOOL_CALLED = frozenset({"tool_calls", "function_call", "tool_use", "UNEXPECTED_TOOL_CALL"})


@dataclass(frozen=True)
class Message:
    """One turn of the conversation.

    `cuts` are rising offsets in `content`, in characters, at which a stable part ends: a provider
    that caches by marks sets them there.
    """

    role: Literal["system", "user", "assistant"]
    content: str
    cuts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Request:
    """What is asked of the model; `max_reply_tokens` includes everything it may write.

    `grammar` is GBNF (llama.cpp's notation), sent only to servers that follow it. `cache_key` is a
    stable name of the prompt's first part, for providers that route by it. `seed` makes sampling
    repeatable where the server can. `prompt_tokens` is our own count of the messages, if there is.
    """

    messages: tuple[Message, ...]
    max_reply_tokens: int
    temperature: float | None = None
    grammar: str | None = None
    cache_key: str = ""
    seed: int | None = None
    prompt_tokens: int | None = None


@dataclass(frozen=True)
class ModelFacts:
    """What the server says of its model; None where it says nothing. Sizes are in tokens.

    One that is not `listed` is taken at the user's word.
    """

    model: str
    window: int | None = None
    grammar: Grammar = ""
    max_reply_tokens: int | None = None
    listed: bool = field(default=True, compare=False)

    @property
    def follows_grammar(self) -> bool:
        """Whether an answer can be held to a grammar."""
        return bool(self.grammar)


@dataclass(frozen=True)
class Usage:
    """Tokens as the server counted them.

    `prompt` is all that was read: `cached` of it came from the provider's cache, `cache_written`
    of it was put there. None where the server does not say.
    """

    prompt: int
    reply: int
    cached: int | None = None
    cache_written: int | None = None


@dataclass(frozen=True)
class NewTokens(Usage):
    """A count far below what was sent: the prompt was cut, or it leaves out what a cache held."""


@dataclass(frozen=True)
class Delta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True)
class Thinking:
    """A piece of a reasoning model's thoughts: shown apart, never part of the answer."""

    text: str


@dataclass(frozen=True)
class Reading:
    """The server's progress in reading the prompt, in tokens."""

    done: int
    total: int


@dataclass(frozen=True)
class Waiting:
    """The request failed for now, and will be sent again after these seconds."""

    seconds: float
    why: str

    def __str__(self) -> str:
        return f"{one_line(self.why)}; trying again in {max(1, round(self.seconds))} s"


@dataclass(frozen=True)
class Finished:
    """The end of the answer, and the usage if the server told it.

    `reason` is `stop`, `length` (the limit of tokens), `window` (prompt and answer fill it),
    `refused`, or the provider's own word.
    """

    reason: str
    usage: Usage | None


Event = Delta | Thinking | Reading | Waiting | Finished


class Backend(Protocol):
    """A model that can be asked. Closing it ends whatever it started."""

    def facts(self) -> ModelFacts:
        """Ask the server about the model. Raises ModelError."""

    def ask(self, request: Request) -> Iterator[Event]:
        """Stream the answer; the last event is Finished.

        Closing the iterator ends the request on the server too. Raises ModelError, BudgetExceeded,
        ReplyIncomplete with what arrived if the answer breaks off.
        """

    def close(self) -> None:
        """Release connections and processes."""
