"""Rules for the paths of new files: none that is there, and none that a reply may not name.

The names of a repository are a tree of characters. What leaves this tree somewhere is a new path;
letters that differ in case alone stay in it, because some disks take such names for one.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

from copilot.edits.grammar_rules import Rules, literal
from copilot.edits.path_lines import path_in

# Characters of all names together up to which new paths are kept apart from them.
MOST_CHARACTERS = 60_000
# Characters of a new path behind what it shares with others: a small model that repeats itself
# would go on and on.
MOST_NEW = 80
_WORD = string.ascii_letters + string.digits + "_-"
# Of these, path lines make something else, or a disk may.
_UNSAFE = frozenset("\\`*:~ ")


class _At(Enum):
    """How far a component of a path has come."""

    START = "start"
    DOT = "dot"
    G = "g"
    GI = "gi"
    GIT = "git"
    WORD = "word"
    DOTS = "dots"
    ODD = "odd"


# The others need one more character, at least.
_CAN_END = frozenset({_At.WORD, _At.G, _At.GI})
# No component is `..`, or git's own folder with something that some disks leave out behind it.
_NO_DOT = frozenset({_At.DOT, _At.GIT})
_TOWARDS_GIT = {(_At.DOT, "g"): _At.G, (_At.G, "i"): _At.GI, (_At.GI, "t"): _At.GIT}


@dataclass(frozen=True)
class NewPaths:
    """The repositories' `aliases`, and the names with alias of the files that are `there`."""

    aliases: tuple[str, ...] = ()
    there: Collection[str] = ()

    def named(self) -> tuple[str, ...]:
        """Return the aliases that can stand at the beginning of a path line."""
        return tuple(one for one in self.aliases if path_in(f"{one}/x") == f"{one}/x")

    def repository(self, name: str) -> str:
        """Return the alias of a file by its name, empty if it has none of these."""
        return max((one for one in self.named() if name.startswith(f"{one}/")), key=len, default="")

    def add(self, rules: Rules) -> dict[str, str]:
        """Add rules for a new path, with its alias and a line feed; return their names by alias.

        In a repository of too many files, it may also be the path of one of them.
        """
        for name, body in _free_rules():
            rules.add(name, body)
        return {
            alias: rules.same(f"{literal(f'{alias}/')} {_add_tree(rules, self._inside(alias))}")
            for alias in self.named()
        }

    def _inside(self, alias: str) -> Collection[str]:
        """Return the names that no new path in a repository may have."""
        inside = [name[len(alias) + 1 :] for name in self.there if name.startswith(f"{alias}/")]
        # Where a folder is called like its repository, a path may be read as one in that folder.
        inside += [name[len(alias) + 1 :] for name in inside if name.startswith(f"{alias}/")]
        return inside if sum(map(len, inside)) <= MOST_CHARACTERS else ()


@dataclass
class _Node:
    """A beginning of names; `ways` are the next characters, lower case for both."""

    at: _At
    is_file: bool = False
    ways: dict[str, _Node] = field(default_factory=dict)


def _tree(names: Collection[str]) -> list[_Node]:
    """Return the nodes of the tree, each in front of those it leads to; the first is the root."""
    nodes = [_Node(_At.START)]
    for name in sorted({*map(str.lower, names), *map(str.casefold, names)}):
        node = nodes[0]
        for character in name:
            if not _is_safe(character):
                break
            if character not in node.ways:
                node.ways[character] = _Node(_after(node.at, character))
                nodes.append(node.ways[character])
            node = node.ways[character]
        else:
            node.is_file = True
    return nodes


def _is_safe(character: str) -> bool:
    """Tell whether a character of a name may stand in a new path behind the same beginning."""
    if character.isascii():
        return character.isprintable() and character not in _UNSAFE
    return character.isalnum() and unicodedata.normalize("NFKC", character) == character


def _add_tree(rules: Rules, names: Collection[str]) -> str:
    """Add rules for the paths that leave the tree of these names; return the name of the first."""
    nodes = _tree(names)
    added: dict[int, str] = {}
    for node in reversed(nodes):
        ways = {character: added[id(to)] for character, to in node.ways.items()}
        is_new = not ways and not node.is_file
        body = "" if is_new else _body(node.at, ways, is_file=node.is_file)
        added[id(node)] = _free(node.at, MOST_NEW) if is_new else rules.same(body)
    return added[id(nodes[0])]


@cache
def _free_rules() -> tuple[tuple[str, str], ...]:
    """Return the rules of paths that have left the tree: their names, and what they are."""
    places = ((at, left) for left in range(MOST_NEW + 1) for at in _At if at in _CAN_END or left)
    return tuple((_free(at, left), _body(at, {}, left)) for at, left in places)


def _body(at: _At, ways: Mapping[str, str], left: int = MOST_NEW, *, is_file: bool = False) -> str:
    """Return what may follow here: the tree's `ways` to further rules, and all that leaves it.

    So many characters are `left` for that.
    """
    parts = [f"{_either_case(character)} {rule}" for character, rule in ways.items()]
    leaving: dict[_At, list[str]] = {}
    for character in _WORD:
        if character.lower() not in ways and not (at is _At.START and character == "-"):
            leaving.setdefault(_after(at, character), []).append(character)
    sets = [(_one_of(found), to) for to, found in leaving.items()]
    if "." not in ways and at not in _NO_DOT:
        sets.append((literal("."), _after(at, ".")))
    is_free = "/" not in ways and at in _CAN_END and not is_file
    if is_free:
        sets.append((literal("/"), _At.START))
    parts += [
        f"{set_} {_free(to, left - 1)}"
        for set_, to in sets
        if left > 1 or (left and to in _CAN_END)
    ]
    return " | ".join([*parts, *([r'"\n"'] if is_free else [])])


def _one_of(characters: Sequence[str]) -> str:
    """Return the set of these characters, in their order in _WORD, with ranges for runs."""
    runs: list[list[str]] = []
    for character in characters:
        if runs and ord(character) == ord(runs[-1][-1]) + 1:
            runs[-1].append(character)
        else:
            runs.append([character])
    ranges = (f"{run[0]}-{run[-1]}" if len(run) > 2 else "".join(run) for run in runs)
    return f"[{''.join(ranges)}]"


def _after(at: _At, character: str) -> _At:
    if character == "/":
        return _At.START
    if character == ".":
        return _At.DOT if at is _At.START else _At.DOTS
    if character not in _WORD:
        return _At.ODD
    return _TOWARDS_GIT.get((at, character.lower()), _At.WORD)


def _either_case(character: str) -> str:
    upper = character.upper()
    return literal(character) if upper == character or len(upper) > 1 else f"[{character}{upper}]"


def _free(at: _At, left: int) -> str:
    """Return the name of the rule for what follows where no name of the tree goes on."""
    return f"new-{at.value}-{left}"
