"""What is wrong with a setting, in words for who wrote it, from what msgspec says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

import msgspec

from copilot.text import one_line

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<key>.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_BOUND = re.compile(r"Expected `\w+` (>=|<=|>|<) (.+)")
_TYPE = re.compile(r"Expected `(.+?)`, got `.+`")
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}
# What the patterns of the settings stand for.
_PATTERNS = {
    "currency": "three capital letters, such as USD",
    "provider": "a name of letters, digits, dots, dashes and underscores",
}


def wrong_value(error: msgspec.ValidationError, shape: type[msgspec.Struct]) -> tuple[str, str]:
    """Return the key that a refused value stands under, and what it should be.

    The key is empty where one is not known.
    """
    match = _PLACE.fullmatch(str(error))
    what, key = (match["what"], match["key"] or "") if match else (str(error), "")
    if unknown := _UNKNOWN.fullmatch(what):
        return "", _no_key(unknown[1], shape.__struct_fields__)
    name = key.partition("[")[0].partition(".")[0]
    return name, _expected(what, name, shape) or what


def _no_key(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"there is no key {one_line(name)}{meant}"


def _expected(what: str, name: str, shape: type[msgspec.Struct]) -> str:
    if " matching regex " in what:
        return f"it takes {_PATTERNS[name]}" if name in _PATTERNS else ""
    if what.startswith("Invalid enum value"):
        return f"it takes {' or '.join(_words(get_type_hints(shape)[name]))}"
    if bound := _BOUND.fullmatch(what):
        figure = bound[2].removesuffix(".0")
        return f"it takes {_BOUNDS[bound[1]]} {figure}"
    if kind := _TYPE.fullmatch(what):
        kinds = [_TYPES.get(one, one) for one in kind[1].split(" | ") if one != "null"]
        return f"it takes {' or '.join(kinds)}"
    return ""


def _words(hint: Any) -> list[str]:
    """Return the words of a Literal, within whatever else a type is made of."""
    words = [one for one in get_args(hint) if isinstance(one, str)]
    return words or [word for part in get_args(hint) for word in _words(part)]


def check_tables(tables: Any, shape: type[msgspec.Struct]) -> tuple[str, str, str] | None:
    """Return the first table that is wrong, with its key and what it should be; None for none."""
    for name, values in tables.items() if isinstance(tables, Mapping) else ():
        try:
            msgspec.convert(values, shape)
        except msgspec.ValidationError as error:
            return (str(name), *wrong_value(error, shape))
    return None
