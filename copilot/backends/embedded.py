"""The embedded model: llama.cpp inside this process, answering on a loopback port of its own."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Event, ModelFacts, Request
from copilot.backends.slot_states import EngineStates
from copilot.backends.wall import Wall
from copilot.errors import ModelUnreachable, UsageError

# What is read at once: the server tells how far it is, and can be stopped, after each of them.
_BATCH_TOKENS = 512
_SILENT = -1
_HERE = Wall(local_only=True)


@dataclass(frozen=True)
class ServedModel:
    """A running engine: its address, the key it asks for (None for none), and the engine itself."""

    base_url: str
    api_key: str | None
    engine: Any


def serve_model(
    name: str,
    path: Path,
    window: int,
    *,
    port: int = 0,
    api_key: str | None = None,
    states: Path | None = None,
) -> ServedModel:
    """Load a GGUF file and serve it as `name` on 127.0.0.1; port 0 takes a free one.

    With `states`, a folder that exists, it writes states of its slot there if it is asked to. The
    engine ends with this process, or when it is garbage-collected. Raises UsageError if the
    extra is not installed, ModelUnreachable if the engine cannot start.
    """
    try:
        import xllamacpp
    except ImportError as error:
        raise UsageError(
            "the embedded model's engine is not installed",
            "pip install 'repo-copilot[embedded]', or use a server: copilot models add",
        ) from error
    settings = xllamacpp.CommonParams()
    settings.model.path = str(path)
    settings.model_alias = {name}
    settings.n_ctx = window
    settings.n_parallel = 1
    settings.n_batch = _BATCH_TOKENS
    settings.port = port
    settings.verbosity = _SILENT
    settings.api_keys = [api_key] if api_key else []
    if states is not None:
        # The name of a state is put right behind it.
        settings.slot_save_path = f"{states.absolute()}{os.sep}"
    try:
        engine = xllamacpp.Server(settings)
    except RuntimeError as error:
        raise ModelUnreachable(
            f"the embedded model cannot start: {error}",
            f"free some memory or the port, or: copilot models pull {name} --verify",
        ) from error
    return ServedModel(f"{engine.listening_address}/v1", api_key, engine)


class EmbeddedChat:
    """The embedded model as a backend; the engine starts with the first question.

    With `states`, what it has read of a repository is kept there for the next process.
    """

    def __init__(
        self, name: str, path: Path, window: int, states: EngineStates | None = None
    ) -> None:
        self._name, self._path, self._window = name, path, window
        self._states = _states_of(path, states)
        self._served: ServedModel | None = None
        self._chat: OpenAIChat | None = None

    def facts(self) -> ModelFacts:
        return ModelFacts(self._name, self._window, grammar="llama.cpp")

    def ask(self, request: Request) -> Generator[Event, None, None]:
        chat = self._chat or self._connected()
        yield from chat.ask(request)

    def _connected(self) -> OpenAIChat:
        """Return a connection to the engine, which is started if need be."""
        states = self._states
        served = self._served or serve_model(
            self._name,
            self._path,
            self._window,
            api_key=secrets.token_urlsafe(),
            states=states.path if states else None,
        )
        self._served = served
        chat = OpenAIChat(served.base_url, self._name, served.api_key, wall=_HERE, states=states)
        chat.facts()
        self._chat = chat
        return chat

    def hang_up(self) -> None:
        """End the running request, from any thread; the engine stays for the next."""
        chat, self._chat = self._chat, None
        if chat is not None:
            chat.close()

    def close(self) -> None:
        if self._chat is not None:
            self._chat.close()
        self._chat = self._served = None


def _states_of(path: Path, states: EngineStates | None) -> EngineStates | None:
    """Return where the states of a file's model are kept, None for nowhere."""
    if states is None or find_spec("xllamacpp") is None or not states.prepare():
        return None
    file = path.stat()
    engine = version("xllamacpp")
    return replace(states, weights=f"{path.name} {file.st_size} {file.st_mtime_ns} {engine}")


def wait_for_ever(served: ServedModel) -> None:
    """Keep the engine alive until this process is interrupted."""
    threading.Event().wait()
    del served
