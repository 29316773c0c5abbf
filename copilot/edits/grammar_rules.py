"""Rules of a grammar in GBNF (llama.cpp, grammars/README.md), which XGrammar reads too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple


class Choice(NamedTuple):
    """A text that may be written, and the names of the rules for what follows it."""

    text: str
    then: str = ""


class Rules:
    """A grammar in the making; names are short, because there may be one for each line."""

    def __init__(self) -> None:
        self._rules: list[str] = []
        self._shared: dict[str, str] = {}
        self._same: dict[str, str] = {}
        self._nodes = 0

    def add(self, name: str, body: str) -> str:
        """Add a rule and return its name."""
        self._rules.append(f"{name} ::= {body}\n")
        return name

    def shared(self, text: str) -> str:
        """Return the name of the rule for a text; equal texts have one rule."""
        name = self._shared.get(text)
        if name is None:
            name = self._shared[text] = f"l{len(self._shared)}"
            self.add(name, literal(text))
        return name

    def same(self, body: str) -> str:
        """Add a rule under a new name and return that; equal bodies have one rule."""
        name = self._same.get(body)
        if name is None:
            name = self._same[body] = self.add(self.new_name(), body)
        return name

    def one_of(self, choices: Sequence[Choice]) -> str:
        """Add rules for a choice among texts and return the name of the first.

        Equal beginnings are written once (a radix tree), so that whoever follows the grammar has
        as many ways open as there are next characters, and not one for each text. No text may be
        the beginning of another one; the rules take space linear in the texts.
        """
        ordered = sorted(choices)
        first = self.new_name()
        waiting = [(first, ordered, 0)]
        while waiting:
            name, group, start = waiting.pop()
            ways: list[str] = []
            for way in _by_next_character(group, start):
                if len(way) == 1:
                    ways.append(_joined(literal(way[0].text[start:]), way[0].then))
                    continue
                stop = _common(way[0].text, way[-1].text, start)
                node = self.new_name()
                ways.append(_joined(literal(way[0].text[start:stop]), node))
                waiting.append((node, way, stop))
            self.add(name, " | ".join(ways))
        return first

    def text(self) -> str:
        return "".join(self._rules)

    def new_name(self) -> str:
        """Return a name that no other rule has."""
        self._nodes += 1
        return f"t{self._nodes}"


def literal(text: str) -> str:
    """Return the text as a GBNF string."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == "\n":
        return "\\n"
    return character if character.isprintable() else f"\\U{ord(character):08X}"


def _by_next_character(choices: Sequence[Choice], start: int) -> Iterator[list[Choice]]:
    """Group ordered choices by their character at `start`."""
    return (list(way) for _, way in groupby(choices, lambda choice: choice.text[start]))


def _common(first: str, last: str, start: int) -> int:
    """Return where two texts that are equal up to `start` begin to differ."""
    stop = start
    while first[stop] == last[stop]:
        stop += 1
    return stop


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
