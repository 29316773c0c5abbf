"""Mechanical edits by lines and words alone, for files of any language that has such lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from copilot.structure.definitions import definitions
from copilot.structure.reading import CALLABLES

# What a local is renamed in: a reply that holds all of it twice is still a short one.
MOST_LINES = 60
MOST_USES = 12
_WORDS = (
    *("harbour", "lantern", "meadow", "copper", "walnut", "thistle", "granite", "juniper"),
    *("sparrow", "velvet", "orchard", "pebble", "saffron", "willow", "amber", "cobalt"),
)
_VALUE = r"(?P<value>\d{1,9}|\"[\w .-]{1,40}\"|'[\w .-]{1,40}')"
_DECLARED = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?:pub[ \t]+)?"
    r"(?:(?:public|private|protected|internal|static|final|const|constexpr|readonly|let|var|val)"
    rf"[ \t]+)+(?:[\w<>\[\]&*]+[ \t]+)?(?P<name>\w+)[ \t]*(?::[^=\n]+)?=[ \t]*{_VALUE}[ \t]*;?$",
    re.MULTILINE,
)
_GIVEN = re.compile(r"\b(\w+)\b[ \t]*(?::[^=\n]+)?=(?!=)")
_LOCAL = re.compile(
    r"^[ \t]+(?:(?:const|let|var|val|auto|int|long|double|float|size_t|String|boolean|bool)"
    r"[ \t]+(?:mut[ \t]+)?(?P<name>\w+)[ \t]*=(?!=)|(?P<go>\w+)[ \t]*:=)",
    re.MULTILINE,
)
# Lines on which a word may be something else than the variable of that name.
_UNCLEAR = re.compile(r"[\"'`#]|//|/\*|=>")


@dataclass(frozen=True)
class Edit:
    """An edit: the words that say what is to be done, by blank, and the file's text after it."""

    words: Mapping[str, str]
    after: str


# From where to where other words are put; and with the words that ask for it, a wish for an edit.
Spans = Mapping[tuple[int, int], str]
Wish = tuple[Mapping[str, str], Spans]


def drawn(wishes: Iterator[Wish], write: Callable[[Spans], str], random: Random) -> Edit | None:
    """Return one of some edits, written into the text; None if there are none."""
    every = list(wishes)
    if not every:
        return None
    words, spans = random.choice(every)
    return Edit(words, write(spans))


def written(text: str, spans: Spans) -> str:
    """Return a text with other words at some places."""
    for (begin, end), words in sorted(spans.items(), reverse=True):
        text = text[:begin] + words + text[end:]
    return text


def fresh_name(text: str, random: Random) -> str:
    """Return a name that stands nowhere in a text, in small letters."""
    known = text.lower()
    free = [word for word in _WORDS if word not in known]
    return random.choice(free) if free else f"value_{random.randrange(10**6, 10**7)}"


def other_value(old: str, random: Random) -> str | None:
    """Return another value of the kind of a number or a short string, None for all else."""
    if re.fullmatch(r"0|[1-9]\d{0,8}", old):
        return str(int(old) + random.randint(1, 97))
    if re.fullmatch(r"(\"|')[\w .-]{1,40}\1", old):
        return f"{old[0]}{random.choice(_WORDS)}-{random.randint(2, 97)}{old[0]}"
    return None


def is_named(line: str, counts: Counter[str]) -> bool:
    """Tell whether a line is named by its text, which stands between backticks then."""
    return counts[line.strip()] == 1 and "`" not in line


def edit_in(path: str, text: str, kind: str, random: Random) -> Edit | None:
    """Return an edit of a kind, None where the file offers none or there is no such for it."""
    wishes: Iterator[Wish] = iter(())
    if kind == "rename":
        wishes = _renames(path, text, random)
    elif kind == "constant":
        wishes = _constants(text, random)
    elif kind == "insert":
        wishes = _inserts(text, random)
    return drawn(wishes, lambda spans: written(text, spans), random)


def _declared(text: str) -> Iterator[re.Match[str]]:
    """Yield the declarations of constants that are given a value once."""
    given = Counter(match[1] for match in _GIVEN.finditer(text))
    yield from (match for match in _DECLARED.finditer(text) if given[match["name"]] == 1)


def _constants(text: str, random: Random) -> Iterator[Wish]:
    """Yield other values for constants."""
    for match in _declared(text):
        old = match["value"]
        if new := other_value(old, random):
            yield {"name": match["name"], "old": old, "new": new}, {match.span("value"): new}


def _inserts(text: str, random: Random) -> Iterator[Wish]:
    """Yield lines like those that declare constants, to stand below them."""
    name, lines = fresh_name(text, random), Counter(map(str.strip, text.split("\n")))
    for match in _declared(text):
        new, above = other_value(match["value"], random), match[0]
        if new is None or not is_named(above, lines) or match.end() == len(text):
            continue
        spans = {_within(match, "name"): name, _within(match, "value"): new}
        line = written(above, spans)
        place = match.end() + 1
        yield {"line": above.strip(), "new": line.strip()}, {(place, place): f"{line}\n"}


def _within(match: re.Match[str], group: str) -> tuple[int, int]:
    return match.start(group) - match.start(), match.end(group) - match.start()


def _renames(path: str, text: str, random: Random) -> Iterator[Wish]:
    new, lines = fresh_name(text, random), text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found = [one for one in definitions(path, text.encode()) if one.kind in CALLABLES]
    names = Counter(one.name for one in found)
    for one in found:
        if names[one.name] > 1 or one.end_line - one.start_line >= MOST_LINES:
            continue
        start = starts[one.start_line - 1]
        body = text[start : starts[one.end_line]]
        for name in _plain_locals(body):
            uses = (match.span() for match in re.finditer(rf"\b{name}\b", body))
            spans = {(start + begin, start + end): new for begin, end in uses}
            yield {"function": one.name, "name": name, "new": new}, spans


def _plain_locals(body: str) -> Iterator[str]:
    """Yield the locals of a function that are declared once and only used as such."""
    declared = [match["name"] or match["go"] for match in _LOCAL.finditer(body)]
    for name in sorted(set(declared)):
        word = re.compile(rf"\b{name}\b")
        lines = [line for line in body.split("\n") if word.search(line)]
        uses = len(word.findall(body))
        # A member, a key or a shorthand property of this name is another thing.
        other = re.search(rf"(?:\.|->|::)[ \t]*{name}\b|\b{name}[ \t]*:(?!=)", body)
        other = other or re.search(rf"[{{,][ \t]*{name}[ \t]*[,}}]", body)
        is_plain = not other and not any(map(_UNCLEAR.search, lines))
        if is_plain and declared.count(name) == 1 and 2 <= uses <= MOST_USES:
            yield name
