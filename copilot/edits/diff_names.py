"""File names in the headers of diffs, as git's documentation gives them under "diff-format"."""

from __future__ import annotations

import re

NO_FILE = "/dev/null"
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))


def header_name(text: str) -> str:
    """Return the name behind `---`, `+++` or `rename from`: unquoted, without a time behind it."""
    if text.lstrip().startswith('"'):
        name, _ = _unquoted(text.lstrip())
        return name
    # Behind a name with spaces git writes a tab: then the spaces are all its own.
    name, tab, _ = text.partition("\t")
    return name if tab else name.strip()


def git_names(text: str) -> tuple[str, str] | None:
    """Return both names of a `diff --git` line, or None where they cannot be told apart."""
    text = text.strip()
    if text.startswith('"'):
        old, rest = _unquoted(text)
        return old, header_name(rest)
    if text.endswith('"'):
        old, _, rest = text.partition(' "')
        return old, header_name(f'"{rest}')
    middle = len(text) // 2
    old, new = text[:middle], text[middle + 1 :]
    same = old == new or (old[:2] == "a/" and new[:2] == "b/" and old[2:] == new[2:])
    return (old, new) if same and text[middle : middle + 1] == " " else _only_space(text)


def without_prefixes(old: str, new: str) -> tuple[str, str]:
    """Return both names without `a/` and `b/`, where both have them or the other is no file."""
    if old in ("", NO_FILE) and new.startswith("b/"):
        return old, new[2:]
    if new in ("", NO_FILE) and old.startswith("a/"):
        return old[2:], new
    if old.startswith("a/") and new.startswith("b/"):
        return old[2:], new[2:]
    return old, new


def _only_space(text: str) -> tuple[str, str] | None:
    old, space, new = text.partition(" ")
    return (old, new) if space and " " not in new else None


def _unquoted(text: str) -> tuple[str, str]:
    """Return the name in quotes that the text begins with, and what follows it."""
    end = _closing_quote(text)
    raw = text[1:end].encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(_byte, raw).decode("utf-8", "surrogateescape"), text[end + 1 :]


def _closing_quote(text: str) -> int:
    index = 1
    while index < len(text) and text[index] != '"':
        index += 2 if text[index] == "\\" else 1
    return index


def _byte(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    return bytes([_LETTERS.get(code[0], code[0])])
