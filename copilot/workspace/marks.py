"""What a text itself tells of its kind: generated, minified, a pointer to something else."""

from __future__ import annotations

import re

LONG_LINE = 1000
_HEAD_CHARACTERS = 3000
# A template's head is that of what it makes, not its own.
_TEMPLATES = (
    ".tmpl",
    ".tpl",
    ".j2",
    ".jinja",
    ".jinja2",
    ".in",
    ".mustache",
    ".hbs",
    ".ejs",
    ".erb",
)
_LEADING_COMMENTS = r"""(?:\s|<\?(?:php|xml)[^\n]*|<!DOCTYPE[^>]*>|\ufeff
    |(?:\#|//|--|;|%|'|!|@?rem\b)[^\n]*
    |/\*.*?(?:\*/|\Z)|<!--.*?(?:-->|\Z)|\(\*.*?(?:\*\)|\Z)|\{-.*?(?:-\}|\Z)
    |\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z))*"""
_HANDS_OFF = r"(?:[ ]+(?:this|the|it|file|by|hand|manually|directly|here))*[ ]*(?:[.!,;:)*\n-]|\Z)"
_WARNING = re.compile(r"do not (?:hand-? ?)?(?:edit|modify|change)" + _HANDS_OFF, re.IGNORECASE)
_LOUD_WARNING = re.compile(r"(?-i:DO NOT (?:EDIT|MODIFY))" + _HANDS_OFF, re.IGNORECASE)
_SAYS_GENERATED = re.compile(r"\b(?:auto-?)?generated\b", re.IGNORECASE)
_TAG = re.compile(
    r"(?:^[\s*#/;%!\"'-]*|\bis (?:automatically )?)@generated(?![\w`'\"-])", re.MULTILINE
)
_LFS_HEAD = b"version https://git-lfs.github.com/spec/v1\n"
_LFS_MOST_BYTES = 1024


def is_lfs_pointer(data: bytes) -> bool:
    """Tell whether these bytes stand for a file that Git LFS keeps elsewhere (its spec, v1)."""
    return data.startswith(_LFS_HEAD) and len(data) <= _LFS_MOST_BYTES


def says_generated(path: str, text: str) -> bool:
    """Tell whether the comments at a file's head say that a program writes it.

    They say so by `@generated`, or by telling people to keep their hands off.
    """
    head = text[:_HEAD_CHARACTERS]
    lower = head.lower()
    if ("do not " not in lower and "@generated" not in lower) or path.endswith(_TEMPLATES):
        return False
    # Compiled when it is needed: that takes longer than all else of this module.
    match = re.match(_LEADING_COMMENTS, head, re.DOTALL | re.VERBOSE | re.IGNORECASE)
    comments = match[0] if match else ""
    if _TAG.search(comments) or _LOUD_WARNING.search(comments):
        return True
    return bool(_WARNING.search(comments) and _SAYS_GENERATED.search(comments))


def is_minified(text: str) -> bool:
    """Tell whether most of a text stands in lines of a thousand characters and more."""
    return _characters_in_long_lines(text) * 2 > len(text)


def _characters_in_long_lines(text: str) -> int:
    """Count them by jumps from line end to line end, without looking at what is between."""
    count = start = 0
    while len(text) - start >= LONG_LINE:
        end = text.rfind("\n", start, start + LONG_LINE)
        if end < 0:
            end = text.find("\n", start + LONG_LINE)
            end = len(text) if end < 0 else end
            count += end - start
        start = end + 1
    return count


def looks_like_data(text: str) -> bool:
    """Tell whether a text begins like a table of numbers, or like XML."""
    head = text[:_HEAD_CHARACTERS]
    letters = sum(map(str.isalpha, head))
    return head.startswith("<?xml") or letters * 4 < len(head)
