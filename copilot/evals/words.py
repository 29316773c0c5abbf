"""Names and values for what is planted: none of them is a part of another one."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from uuid import UUID

# No noun begins another one, and no verb ends another one, so that no name is a part of another.
_ADJECTIVES = """
agile amber ample ancient arid azure bitter blunt bold brave brief bright brisk broad bronze
calm candid clever coarse cobalt crimson crisp curved damp daring dense distant dusky eager
elder faint fancy fierce firm fluent fond frosty gentle gilded glad gleaming gloomy golden
graceful grand handy hardy hasty hollow honest humble icy idle ivory jolly keen kindly lavish
lively lofty loyal lucid lunar mellow merry mighty misty modest narrow nimble noble olive opaque
patient placid plain polite proud quaint quick quiet rapid ripe rosy rugged rustic sandy scarlet
serene sharp shiny silent silver sleek smooth snowy solid spicy steady stout subtle sunny swift
tidy timid upright vast velvet vivid warm wild windy wise witty young zesty
"""
_NOUNS = """
acorn anchor anvil apron arrow badger banjo barrel basket beacon beetle bishop blanket bottle
bramble bridge bucket button cabin cactus camel candle canyon carpet castle cherry chimney
cobbler comet copper coral cradle cricket dagger daisy desert dolphin donkey dragon drawer eagle
ember engine falcon feather fiddle fjord forest fountain garden garnet geyser glacier goblet
granite hammer harbor hazel hedge helmet heron hinge island jacket jasmine jungle kettle kitten
ladder lagoon lantern lemon lizard locket magnet mantle maple marble meadow mirror mitten
monsoon needle nettle nutmeg orchard otter oyster paddle panther parcel pebble pelican pepper
pigeon pillow planet pocket prairie pulley quarry rabbit raven ribbon river rocket saddle salmon
sandal satchel shovel shutter sparrow spindle sponge summit tablet temple thicket thimble timber
trumpet tulip tunnel turnip turtle valley violin walnut walrus whistle willow window zebra
"""
_VERBS = """
accept adjust align apply arrange attach audit balance bind borrow build cancel capture charge
clean clone close collect commit compare compress confirm convert copy count create debit decode
deliver detect dispatch divide draw drop emit enable encode enter expand explain export fetch
filter find flush fold format gather grant group handle import inspect invoke join label launch
link list lock mark match measure merge notify observe order parse pause plan print probe
publish push query rank receive reduce release render repair report resolve rotate sample scan
score seal search send settle share skip sort split stage store submit switch trace track trim
update validate verify weigh wrap write
"""
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"

ADJECTIVES, NOUNS, VERBS = (tuple(text.split()) for text in (_ADJECTIVES, _NOUNS, _VERBS))


def numbers(source: random.Random, count: int, digits: int = 7) -> list[str]:
    """Return different numbers of so many digits."""
    return [str(n) for n in source.sample(range(10 ** (digits - 1), 10**digits), count)]


def identifiers(source: random.Random) -> Iterator[str]:
    """Yield random UUIDs of version 4."""
    while True:
        yield str(UUID(int=source.getrandbits(128), version=4))


def keys(source: random.Random) -> Iterator[str]:
    """Yield different pairs of words, such as `brave_comet`; after all of these, triples."""
    yield from _combined(source, (ADJECTIVES, NOUNS))
    yield from _combined(source, (ADJECTIVES, ADJECTIVES, NOUNS))


def functions(source: random.Random) -> Iterator[str]:
    """Yield different names of functions, such as `parse_comet`; after these, longer ones."""
    yield from _combined(source, (VERBS, NOUNS))
    yield from _combined(source, (VERBS, ADJECTIVES, NOUNS))


def short(source: random.Random) -> list[str]:
    """Return all words of two syllables of two letters, which are words of no language."""
    syllables = [consonant + vowel for consonant in _CONSONANTS for vowel in _VOWELS]
    found = [one + two for one in syllables for two in syllables]
    source.shuffle(found)
    return found


def letters(source: random.Random, count: int, length: int, alphabet: str) -> list[str]:
    """Return different words of so many random letters."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(source.choices(alphabet, k=length))] = None
    return list(found)


def variables(source: random.Random, count: int, length: int = 5) -> list[str]:
    """Return different names of random capital letters."""
    return letters(source, count, length, string.ascii_uppercase)


def coded(source: random.Random, count: int, length: int = 6) -> list[str]:
    """Return different words of random small letters."""
    return letters(source, count, length, string.ascii_lowercase)


def first(words: Iterator[str], count: int) -> list[str]:
    """Return the next of some words."""
    return list(islice(words, count))


def are_apart(words: Iterable[str]) -> bool:
    """Tell whether no word is a part of another one, whatever their case. Takes quadratic time."""
    folded = sorted((word.casefold() for word in words), key=len)
    return not any(word in longer for n, word in enumerate(folded) for longer in folded[n + 1 :])


def _combined(source: random.Random, lists: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield one word of each list, joined, in a random order without repeating."""
    total = 1
    for words in lists:
        total *= len(words)
    for number in _shuffled(source, total):
        chosen, rest = [], number
        for words in reversed(lists):
            rest, place = divmod(rest, len(words))
            chosen.append(words[place])
        yield "_".join(reversed(chosen))


def _shuffled(source: random.Random, total: int) -> Iterator[int]:
    """Yield the numbers below a total in random order, shuffled as far as they are wanted."""
    moved: dict[int, int] = {}
    for place in range(total):
        other = source.randrange(place, total)
        yield moved.get(other, other)
        moved[other] = moved.pop(place, place)
