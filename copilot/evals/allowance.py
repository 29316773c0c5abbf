"""Which files a haystack must hold in whole: no more than leave it room for the rest."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.context.tokens import count_tokens
from copilot.evals.counted import counted_of
from copilot.evals.model import Material, Recipe

# Of the room for files; the rest shows others, so that what is asked for must be found.
_SHARE = 0.85
# What the words of a question and the end of the haystack take besides; at least.
_RESERVE, _LEAST_RESERVE = 150, 80


class Allowance:
    """Takes files as long as they fit, each counted once however often it is needed."""

    def __init__(
        self, material: Material, recipe: Recipe, texts: Sequence[str], *, is_tight: bool = False
    ) -> None:
        """Allow for files what a haystack's room leaves beside these texts of the prompt.

        A tight one leaves nothing for other files.
        """
        room = recipe.room - sum(count_tokens(texts, material.tokenizer))
        self._sizes = {one.file.name: one.tokens for one in counted_of(material).sized}
        self._all = room - _LEAST_RESERVE if is_tight else _SHARE * (room - _RESERVE)
        self._left = self._all
        self.names: list[str] = []

    def fits(self, name: str, share: float = 1.0, *, together: float = 1.0) -> bool:
        """Tell whether a file can be taken, or was taken before.

        At most a share for one file, and for all that are taken together.
        """
        left = self._left - (1 - together) * self._all
        return name in self.names or self._sizes[name] <= min(left, share * self._all)

    def take(self, name: str) -> None:
        if name not in self.names:
            self.names.append(name)
            self._left -= self._sizes[name]
