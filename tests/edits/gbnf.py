"""A grammar as llama.cpp reads it: what it admits, and random replies of it."""

from __future__ import annotations

import json
import random
import re
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

PICKS = st.randoms(use_true_random=False)
# What a random reply picks its characters from, and how often it repeats something.
_CHARACTERS = 'abgitGIT <=>/.-_"\n\té'
_MOST_TIMES = 3
_DEEP = 60
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[\w-]+|[|()?*+]|\{0,\d+\}')


class Gbnf:
    """A grammar as llama.cpp reads it: rules of sequences, each of parts with their repetition."""

    def __init__(self, text: str) -> None:
        rules = (line.split(" ::= ", 1) for line in text.splitlines())
        self._rules = {name: _ways_in(body) for name, body in rules}

    def derive(self, pick: random.Random) -> str:
        """Return a random sentence; what has gone deep takes the way with the fewest rules."""
        return self._derived(self._rules["root"], pick, 0)

    def _derived(self, ways: list[list[tuple[Any, str]]], pick: random.Random, depth: int) -> str:
        way = pick.choice(ways) if depth < _DEEP else min(ways, key=_rules_of)
        return "".join(
            self._part(part, pick, depth + 1)
            for part, repeated in way
            for _ in range(pick.randint(repeated == "+", _most(repeated)) if repeated else 1)
        )

    def _part(self, part: Any, pick: random.Random, depth: int) -> str:
        if not isinstance(part, str):
            return self._derived(part, pick, depth)
        if part[0] == '"':
            return part[1:]
        if part[0] == "[":
            known = [one for one in _CHARACTERS if _is_in(one, part[1:])]
            return pick.choice(known or [part[1]])
        return self._derived(self._rules[part], pick, depth)

    def admits(self, reply: str) -> bool:
        return len(reply) in self._ends(self._rules["root"], reply, {0})

    def _ends(self, ways: list[list[tuple[Any, str]]], reply: str, starts: set[int]) -> set[int]:
        """Return where what the ways admit can end, from each start."""
        found: set[int] = set()
        for way in ways:
            at = starts
            for part, repeated in way:
                ends = self._part_ends(part, reply, at)
                new = ends
                left = _times_more(repeated)
                while left and new:
                    new, left = self._part_ends(part, reply, new) - ends, left - 1
                    ends = ends | new
                at = ends | at if repeated and repeated != "+" else ends
                if not at:
                    break
            found |= at
        return found

    def _part_ends(self, part: Any, reply: str, starts: set[int]) -> set[int]:
        if not isinstance(part, str):
            return self._ends(part, reply, starts)
        if part[0] == '"':
            return {at + len(part) - 1 for at in starts if reply.startswith(part[1:], at)}
        if part[0] == "[":
            inside = (at for at in starts if at < len(reply))
            return {at + 1 for at in inside if _is_in(reply[at], part[1:])}
        return self._ends(self._rules[part], reply, starts)


# Most rules of a grammar stand in the next one as well.
@lru_cache(maxsize=10_000)
def _ways_in(body: str) -> list[list[tuple[Any, str]]]:
    return _ways(_TOKEN.findall(body)[::-1])


def _ways(tokens: list[str]) -> list[list[tuple[Any, str]]]:
    ways: list[list[tuple[Any, str]]] = [[]]
    while tokens and tokens[-1] != ")":
        token = tokens.pop()
        if token == "|":
            ways.append([])
            continue
        part: Any = token
        if token == "(":
            part = _ways(tokens)
            tokens.pop()
        elif token[0] in '"[':
            part = token[0] + _unescaped(token[1:-1])
        repeated = tokens.pop() if tokens and tokens[-1][0] in "?*+{" else ""
        ways[-1].append((part, repeated))
    return ways


def _rules_of(way: list[tuple[Any, str]]) -> int:
    return sum(not isinstance(part, str) or part[0] not in '"[' for part, _ in way)


def _most(repeated: str) -> int:
    return 1 if repeated == "?" else _MOST_TIMES


def _times_more(repeated: str) -> int:
    """Return how often a part may be repeated after its first time."""
    if repeated.startswith("{"):
        return int(repeated[3:-1]) - 1
    return 10**6 if repeated in {"*", "+"} else 0


def _unescaped(text: str) -> str:
    """Read GBNF's escapes; they are JSON's but for the long one and the quotes in a set."""
    short = re.sub(r"\\U0000(....)", r"\\u\1", text)
    return str(json.loads(f'"{short}"'))


def _is_in(character: str, set_: str) -> bool:
    return (character in _members(set_)) != set_.startswith("^")


@lru_cache(maxsize=10_000)
def _members(set_: str) -> str:
    return re.sub(r"(.)-(.)", lambda m: _range(m[1], m[2]), set_.removeprefix("^"))


def _range(first: str, last: str) -> str:
    return "".join(map(chr, range(ord(first), ord(last) + 1)))
