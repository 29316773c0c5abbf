"""Tags of Django's, Jinja's and Twig's templates in HTML.

A grammar of HTML takes them for text, and those inside of quotes for mistakes. So it is given the
file with the tags painted over, byte for byte; what they define is found by a pattern of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_TAG = re.compile(rb"\{%[-+~]?[ \t]*(?P<word>\w+)(?P<rest>(?:(?!\{%)[^\n])*?)%\}")
_COVERED = re.compile(rb"\{%(?:(?!\{%)[^\n])*?%\}|\{\{[^\n{}]*\}\}|\{#(?:(?!\{#)[^\n])*?#\}")
_WORDS = "extends include load import from block endblock macro endmacro"
_KEPT = frozenset(_WORDS.encode().split())
_DEFINING = {b"block": "template", b"macro": "macro"}
_USING = frozenset((b"extends", b"include", b"import", b"from"))
_OTHER = re.compile(rb"\"[^\"]*\"|'[^']*'")
_NAME = re.compile(rb"\s*(?P<name>[\w.-]+)")


@dataclass(frozen=True, slots=True)
class TemplateTag:
    """A tag: byte offsets and its row, from 0; the kind and the name of what it begins, or "".

    `last` and `last_row` are the end of what it begins, its own end if nothing closes it; `uses`
    is where the name of another template stands.
    """

    start: int
    end: int
    row: int
    kind: str
    name: str
    last: int
    last_row: int
    uses: tuple[int, int] | None


def painted_over(data: bytes) -> bytes:
    """Return a file of the same length without tags: values are words, all else is spaces."""
    return _COVERED.sub(_paint, data) if b"{%" in data else data


def _paint(tag: re.Match[bytes]) -> bytes:
    return (b"x" if tag[0].startswith(b"{{") else b" ") * len(tag[0])


def template_tags(data: bytes) -> tuple[TemplateTag, ...]:
    """Return the tags that say what a template is made of, in their order."""
    tags: list[TemplateTag] = []
    unclosed: list[int] = []
    for tag in _tags(data):
        if tag.kind:
            unclosed.append(len(tags))
        elif unclosed and data[tag.start : tag.end].lstrip(b"{%-+~ \t").startswith(b"end"):
            opened = unclosed.pop()
            tags[opened] = replace(tags[opened], last=tag.end, last_row=tag.row)
        tags.append(tag)
    return tuple(tags)


def _tags(data: bytes) -> Iterator[TemplateTag]:
    row = position = 0
    for tag in _TAG.finditer(data):
        if tag["word"] in _KEPT:
            row += data.count(b"\n", position, tag.start())
            position = tag.start()
            name = _NAME.match(tag["rest"])
            kind = _DEFINING.get(tag["word"], "") if name else ""
            text = name["name"].decode("utf-8", "replace") if name and kind else ""
            other = _OTHER.search(data, tag.start(), tag.end()) if tag["word"] in _USING else None
            uses = other.span() if other else None
            yield TemplateTag(tag.start(), tag.end(), row, kind, text, tag.end(), row, uses)
