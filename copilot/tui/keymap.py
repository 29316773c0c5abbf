"""A person's own keys: checked against the table of keys before a screen opens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from copilot.errors import UsageError
from copilot.text import one_line
from copilot.tui.keys import REVIEW_SCOPES, Key
from copilot.tui.session.keys import SESSION_SCOPES

ALL_SCOPES = (*REVIEW_SCOPES, *SESSION_SCOPES)

_MOST_KEYS = 10
_MODIFIERS = frozenset({"alt", "ctrl", "hyper", "meta", "shift", "super"})
_NAMED = frozenset(key.value.rpartition("+")[2] for key in Keys if "<" not in key.value)
_CHARACTERS = frozenset(
    re.sub("[- ]", "_", unicodedata.name(chr(code), "").lower()) for code in range(0x20, 0x250)
) | frozenset(KEY_NAME_REPLACEMENTS.values())


def keymap(
    wanted: Mapping[str, str], scopes: Iterable[tuple[Key, ...]] = ALL_SCOPES
) -> dict[str, str]:
    """Return the keys to set by the names of what they do, in Textual's names.

    `wanted` maps names to comma-separated keys; `scopes` are the keys that work at one time, in
    each of which a key may mean one thing. Raises UsageError for an unknown name, for keys that
    cannot be typed, and where a key would mean two things.
    """
    together = tuple(scopes)
    known = {key.name for scope in together for key in scope}
    for name in wanted:
        if name not in known:
            raise UsageError(f"keys: nothing is named {one_line(name)}", _nearest(name, known))
    mapped = {name: ",".join(_typed(name, keys)) for name, keys in wanted.items()}
    for scope in together:
        _check(scope, mapped)
    return mapped


def keys_of(key: Key, mapped: Mapping[str, str]) -> str:
    """Return the comma-separated keys that are in force."""
    return mapped.get(key.name, key.keys)


def _typed(name: str, keys: str) -> list[str]:
    """Return keys by Textual's names."""
    parts = [part.strip() for part in keys.split(",")]
    if not all(parts) or len(parts) > _MOST_KEYS or any(" " in part for part in parts):
        raise UsageError(
            f'keys: {name} = "{one_line(keys)}" is no list of keys',
            'such as "a,ctrl+a"; a comma itself is written "comma"',
        )
    for part in parts:
        if not _is_key(part):
            raise UsageError(
                f'keys: {name} = "{one_line(keys)}": there is no key {one_line(part)}',
                "a key is one character or a name such as f5, space, pageup; or ctrl+ before one",
            )
    return [binding.key for binding in Binding.make_bindings([Binding(",".join(parts), "")])]


def _is_key(key: str) -> bool:
    """Tell whether a key can be typed: modifiers, and a character or a name of Textual's."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    is_known = len(last) == 1 or last in _NAMED or last in _CHARACTERS
    return is_known and bool(last) and _MODIFIERS.issuperset(modifiers)


def _check(scope: tuple[Key, ...], mapped: Mapping[str, str]) -> None:
    taken: dict[str, str] = {}
    for key in scope:
        for one in _typed(key.name, keys_of(key, mapped)):
            other = taken.setdefault(one, key.name)
            if other != key.name:
                raise UsageError(
                    f"keys: {one} would mean both {other} and {key.name}",
                    f"give {key.name if other in mapped else other} another key too",
                )


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, sorted(known), 3, 0.5)
    names = "docs/review.md lists the names"
    return f"did you mean {' or '.join(near)}? {names}" if near else names
