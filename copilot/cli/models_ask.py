"""Asking a person in a terminal for what a model needs; an empty answer leaves it out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from copilot.cli.talk import say
from copilot.context.tokens import TOKENIZERS
from copilot.errors import UsageError
from copilot.settings.amounts import parse_tokens
from copilot.settings.write import Value

Values = dict[str, Value]
_PROVIDERS = "openai (and all that speak like it), anthropic, gemini, ollama"


def asked_values(given: Mapping[str, Value], *, keyring: bool) -> Values:
    """Return the values of a model's table: those given, and what the person answers."""
    say("an empty answer leaves it out")
    values: Values = dict(given)
    values["provider"] = _answer(f"provider: {_PROVIDERS}", "openai")
    needs_url = values["provider"] == "openai"
    url = _answer("base URL, such as http://127.0.0.1:8080/v1", "", needed=needs_url)
    values |= {"base_url": url} if url else {}
    asked: list[tuple[str, str, Callable[[str], str | int | float]]] = [
        ("model", "the server's own name for the model", str),
        ("window", "tokens it holds: 32768, 200k, 1M", parse_tokens),
        ("tokenizer", f"what tokens are counted with: {', '.join(TOKENIZERS)}", _tokenizer),
        ("price_input", "money per million tokens it reads", _price),
        ("price_output", "money per million tokens it writes", _price),
    ]
    if not keyring:
        asked.insert(1, ("api_key_env", "the variable that holds its key, not the key", str))
    for name, question, convert in asked:
        answer = _converted(question, str(values.get(name, "")), convert)
        values |= {name: answer} if answer is not None else {}
    return values


def _converted(
    question: str, usual: str, convert: Callable[[str], str | int | float]
) -> str | int | float | None:
    """Ask until the answer can be read."""
    while text := _answer(question, usual):
        try:
            return convert(text)
        except UsageError as error:
            say(f"{error.message}; {error.hint}")
    return None


def _answer(question: str, usual: str, *, needed: bool = False) -> str:
    """Ask once, or until there is an answer. Raises UsageError at the end of the input."""
    offered = f" [{usual}]" if usual else ""
    while True:
        print(f"{question}{offered}: ", end="", file=sys.stderr, flush=True)
        try:
            answer = input().strip() or usual
        except EOFError as error:
            raise UsageError("the answers broke off", "nothing was added") from error
        if answer or not needed:
            return answer


def _tokenizer(text: str) -> str:
    if text not in TOKENIZERS:
        raise UsageError(f"unknown tokenizer: {text!r}", f"known: {', '.join(TOKENIZERS)}")
    return text


def _price(text: str) -> float:
    try:
        price = float(text)
    except ValueError:
        price = -1
    if not 0 <= price <= 1e9:
        raise UsageError(f"not a price: {text!r}", "write it as 3 or 0.25")
    return price
