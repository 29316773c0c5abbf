"""Chat completions as OpenAI defined them and llama.cpp, vLLM, SGLang and others serve them."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from copilot.backends.answers import kept
from copilot.backends.faults import NAME_ONE, parsed, shortened
from copilot.backends.grammars import GrammarWay, Wanted, find_way
from copilot.backends.openai_marks import OPTIONS, marked, takes_marks, unmarked
from copilot.backends.openai_shapes import events
from copilot.backends.parameters import Parameters
from copilot.backends.protocol import Event, Finished, ModelFacts, Request
from copilot.backends.server import Server
from copilot.backends.slot_states import EngineStates, ServerStates
from copilot.backends.slots import Slots
from copilot.backends.wall import OPEN, Wall
from copilot.errors import ModelRefused, ModelUnreachable

_LLAMA_CPP = "llamacpp"
_NO_LIST = frozenset({404, 405, 501})
_REFUSED = frozenset({400, 422})
_MARKS = re.compile(rb"prompt_cache_(?:breakpoint|options)")

Cache = Literal["auto", "implicit", "explicit"]


class OpenAIChat:
    """A server's `/chat/completions` under `base_url` (which ends in `/v1` for most).

    With `api_version` it is asked as Azure's deployments are: the version in the URL, the key in a
    header of its own. `states` is what is kept of the states of a llama.cpp server's slots.
    `grammar` is how the server is told one; it is sent none before its facts are known. `cache` is
    explicit where the ends of stable parts are marked, auto where OpenAI's newer models want that.
    """

    def __init__(
        self,
        base_url: str,
        model: str = "",
        api_key: str | None = None,
        *,
        wall: Wall = OPEN,
        api_version: str = "",
        states: EngineStates | ServerStates | None = None,
        grammar: Wanted = "auto",
        cache: Cache = "auto",
    ) -> None:
        self._server = Server(base_url, _key_headers(api_key, azure=bool(api_version)), wall)
        self._query = f"?api-version={quote(api_version)}" if api_version else ""
        self._model = model
        self._states = states
        self._wanted, self._way = grammar, GrammarWay()
        self._slots: Slots | None = None
        self._is_openai = _is_openai(base_url)
        self._parameters = Parameters(new_name=self._is_openai)
        self._cache, self._refuses_marks = cache, False

    def close(self) -> None:
        self._server.close()

    def facts(self) -> ModelFacts:
        """Ask `/models`. Raises ModelError if the server does not answer or lacks the model."""
        whom = self._model or self._server.base_url
        status, body = self._server.fetch("GET", f"/models{self._query}", whom)
        if status in _NO_LIST:
            if not self._model:
                raise ModelRefused(
                    f"{self._server.base_url} has no list of models ({status}), and none was named",
                    f"check the address, it often ends in /v1; or {NAME_ONE}",
                )
            self._way = find_way(self._wanted, {}, self._look)
            return ModelFacts(self._model, grammar=self._way.name, listed=False)
        if not 200 <= status < 300:
            raise self._server.refused(status, body, whom)
        return self._chosen(_served_models(body))

    def _chosen(self, served: list[dict[str, Any]]) -> ModelFacts:
        names = [str(model.get("id", "")) for model in served]
        if not self._model and not names:
            raise ModelRefused(f"{self._server.base_url} lists no model", NAME_ONE)
        if not self._model and len(names) > 1:
            raise ModelRefused(
                f"{self._server.base_url} serves {len(names)} models and none was named",
                f"{NAME_ONE}: {shortened(', '.join(names))}",
            )
        self._model = self._model or names[0]
        facts = next((m for m in served if m.get("id") == self._model), None)
        if facts is None and any(model.get("owned_by") == "vllm" for model in served):
            raise ModelRefused(
                f"{self._server.base_url} does not serve {self._model}",
                f"it serves {shortened(', '.join(names))}",
            )
        # llama.cpp serves its one model under any name; hosted lists may leave some models out.
        if facts is None and len(served) == 1:
            facts = served[0]
        found = replace(self._facts(facts or {}), listed=facts is not None)
        if (facts or {}).get("owned_by") == _LLAMA_CPP and self._slots is None:
            # Its sizes tell one model from another that goes by the same name.
            sizes = (facts or {}).get("meta")
            identity = json.dumps([self._model, sizes], sort_keys=True)
            self._slots = Slots(self._server, identity, self._states)
        return found

    def _facts(self, served: dict[str, Any]) -> ModelFacts:
        """Read the window as vLLM (and SGLang), llama.cpp and OpenRouter tell it."""
        meta = served.get("meta")
        told = (
            meta.get("n_ctx") if isinstance(meta, dict) else None,
            served.get("max_model_len"),
            served.get("context_length"),
        )
        window = next((size for size in told if isinstance(size, int) and size > 0), None)
        self._way = find_way(self._wanted, served, self._look)
        return ModelFacts(self._model, window, self._way.name)

    def _look(self, path: str) -> dict[str, Any]:
        """Return what the server says of itself; nothing if it does not."""
        root = self._server.base_url.removesuffix("/v1")
        try:
            status, body = self._server.fetch("GET", path, self._model, root=root)
        except ModelUnreachable:
            return {}
        document = parsed(body) if status == 200 else None
        return document if isinstance(document, dict) else {}

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Stream the answer. Raises ModelError; a connection that breaks is one too."""
        return kept(self._asked(request), self._model)

    def _asked(self, request: Request) -> Generator[Event, None, None]:
        path = f"/chat/completions{self._query}"
        body = self._parameters.applied(self._body(request))
        finished: Finished | None = None
        if self._slots is not None:
            body |= self._slots.before(request.cache_key)
        with self._server.stream(path, body, self._model, self._mend) as chunks:
            for event in events(chunks, self._model):
                finished = event if isinstance(event, Finished) else finished
                yield event
        if self._slots is not None and finished is not None:
            self._slots.after(request.cache_key, finished.usage)

    def _mend(self, status: int, said: bytes, body: dict[str, Any]) -> dict[str, Any] | None:
        """Leave out what a refusal names, the marks of the cache among that."""
        has_marks = any(name in body for name in OPTIONS)
        if status in _REFUSED and has_marks and _MARKS.search(said):
            self._refuses_marks = True
            return unmarked(body)
        return self._parameters.mend(status, said, body)

    @property
    def _has_marks(self) -> bool:
        wanted = self._cache == "explicit" or (
            self._cache == "auto" and self._is_openai and takes_marks(self._model)
        )
        return wanted and not self._refuses_marks

    def _body(self, request: Request) -> dict[str, Any]:
        plain = [{"role": m.role, "content": m.content} for m in request.messages]
        body: dict[str, Any] = {
            "model": self._model,
            "messages": marked(request.messages) if self._has_marks else plain,
            "max_tokens": request.max_reply_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        optional = {
            "temperature": request.temperature,
            "seed": request.seed,
            "prompt_cache_key": (request.cache_key or None) if self._is_openai else None,
            "return_progress": True if self._slots is not None else None,
        }
        body |= {name: value for name, value in optional.items() if value is not None}
        if self._has_marks:
            body |= OPTIONS
        return body | self._way.fields(request.grammar)


def _key_headers(api_key: str | None, *, azure: bool) -> dict[str, str]:
    if not api_key:
        return {}
    return {"api-key": api_key} if azure else {"authorization": f"Bearer {api_key}"}


def _is_openai(base_url: str) -> bool:
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        return False
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def _served_models(body: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ModelUnreachable(
            "the server's list of models is no JSON", "check base_url: it often ends in /v1"
        ) from error
    listed = document.get("data") if isinstance(document, dict) else None
    return [m for m in listed if isinstance(m, dict)] if isinstance(listed, list) else []
