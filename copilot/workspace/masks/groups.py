"""Values that share a name: in a list beside it, or in a list, a block or an element below it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot.workspace.masks.names import Tells, what_name_tells

# A name, what it tells, a value, and its offset from the start of the name's line.
Named = tuple[str, Tells, str, int]
_MOST_LINES = 20
_LONG_LINE = 2048
_BESIDE = re.compile(
    r"""(?<![\w$.-])(?P<name>[A-Za-z_][\w.-]{1,80})["']?(?:\s?:\s?[\w\[\], ]{1,40})?
    \s{0,4}(?::?=>?|:)\s{0,4}[\[(](?P<items>[^\[\](){}]{4,})""",
    re.VERBOSE,
)
_QUOTED_ITEM = re.compile(r"[bru]{0,2}(?P<quote>[\"'])(?P<value>[^\"'\\]+)(?P=quote)")
_BARE_ITEM = re.compile(r"(?<![^\s,\[(])(?P<value>[^\s\"',]+)(?=\s*(?:,|$))")
_UNPACKED = re.compile(
    r"(?<![\w.])(?P<names>[A-Za-z_][\w.]{0,80}(?:,\s?[A-Za-z_][\w.]{0,80}){1,4})\s?:?=\s?\(?"
    r"(?P<items>[\"'][^\"'\n]*[\"'](?:,\s?[\"'][^\"'\n]*[\"']){1,4})"
)
_ABOVE = re.compile(
    r"""^(?P<indent>\s*)(?:-\s+)?["']?(?P<name>[\w.-]{2,80})["']?
    (?:(?P<block>:\s?[|>][-+\d]{0,2})|(?P<list>:)|(?::\s?\w{1,20})?\s?(?P<opens>[:=]\s?[(\[]|=\s?\\))
    \s*(?:\#.*)?$
    |<(?P<element>[\w.-]{2,80})>\s*$""",
    re.VERBOSE,
)
_LAST_ABOVE = frozenset(":|>([\\-+0123456789")
_ALONE = re.compile(
    r"(?P<indent>\s*)(?P<dash>-\s+)?(?:[bru]{1,2}(?=[\"']))?(?P<quote>[\"']?)(?P<value>[^\s\"',<>(){}\[\]]{6,})(?P=quote)"
    r"[,)\]]{0,2}\s*(?:#.*)?$"
)


def values_beside(line: str, unquoted: bool) -> Iterator[Named]:
    """Yield the items of `PASSWORDS = ["…"]`, `tokens: […, …]`, `user, password = "…", "…"`."""
    for match in _BESIDE.finditer(line) if "[" in line or "= (" in line or ": (" in line else ():
        tells = _what_name_of_many_tells(match["name"])
        for item in _items(line, match, unquoted) if tells else ():
            yield match["name"], tells, item["value"], item.start("value")
    for match in _UNPACKED.finditer(line) if '",' in line or "'," in line else ():
        names = re.split(r",\s?", match["names"])
        items = _QUOTED_ITEM.finditer(line, *match.span("items"))
        for name, item in zip(names, items, strict=False):
            if tells := what_name_tells(name):
                yield name, tells, item["value"], item.start("value")


def _items(line: str, group: re.Match[str], unquoted: bool) -> Iterator[re.Match[str]]:
    yield from _QUOTED_ITEM.finditer(line, *group.span("items"))
    if unquoted:
        yield from _BARE_ITEM.finditer(line, *group.span("items"))


def values_below(line: str, text: str, end: int, yaml: bool) -> Iterator[Named]:
    """Yield what stands alone on the lines below `line`, which ends at `end` in `text`.

    YAML's blocks and lists, brackets that a line leaves open, and the text of an XML element.
    """
    head = _ABOVE.search(line) if "#" in line or line.rstrip()[-1:] in _LAST_ABOVE else None
    if not head or ((head["block"] or head["list"]) and not yaml):
        return
    name = head["name"] or head["element"]
    tells = _what_name_of_many_tells(name)
    start = end - len(line)
    for first, last in _lines_below(text, end) if tells else ():
        item = _ALONE.match(text[first:last])
        if not item or not _belongs(head, item):
            return
        yield name, tells, item["value"], first - start + item.start("value")
        if head["element"]:
            return


def _belongs(head: re.Match[str], item: re.Match[str]) -> bool:
    indent = len(item["indent"])
    if head["list"]:
        return bool(item["dash"]) and indent >= len(head["indent"])
    if head["opens"]:
        return bool(item["quote"])
    return not item["dash"] and (not head["block"] or indent > len(head["indent"]))


def _lines_below(text: str, end: int) -> Iterator[tuple[int, int]]:
    for _ in range(_MOST_LINES):
        if not text.startswith("\n", end):
            return
        first = end + 1
        end = text.find("\n", first, first + _LONG_LINE)
        end = min(len(text), first + _LONG_LINE) if end < 0 else end
        yield first, end


def _what_name_of_many_tells(name: str) -> Tells:
    one = name[:-1] if name[-1:] in {"s", "S"} else name
    return max(what_name_tells(name), what_name_tells(one))
