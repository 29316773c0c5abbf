"""The slots of a llama.cpp server: which one a prompt goes to, and its state kept on disk.

A slot holds the key-value state of one prompt. The server compares the next prompt with it and
reads only what differs. Started with `--slot-save-path`, it writes that state into a file and reads
it back (llama.cpp, tools/server/README.md: `POST /slots/{id}?action=save`).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from copilot.backends.protocol import Usage
from copilot.backends.server import Server
from copilot.backends.slot_states import EngineStates, ServerStates
from copilot.errors import ModelError

# Reading fewer tokens takes less time than a person notices.
LEAST_NEW_TOKENS = 256
_NAME_CHARACTERS = 40
# No such action here, or not for us.
_NEVER = frozenset({401, 403, 404, 405, 501})


class Slots:
    """Pins prompts to slots by the name of their stable part, and keeps those slots' states.

    `identity` names the model and its context size: a state fits no other. Without `states`, none
    is kept. What fails here costs time, never an answer.
    """

    def __init__(
        self, server: Server, identity: str, states: EngineStates | ServerStates | None = None
    ) -> None:
        self._server, self._states = server, states
        self._identity = f"{identity}\0{states.weights if states else ''}"
        self._root = server.base_url.removesuffix("/v1")
        self._listed: list[dict[str, Any]] | None = None
        self._begun: set[str] = set()
        self._done: set[str] = set()

    def before(self, key: str) -> dict[str, int]:
        """Return what to add to a request whose stable part is `key` (empty: there is none).

        Its slot's state is read back, if this process has not asked with that key yet and the
        server has forgotten everything since it was started.
        """
        if not key:
            return {}
        if self._listed is None:
            self._listed = self._slots()
        if not self._listed:
            return {}
        slot = self._slot(key)
        is_ours = isinstance(self._states, EngineStates)
        if key not in self._begun and (is_ours or _is_unused(slot)):
            self._restore(slot["id"], key)
        self._begun.add(key)
        return {"id_slot": slot["id"]} if len(self._listed) > 1 else {}

    def after(self, key: str, usage: Usage | None) -> None:
        """Keep the state of a slot that has just answered, if reading it again would take long."""
        if not key or not self._listed or usage is None or key in self._done:
            return
        self._done.add(key)
        if usage.prompt - (usage.cached or 0) >= LEAST_NEW_TOKENS:
            self._save(self._slot(key)["id"], key)

    def _slots(self) -> list[dict[str, Any]]:
        try:
            status, body = self._server.fetch("GET", "/slots", self._identity, root=self._root)
            listed = json.loads(body) if status == 200 else []
        except (ModelError, ValueError, RecursionError):
            return []
        slots = listed if isinstance(listed, list) else []
        return [slot for slot in slots if isinstance(slot, dict) and _is_number(slot.get("id"))]

    def _slot(self, key: str) -> dict[str, Any]:
        slots = self._listed or []
        return slots[int(_digest(key), 16) % len(slots)]

    def _restore(self, slot: int, key: str) -> None:
        name, states = self._name(key), self._states
        file = states.found(name) if states else ""
        if states and file and not self._act("restore", slot, file):
            states.spoilt(name)

    def _save(self, slot: int, key: str) -> None:
        name, states = self._name(key), self._states
        if states is None or not states.prepare():
            return
        if self._act("save", slot, states.begun(name)):
            states.kept(name)
        else:
            states.spoilt(name)

    def _act(self, action: str, slot: int, file: str) -> bool:
        """Have the server do something with a slot; False if it does not, for whatever reason."""
        path, body = f"/slots/{slot}?action={action}", {"filename": file}
        try:
            status, _ = self._server.fetch(
                "POST", path, self._identity, body, root=self._root, patient=True
            )
        except ModelError:
            return False
        if status in _NEVER:
            self._states = None
        return status == 200

    def _name(self, key: str) -> str:
        return _digest(f"{self._identity}\0{key}")[:_NAME_CHARACTERS]


def _is_unused(slot: dict[str, Any]) -> bool:
    """Tell whether a slot has had no task since the server was started."""
    return bool(slot.get("id_task", -1) == -1)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
