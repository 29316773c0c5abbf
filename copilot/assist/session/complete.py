"""Completion of what is typed: commands, files, models, sessions.

Files are found by their ends: a name that begins with what was typed, then one that holds it, then
one that holds its characters in their order. Names are looked through once for each keystroke, by
a set of the characters in each as bits of a number, so that 80,000 of them take milliseconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from copilot.assist.session.commands import COMMANDS, Command, Takes, quoted_mention
from copilot.assist.session.names import Names

MOST = 20
# Of the names that may hold the characters in their order, so many are looked at.
_MOST_LOOKED_AT = 15_000
_BITS = 60
_OF_PATHS = {Takes.PATHS, Takes.SOME_PATHS}
_REVIEWED = (
    ("--staged", "what is staged against HEAD"),
    ("--worktree", "tracked files on disk against HEAD"),
)


@dataclass(frozen=True)
class Suggestion:
    """What may take the place of what was typed, and a word about it."""

    text: str
    about: str = ""


@dataclass(frozen=True)
class Completions:
    """The suggestions, the best first, for the part `start` to `end` of the text."""

    start: int = 0
    end: int = 0
    items: tuple[Suggestion, ...] = ()


@dataclass(frozen=True)
class Finder:
    """Finds names by a few characters of them. Names of folders end in `/`."""

    names: Sequence[str]

    @cached_property
    def _lowered(self) -> list[str]:
        return [name.lower() for name in self.names]

    @cached_property
    def _bits(self) -> list[int]:
        return [_bits_of(name) for name in self._lowered]

    @cached_property
    def _by_last(self) -> list[tuple[str, int]]:
        return sorted((_last(name), number) for number, name in enumerate(self._lowered))

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        starts, at = [], 0
        for name in self._lowered:
            starts.append(at)
            at += len(name) + 1
        return "\n".join(self._lowered), starts

    def find(self, typed: str, most: int = MOST) -> list[str]:
        """Return the names that fit best, the best first; case counts for nothing."""
        wanted = typed.lower()
        if not wanted:
            return [self.names[number] for number in self._shortest(most)]
        found = dict.fromkeys(self._beginning(wanted, most))
        if len(found) < most:
            found |= dict.fromkeys(self._holding(wanted, most))
        if len(found) < most:
            found |= dict.fromkeys(self._in_order(wanted, most, found))
        return [self.names[number] for number in list(found)[:most]]

    def _shortest(self, most: int) -> list[int]:
        first = sorted(range(min(len(self.names), 2_000)), key=self._rank)
        return first[:most]

    def _beginning(self, wanted: str, most: int) -> list[int]:
        """Return names whose last part begins so."""
        found: list[int] = []
        for last, number in self._by_last[bisect_left(self._by_last, (wanted, -1)) :]:
            if not last.startswith(wanted) or len(found) >= 20 * most:
                break
            found.append(number)
        return sorted(found, key=self._rank)[:most]

    def _holding(self, wanted: str, most: int) -> list[int]:
        """Return names that hold it in one piece, those with it near their end first."""
        joined, starts = self._joined
        found: list[int] = []
        at = joined.find(wanted)
        while at >= 0 and len(found) < 20 * most:
            number = bisect_left(starts, at + 1) - 1
            found.append(number)
            at = joined.find(wanted, starts[number] + len(self._lowered[number]))
        return sorted(found, key=lambda n: (self._behind(n, wanted), self._rank(n)))[:most]

    def _behind(self, number: int, wanted: str) -> bool:
        """Tell whether the last part of a name lacks it."""
        return wanted not in _last(self._lowered[number])

    def _in_order(self, wanted: str, most: int, known: dict[int, None]) -> list[int]:
        """Return names that hold these characters in their order, the closest together first."""
        needed = _bits_of(wanted)
        may = [number for number, bits in enumerate(self._bits) if bits & needed == needed]
        spans = []
        for number in may[:_MOST_LOOKED_AT]:
            span = _span(self._lowered[number], wanted)
            if span is not None and number not in known:
                spans.append((*span, self._rank(number), number))
        return [number for *_, number in sorted(spans)[:most]]

    def _rank(self, number: int) -> tuple[int, str]:
        name = self._lowered[number]
        return len(name), name


def _bits_of(text: str) -> int:
    bits = 0
    for character in set(text):
        bits |= 1 << (ord(character) % _BITS)
    return bits


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]


def _span(name: str, wanted: str) -> tuple[int, int] | None:
    """Return how far apart these characters stand at most, and how far from the end; or None."""
    at, end = len(name), -1
    for character in reversed(wanted):
        at = name.rfind(character, 0, at)
        if at < 0:
            return None
        end = max(end, at)
    return end - at, len(name) - end


class Completer:
    """Completes what is typed in a session with these names."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._files = Finder((*_folders(names.files), *names.files))

    def prepare(self) -> None:
        """Look all names through, which the first completion does otherwise."""
        self._files.find("\0")

    def complete(self, text: str, cursor: int) -> Completions:
        """Return what may stand where the cursor (an index into the text) is."""
        start, end = _word_around(text, cursor)
        word = text[start:cursor]
        if start == 0 and word.startswith("/"):
            return Completions(start, end, tuple(_commands(word)))
        if word.startswith("@"):
            names = self._files.find(word[1:].lstrip("'\""))
            return Completions(
                start, end, tuple(Suggestion(f"@{quoted_mention(n)}") for n in names)
            )
        command = _command_of(text)
        if command is None or start == 0:
            return Completions(cursor, cursor)
        return Completions(start, end, tuple(self._behind(command, word)))

    def _behind(self, command: Command, word: str) -> Iterator[Suggestion]:
        """Yield what may stand behind a command."""
        if command.takes in _OF_PATHS:
            found = self._files.find(word.lstrip("'\""))
            yield from (Suggestion(quoted_mention(name)) for name in found)
        elif command.takes is Takes.MODEL:
            yield from map(Suggestion, Finder(self.names.models).find(word))
        elif command.takes is Takes.SESSION:
            yield from map(Suggestion, Finder(self.names.sessions).find(word))
        elif command.takes is Takes.RANGE:
            yield from (Suggestion(n, a) for n, a in _REVIEWED if n.startswith(word))
        elif command.takes is Takes.COMMAND:
            yield from _commands(f"/{word.lstrip('/')}")


def complete(text: str, cursor: int, names: Names | Completer) -> Completions:
    """Return what may stand where the cursor is; a Completer looks its names through only once."""
    completer = names if isinstance(names, Completer) else Completer(names)
    return completer.complete(text, cursor)


def _commands(word: str) -> Iterator[Suggestion]:
    for command in COMMANDS:
        if any(name.startswith(word.lower()) for name in (command.name, *command.aliases)):
            blank = " " if command.takes else ""
            yield Suggestion(f"{command.name}{blank}", command.about)


def _command_of(text: str) -> Command | None:
    name = text.split(maxsplit=1)[0].lower() if text.startswith("/") else ""
    return next((one for one in COMMANDS if name in (one.name, *one.aliases)), None)


def _word_around(text: str, cursor: int) -> tuple[int, int]:
    """Return where the word around the cursor begins and ends; a quoted name is one word."""
    start = cursor
    line = text.rfind("\n", 0, cursor) + 1
    before = text[line:cursor]
    for quote in ("@'", '@"'):
        opened = before.rfind(quote)
        if opened >= 0 and quote[1] not in before[opened + 2 :]:
            start = line + opened
            break
    else:
        while start > line and not text[start - 1].isspace():
            start -= 1
    end = cursor
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def _folders(files: Sequence[str]) -> list[str]:
    """Return all folders above files, each with `/` at its end."""
    folders: set[str] = set()
    for name in files:
        folder = name.rpartition("/")[0]
        while folder and f"{folder}/" not in folders:
            folders.add(f"{folder}/")
            folder = folder.rpartition("/")[0]
    return sorted(folders)
