"""The command palette: every key of a screen by what it does, for who does not know the key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Protocol, runtime_checkable

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode

from copilot.tui.dialogs import keys_in_force
from copilot.tui.keys import Key, shown_keys


@runtime_checkable
class HasCommands(Protocol):
    """A screen that says what can be done on it, and which widget does it."""

    def commands(self) -> Iterator[tuple[Key, DOMNode]]: ...


class TableCommands(Provider):
    """The commands of the screen below the palette."""

    async def discover(self) -> Hits:
        for key, node in self._commands():
            yield DiscoveryHit(key.help, self._run(key, node), help=self._about(key))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for key, node in self._commands():
            score = matcher.match(f"{key.help} {key.name}")
            if score > 0:
                shown = matcher.highlight(key.help)
                yield Hit(score, shown, self._run(key, node), key.help, self._about(key))

    def _commands(self) -> Iterator[tuple[Key, DOMNode]]:
        if isinstance(self.screen, HasCommands):
            yield from self.screen.commands()

    def _run(self, key: Key, node: DOMNode) -> Callable[[], Awaitable[bool]]:
        return partial(self.app.run_action, key.action, node)

    def _about(self, key: Key) -> str:
        return f"{shown_keys(keys_in_force(self.app, key))}   {key.name}"
