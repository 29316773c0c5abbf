"""The keys of the line mode: the grammar of `git add -p`, and what a review has besides."""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot.errors import UsageError
from copilot.review.state import Place, Review

HELP = {
    "y": "accept this hunk",
    "n": "reject this hunk",
    "a": "accept this hunk and what is undecided behind it in this file",
    "d": "reject this hunk and what is undecided behind it in this file",
    "q": "quit; reject all that is still undecided",
    "j": "leave this hunk as it is, go to the next undecided one",
    "k": "leave this hunk as it is, go to the undecided one before",
    "J": "leave this hunk as it is, go to the next one",
    "K": "leave this hunk as it is, go to the one before",
    "s": "split this hunk at unchanged lines; s 4: before line 4",
    "l": "accept only some lines of this hunk, reject its others: l 3-5,8",
    "e": "edit this hunk by hand, then decide",
    "E": "edit the whole new file by hand, then decide",
    "c": "comment on this hunk: c TEXT; on some lines: c 3-5 TEXT",
    "C": "list the comments; C 2: take comment 2 away",
    "x": "reject this hunk and say why: x TEXT; some lines: x 3-5 TEXT",
    "u": "undo the last step",
    "U": "redo what was undone",
    "/": "search for a text: /TEXT; again: /",
    "g": "go to a hunk by its number: g 7",
    "p": "print this hunk again, with its file and flags",
    "r": "ask the model again, with comments, rejections and edits",
    "?": "this help",
}

_WITH_TEXT = re.compile(r"([slcCxg])(?:\s+|(?=\d))(.*)", re.DOTALL)
_LINES = re.compile(r"(\d+)(?:-(\d+))?")
_SOME_LINES = re.compile(r"(\d+)(?:-(\d+))?\s+(\S.*)", re.DOTALL)


def parsed(answer: str) -> tuple[str, str]:
    """Return the key of an answer and the text behind it; a key that is none comes back whole."""
    typed = answer.strip()
    if typed.startswith("/"):
        return "/", typed[1:]
    if typed in HELP or not typed:
        return typed, ""
    if typed.lower() in HELP:
        return typed.lower(), ""
    found = _WITH_TEXT.fullmatch(typed)
    return (found[1], found[2].strip()) if found else (typed, "")


def line_numbers(text: str, most: int) -> tuple[range, ...]:
    """Return the ranges of lines that `3-5,8` names, counted from 1, ends included.

    Raises UsageError where it names none, or more than the `most` there are.
    """
    return tuple(_numbers(part.strip(), most) for part in text.split(","))


def with_lines(text: str, most: int) -> tuple[range | None, str]:
    """Return the lines that a text begins with, None where it begins with none, and the rest.

    Raises UsageError for lines that there are not.
    """
    found = _SOME_LINES.fullmatch(text)
    if found is None:
        return None, text
    return _numbers(text[: found.start(3)].strip(), most), found[3]


def number(text: str, most: int, noun: str) -> int:
    """Return a number from 1 to `most`; raises UsageError."""
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise UsageError(f"no {noun} with that number", f"there are 1 to {most}")
    return int(text)


def usable_keys(review: Review, place: Place, *, can_ask: bool) -> tuple[str, ...]:
    """Return the keys that do something at a hunk; `can_ask` tells of a model."""
    file = review.files[place.file]
    hunk = file.hunks[place.hunk]
    is_one = len(file.shape.units(place.hunk)) < 2
    useless = {
        "s": is_one,
        "l": is_one,
        "e": hunk.kind not in ("text", "create") or not file.change.is_divisible,
        "E": not file.change.is_divisible,
        "C": not review.comments,
        "u": review.past is None,
        "U": review.future is None,
        "r": not can_ask,
    }
    return tuple(key for key in HELP if not useless.get(key))


def help_text(keys: Sequence[str]) -> str:
    return "\n".join(f"{key} - {HELP[key]}" for key in keys)


def _numbers(text: str, most: int) -> range:
    found = _LINES.fullmatch(text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= first <= last <= most:
        raise UsageError("no such lines in this hunk", f"name some of 1 to {most}, such as 3-5,8")
    return range(first, last + 1)
