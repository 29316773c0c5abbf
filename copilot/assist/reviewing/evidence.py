"""Whether a finding stands: its place is in the change or caused by it, its quote was shown there.

A quote is found where its lines stand one after another, white space apart, in what was shown of
that file; of several such places the one nearest to the line that was named counts, and it must be
within `NEAR_LINES` of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from copilot.assist.reviewing.finding import Dropped, Finding, Severity
from copilot.assist.reviewing.parse import Claimed

NEAR_LINES = 10
NO_SEVERITY = "a severity that there is not"
NO_FILE = "a file that was not shown"
NO_QUOTE = "nothing is quoted"
NOT_THERE = "what it quotes does not stand there"
ELSEWHERE = "what it quotes stands elsewhere in the file"
NOT_CAUSED = "the place is neither in the change nor caused by it"


@dataclass(frozen=True)
class Spot:
    """A line as it was shown: the number that a finding gives it, and the ways it may be quoted."""

    number: int
    text: str
    texts: frozenset[str]


@dataclass(frozen=True)
class SeenFile:
    """What was shown of a file: `runs` of lines that stand one after another.

    A finding may be about the lines of `changed` and about those within `spans`.
    """

    runs: tuple[tuple[Spot, ...], ...] = ()
    changed: frozenset[int] = frozenset()
    spans: tuple[tuple[int, int], ...] = ()


def _no_more(_path: str) -> SeenFile | None:
    return None


@dataclass(frozen=True)
class Sight:
    """What one reply can speak of: files by their paths, and the names that the change touches.

    A line that holds one of these `names` as a word may be found fault with wherever it stands.
    `more` returns what was shown of a file that is not among `files`; `shown_as` are the paths by
    the names that the prompt gives them.
    """

    alias: str
    files: Mapping[str, SeenFile] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    more: Callable[[str], SeenFile | None] = _no_more
    shown_as: Mapping[str, str] = field(default_factory=dict)


def spot(number: int, text: str, *shown: str) -> Spot:
    """Return a line, with the other forms in which a prompt shows it."""
    return Spot(number, text, frozenset(map(plain, (text, *shown))))


def plain(text: str) -> str:
    """Return a line with its white space made one blank each, and none at its ends."""
    return " ".join(text.split())


def checked(claimed: Claimed, sight: Sight) -> Finding | Dropped:
    """Return the finding with the lines at which its quote stands, or why it is dropped."""
    path, seen = _seen(claimed.file, sight)
    severity = next((one for one in Severity if one.value == claimed.severity), None)
    quote = _said(claimed.quote)
    first, last = claimed.lines
    evidence: Sequence[str] = claimed.quote
    reason = ""
    if seen is None:
        reason = NO_FILE
    elif severity is None:
        reason = NO_SEVERITY
    elif not any(re.search(r"\w", line) for line in quote):
        reason = NO_QUOTE
    else:
        place = _place(quote, claimed.lines, seen, sight.names)
        if isinstance(place, str):
            reason = place
        else:
            first, last, evidence = place
    finding = Finding(
        path,
        first,
        last,
        severity or Severity.NOTE,
        claimed.category,
        claimed.claim,
        "\n".join(evidence),
        claimed.suggestion,
    )
    if reason:
        return Dropped(finding, reason, claimed.text)
    return finding


def path_named(named: str, sight: Sight) -> str | None:
    """Return the path that a reply's name means, None if no such file was shown."""
    path, seen = _seen(named, sight)
    return None if seen is None else path


def _seen(named: str, sight: Sight) -> tuple[str, SeenFile | None]:
    """Return the path that a reply's name means, and what was shown of the file."""
    name = _unquoted(named)
    inside = name.removeprefix(f"{sight.alias}/")
    # What stands between the quotes of a hunk's head may be copied without them.
    shown = (sight.shown_as.get(one) for one in (named, f'"{named}"'))
    for path in dict.fromkeys((*filter(None, shown), inside, name)):
        if (seen := sight.files.get(path) or sight.more(path)) is not None:
            return path, seen
    return inside, None


def _unquoted(named: str) -> str:
    if not (named.startswith('"') and named.endswith('"')):
        return named
    try:
        read = json.loads(named)
    except ValueError:
        return named
    return read if isinstance(read, str) else named


def _said(quote: Sequence[str]) -> list[str]:
    """Return the quoted lines without blank ones around them."""
    lines = [plain(line) for line in quote]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    return lines


def _place(
    quote: Sequence[str], lines: tuple[int, int], seen: SeenFile, names: frozenset[str]
) -> tuple[int, int, list[str]] | str:
    """Return the lines at which a quote stands, and these, or why there are none that count."""
    found = sorted(
        (_distance(lines, (first, last)), first, last, texts)
        for first, last, texts in _found(quote, seen.runs)
    )
    if not found:
        return NOT_THERE
    near = [
        (first, last, texts) for distance, first, last, texts in found if distance <= NEAR_LINES
    ]
    if not near:
        return ELSEWHERE
    says_name = any(name in re.findall(r"[\w$]+", line) for line in quote for name in names)
    if says_name:
        return near[0]
    return next((place for place in near if _is_caused(place[:2], seen)), NOT_CAUSED)


def _found(
    quote: Sequence[str], runs: Sequence[Sequence[Spot]]
) -> Iterator[tuple[int, int, list[str]]]:
    """Yield each place where a quote stands: its first line, its last, and the lines."""
    for run in runs:
        for start in range(len(run) - len(quote) + 1):
            some = run[start : start + len(quote)]
            if all(line in one.texts for line, one in zip(quote, some, strict=True)):
                numbers = [one.number for one in some]
                yield min(numbers), max(numbers), [one.text for one in some]


def _distance(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Return how many lines lie between two spans, 0 where they meet."""
    return max(other[0] - one[1], one[0] - other[1], 0)


def _is_caused(place: tuple[int, int], seen: SeenFile) -> bool:
    lines = range(place[0], place[1] + 1)
    if not seen.changed.isdisjoint(lines):
        return True
    return any(first <= place[1] and place[0] <= last for first, last in seen.spans)
