"""The customs of a repository's own commit messages: read from its history, never guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copilot.text import visible
from copilot.workspace.messages import PastMessage

USUAL_WIDTH = 72
# Fewer messages than this tell no custom.
_LEAST = 5
_CUSTOM = 0.6
# A quarter of all with a body: there is one where it is needed.
_BODIES = 0.25
_LEAST_BODIES = 0.08
_WIDEST = 100
_MOST_TYPES, _MOST_SCOPES = 20, 60
_MOST_EXAMPLES = 12
_EXAMPLE_LINES = 10
_EXAMPLE_CHARACTERS = 600
# Of so many newest messages, those before the first whose id begins so are the examples: they stay
# the same for some sixteen commits, and with them the beginning of the prompt.
_ANCHORS_LOOKED_AT = 48
_ANCHOR = "0"

# The types of Conventional Commits 1.0.0 and of @commitlint/config-conventional.
KNOWN_TYPES = frozenset(
    {"build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"}
    | {"bugfix", "deps", "doc", "feature", "hotfix", "release", "security", "tests", "wip"}
)
TYPED = re.compile(
    r"(?P<type>[A-Za-z][A-Za-z-]{1,19})(?:\((?P<scope>[^()\n]{1,40})\))?(?P<breaking>!)?: +(?=\S)"
)
TRAILER = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9-]{0,40}): (?P<value>\S.*)")
# What a forge adds to a subject when it joins the commits of a pull request.
OF_A_FORGE = re.compile(r"\s*\((?:#|!|GH-)\d+\)\s*$")
_PERSON = re.compile(r"<[^<>\s]+@[^<>\s]*>|^[A-Za-z-]+-by: ", re.IGNORECASE | re.MULTILINE)
_BOT = re.compile(
    r"\[bot\]|\bbot\b|bot@|dependabot|renovate|greenkeeper|github-actions|pre-commit-ci|weblate",
    re.IGNORECASE,
)
_NO_OWN_WORDS = re.compile(r"(?:Revert\b|revert(?:\(|:)|Merge\b|Reapply\b|fixup!|squash!|amend!)")
_SIGNED_OFF = "signed-off-by"


@dataclass(frozen=True)
class Customs:
    """How commits are described in a repository, as far as its history tells.

    `examples` are whole messages, the oldest first. `types` and `scopes` are those of Conventional
    Commits, the most frequent first; empty where that is not the custom. `capital` and `full_stop`
    say how a subject begins and ends, None where either is done. `body_width` is in characters,
    None where lines are not wrapped. `trailers` are keys that most messages have and that name no
    person; `signs_off` says that most have a Signed-off-by. `once` are the subjects that one commit
    alone has, folded in case: a model that repeats one has only copied it.
    """

    examples: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    breaking: bool = False
    subject_limit: int = USUAL_WIDTH
    capital: bool | None = None
    full_stop: bool | None = False
    bodies: bool = True
    body_width: int | None = USUAL_WIDTH
    trailers: tuple[str, ...] = ()
    signs_off: bool = False
    once: frozenset[str] = frozenset()


def customs_of(messages: Sequence[PastMessage]) -> Customs:
    """Return the customs that the newest messages show, the newest first.

    Those of bots, reverts, and those that git or a forge wrote tell nothing.
    """
    own = [message for message in messages if is_own(message)]
    texts = [message.text for message in own]
    examples = _examples(own)
    once = frozenset(one for one, n in Counter(map(_folded, texts)).items() if n == 1)
    if len(own) < _LEAST:
        return Customs(examples, once=once)
    subjects = [OF_A_FORGE.sub("", _subject(text)) for text in texts]
    typed = [match for subject in subjects if (match := TYPED.match(subject))]
    is_typed = _share(sum(match["type"].lower() in KNOWN_TYPES for match in typed), own) >= _CUSTOM
    scopes = [scope for match in typed if (scope := match["scope"])]
    bodies = [body for text in texts if (body := _body(text))]
    keys = Counter(key for text in texts for key in {k.lower() for k, _ in trailers_of(text)})
    return Customs(
        examples,
        _frequent([match["type"] for match in typed], _MOST_TYPES) if is_typed else (),
        _frequent(scopes, _MOST_SCOPES) if is_typed else (),
        is_typed and any(match["breaking"] for match in typed),
        min(_WIDEST, max(USUAL_WIDTH, _ninetieth([len(subject) for subject in subjects]))),
        _usual([_begins_large(TYPED.sub("", subject, 1)) for subject in subjects]),
        _usual([subject.endswith(".") for subject in subjects]),
        _share(len(bodies), own) >= (_LEAST_BODIES if len(own) > 2 * _LEAST else 0.0),
        _width(bodies),
        tuple(sorted(_named(texts, keys, len(own)))),
        _share(keys[_SIGNED_OFF], own) >= _CUSTOM,
        once,
    )


def trailers_of(text: str) -> tuple[tuple[str, str], ...]:
    """Return the trailers of a message, as keys and values: its last paragraph, if it is such."""
    paragraphs = re.split(r"\n[ \t]*\n", text.strip())
    found = [TRAILER.fullmatch(line.strip()) for line in paragraphs[-1].splitlines()]
    if len(paragraphs) < 2 or not all(found):
        return ()
    return tuple((match["key"], match["value"]) for match in found if match)


def names_person(text: str) -> bool:
    """Tell whether a line names somebody who wrote, signed or looked at a commit."""
    return _PERSON.search(text) is not None


def is_own(message: PastMessage) -> bool:
    """Tell whether somebody wrote a message in their own words: no bot, no git, no forge."""
    is_bot = _BOT.search(message.author) or _BOT.search(message.email)
    return bool(message.text) and not is_bot and not _NO_OWN_WORDS.match(message.text)


def _examples(own: Sequence[PastMessage]) -> tuple[str, ...]:
    ids = [message.revision[:1] for message in own[:_ANCHORS_LOOKED_AT]]
    start = ids.index(_ANCHOR) if _ANCHOR in ids else 0
    start = start if len(own) - start >= _MOST_EXAMPLES else 0
    chosen: dict[str, str] = {}
    for message in own[start:]:
        chosen.setdefault(_folded(message.text), _example(message.text))
        if len(chosen) == _MOST_EXAMPLES:
            break
    return tuple(reversed(chosen.values()))


def _example(text: str) -> str:
    """Return a message without what names people, not longer than a model needs to see it."""
    subject, *rest = text.splitlines()
    kept = [line.rstrip() for line in rest if not names_person(line)][:_EXAMPLE_LINES]
    lines = [OF_A_FORGE.sub("", subject).rstrip(), *kept]
    return visible("\n".join(lines).strip()[:_EXAMPLE_CHARACTERS]).rstrip()


def _subject(text: str) -> str:
    return text.partition("\n")[0].strip()


def _folded(text: str) -> str:
    return OF_A_FORGE.sub("", _subject(text)).casefold()


def _body(text: str) -> str:
    """Return a message's body without its trailers."""
    body = text.partition("\n")[2].strip()
    if trailers_of(text):
        body = "\n\n".join(re.split(r"\n[ \t]*\n", body)[:-1])
    return body


def _begins_large(subject: str) -> bool:
    return subject[:1].isupper()


def _usual(each: Sequence[bool]) -> bool | None:
    share = _share(sum(each), each)
    return None if 1 - _CUSTOM < share < _CUSTOM else share >= _CUSTOM


def _width(bodies: Sequence[str]) -> int | None:
    lengths = [len(line) for body in bodies for line in body.splitlines() if " " in line.strip()]
    widest = _ninetieth(lengths) if lengths else 0
    return None if widest > _WIDEST else max(USUAL_WIDTH, widest)


def _named(texts: Sequence[str], keys: Counter[str], count: int) -> Iterator[str]:
    """Yield the keys that most messages have, as they are mostly written, but for people's."""
    written: Counter[str] = Counter()
    people = set()
    for text in texts:
        for key, value in trailers_of(text):
            written[key] += 1
            if names_person(f"{key}: {value}"):
                people.add(key.lower())
    for key, _ in written.most_common():
        lower = key.lower()
        if lower not in people and keys.pop(lower, 0) >= _CUSTOM * count:
            yield key


def _frequent(words: Sequence[str], most: int) -> tuple[str, ...]:
    counted = sorted(Counter(words).items(), key=lambda one: (-one[1], one[0]))
    return tuple(word for word, _ in counted[:most])


def _ninetieth(numbers: Sequence[int]) -> int:
    """Return the 90th percentile, by the nearest rank."""
    return sorted(numbers)[max(0, -(-9 * len(numbers) // 10) - 1)]


def _share(count: int, of: Sequence[object]) -> float:
    return count / len(of) if of else 0.0
