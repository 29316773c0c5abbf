"""Large pastes: shown as a chip while a text is written, and put in its place when it is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from copilot.text import visible

_MOST_LINES = 8
_MOST_CHARACTERS = 1000
_CHIP = re.compile(r"\[pasted [\d,]+ (?:lines|characters)(?: #\d+)?\]")


@dataclass
class Pastes:
    """The texts behind the chips of one input."""

    texts: dict[str, str] = field(default_factory=dict)

    def taken(self, text: str) -> str:
        """Return what to show for a pasted text: itself if it is small, else a chip."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.count("\n") + 1
        if lines <= _MOST_LINES and len(text) <= _MOST_CHARACTERS:
            return visible(text)
        amount = f"{lines:,} lines" if lines > _MOST_LINES else f"{len(text):,} characters"
        chip = f"[pasted {amount}]"
        number = 1
        while self.texts.get(chip, text) != text:
            number += 1
            chip = f"[pasted {amount} #{number}]"
        self.texts[chip] = text
        return chip

    def expanded(self, text: str) -> str:
        """Return a text with the chips replaced by what was pasted."""
        return _CHIP.sub(lambda match: self.texts.get(match[0], match[0]), text)
