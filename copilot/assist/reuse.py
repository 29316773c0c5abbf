"""What the next prompt has in common with the last one that was sent."""

from __future__ import annotations

from pathlib import Path

from copilot.assist.pack import Packed
from copilot.assist.scope import Scope
from copilot.context.bodies import count_kept
from copilot.context.counting import counter_of
from copilot.context.reuse import LastStore, Reuse, reuse_of


def last_store(folder: Path, scope: Scope) -> LastStore:
    """Return where the last prompts of a scope are remembered."""
    return LastStore(folder, scope.key(None))


def reuse_with(
    scope: Scope, packed: Packed, store: LastStore, whom: str | None = None
) -> Reuse | None:
    """Compare a prompt with the last one that a model got, or that any did."""
    found = store.load()
    last = found.get(whom) if whom else max(found.values(), key=lambda one: one.sent, default=None)
    if last is None:
        return None
    counter = counter_of(scope.tokenizer)
    try:
        return reuse_of(
            last,
            packed.prompt,
            lambda data: count_kept([data], counter, scope.tokenizer, scope.cache)[0],
        )
    finally:
        counter.close()
        scope.cache.close()
