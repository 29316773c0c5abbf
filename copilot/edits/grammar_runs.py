"""Rules for the runs of lines that stand in a text exactly once.

The runs of a text are the paths of its suffix automaton over lines, which has at most two states
and three steps for each line (Blumer et al., "The smallest automaton recognizing the subwords of a
text", 1985). A state is reached by runs that end at the same places: those of a state with one such
place, and no others, stand in the text once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from copilot.edits.grammar_rules import Choice, Rules

# Up to so many ways on are told apart fast enough without sharing their beginnings.
_FEW = 4
# Lines of a run that is to be short, besides those that tell it from all others.
_SHORT_RUN = 6
# Texts of lines may be repeated where many ways go on, up to so many times the text's own size.
_REPEATED = 2


@dataclass
class _State:
    """What follows runs that end at the same places; `places` is their number."""

    length: int
    places: int
    link: int = -1
    steps: dict[int, int] = field(default_factory=dict)


def add_runs(rules: Rules, lines: Sequence[str]) -> str:
    """Add rules for all runs of these lines that occur once, each line with its line feed.

    Returns the name of the first rule. The rules take space linear in the lines.
    """
    distinct = list(dict.fromkeys(lines))
    numbers = {line: number for number, line in enumerate(distinct)}
    texts = [f"{line}\n" for line in distinct]
    states = _automaton([numbers[line] for line in lines])
    room = _REPEATED * sum(len(line) + 1 for line in lines)
    own = f"{rules.new_name()}-"
    start = ""
    for index in _widest_first(states):
        state = states[index]
        ways = [(texts[number], f"{own}{to}") for number, to in state.steps.items()]
        size = sum(len(text) for text, _ in ways)
        if index == 0:
            start = rules.one_of([Choice(*way) for way in ways])
        elif len(ways) > _FEW and size <= room:
            room -= size
            rules.add(f"{own}{index}", rules.one_of([Choice(*way) for way in ways]))
        else:
            named = [f"{rules.shared(text)} {then}" for text, then in ways]
            ends = ['""'] if state.places == 1 else []
            rules.add(f"{own}{index}", " | ".join([*named, *ends]))
    return start


def add_short_runs(rules: Rules, lines: Sequence[str]) -> str | None:
    """Add rules for the shortest runs that occur once, with a few lines more.

    Returns the name of the first rule, None if there is no such run of a few lines. No shortest run
    begins another one, which would then stand there too.
    """
    choices = []
    for start, count in _shortest_runs(lines):
        end = start + count
        then = ""
        for line in reversed(lines[end : end + _SHORT_RUN]):
            then = rules.same(f"({rules.shared(f'{line}{chr(10)}')} {then})?")
        choices.append(Choice("".join(f"{line}\n" for line in lines[start:end]), then))
    return rules.one_of(choices) if choices else None


def _shortest_runs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield from which line on how many stand nowhere else, where a few are enough for that."""
    left = list(range(len(lines)))
    for count in range(1, _SHORT_RUN + 1):
        runs = {start: tuple(lines[start : start + count]) for start in range(len(lines))}
        times = Counter(runs.values())
        alone = [start for start in left if times[runs[start]] == 1]
        yield from ((start, count) for start in alone if start + count <= len(lines))
        left = [start for start in left if times[runs[start]] > 1]


def _widest_first(states: Sequence[_State]) -> Iterator[int]:
    """Yield the start, then the others, those with the most ways on first."""
    yield 0
    yield from sorted(range(1, len(states)), key=lambda index: -len(states[index].steps))


def _automaton(numbers: Sequence[int]) -> list[_State]:
    """Return the suffix automaton of these line numbers; the first state is the start."""
    states = [_State(0, 0)]
    last = 0
    for length, number in enumerate(numbers, 1):
        at, last = last, len(states)
        states.append(_State(length, 1))
        while at >= 0 and number not in states[at].steps:
            states[at].steps[number] = last
            at = states[at].link
        states[last].link = _target(states, at, number) if at >= 0 else 0
    for state in sorted(states[1:], key=lambda one: -one.length):
        states[state.link].places += state.places
    return states


def _target(states: list[_State], at: int, number: int) -> int:
    """Return the state that a step leads to, split where it holds longer runs too."""
    to = states[at].steps[number]
    if states[to].length == states[at].length + 1:
        return to
    old, split = states[to], len(states)
    states.append(_State(states[at].length + 1, 0, old.link, dict(old.steps)))
    old.link = split
    while at >= 0 and states[at].steps.get(number) == to:
        states[at].steps[number] = split
        at = states[at].link
    return split
