"""Rules in `.gitignore`'s syntax (gitignore(5); wildmatch.c in git), matched byte by byte.

A rule becomes one regular expression over a whole path. Stars that stand before another star never
give back what they took, so that no rule can take more than polynomial time.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<star>\*+)|(?P<any>\?)|\\(?P<escaped>.)|(?P<plain>[^\\\[])"
    r"|\[(?P<negated>[!^]?)(?P<set>\]?(?:\\.|\[:[a-z]*:\]|[^\]\\])*)\]",
    re.DOTALL,
)
_SET_ITEM = re.compile(r"\[:(?P<named>[a-z]*):\]|\\?(?P<low>.)(?:-\\?(?P<high>.))?", re.DOTALL)
_GRAPH = string.ascii_letters + string.digits + string.punctuation
_NAMED_SETS = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, [*range(32), 127])),
    "digit": string.digits,
    "graph": _GRAPH,
    "lower": string.ascii_lowercase,
    "print": _GRAPH + " ",
    "punct": string.punctuation,
    "space": string.whitespace,
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


@dataclass(frozen=True)
class IgnoreRules:
    """Rules of one file, the last first: one alternative each, and whether it is negated."""

    regex: re.Pattern[str]
    negated: tuple[bool, ...]

    def verdict(self, path: str) -> bool | None:
        """Tell whether the last rule that names `path` itself ignores it; None if none does.

        `path` is relative to the rules' folder; a folder's ends in `/`.
        """
        match = self.regex.fullmatch(_as_bytes(path))
        return None if match is None else not self.negated[(match.lastindex or 0) - 1]

    def covers(self, path: str) -> bool:
        """Tell the verdict on `path`, or on the nearest folder above it that has one."""
        verdict = self.verdict(path)
        while verdict is None and path:
            above = path.rstrip("/").rpartition("/")[0]
            path = f"{above}/" if above else ""
            verdict = self.verdict(path) if path else None
        return bool(verdict)


def parse_rules(lines: Iterable[str]) -> IgnoreRules:
    """Return the rules; as in git, a line that is none (`!`, `[a`, `a\\`) matches nothing."""
    rules = [rule for rule in map(_parse, lines) if rule is not None]
    rules.reverse()
    alternatives = "|".join(f"({regex})" for regex, _ in rules) or "(?!)"
    return IgnoreRules(re.compile(alternatives, re.DOTALL), tuple(negated for _, negated in rules))


def is_rule(line: str) -> bool:
    """Tell whether a line can match anything."""
    return _parse(line) is not None


def _as_bytes(text: str) -> str:
    """Return one character for each byte of the text as it stands on disk."""
    return os.fsencode(text).decode("latin-1")


def _parse(line: str) -> tuple[str, bool] | None:
    """Return the regular expression of a line and whether it is negated."""
    text = _without_trailing_spaces(_as_bytes(line))
    negated = text.startswith("!")
    text = text.removeprefix("!")
    body = text.removesuffix("/")
    if not body or line.startswith("#"):
        return None
    names = body.removeprefix("/").split("/") if "/" in body else ["**", body]
    regex = _path_regex(names)
    return None if regex is None else (regex + ("/" if body != text else "/?"), negated)


def _without_trailing_spaces(line: str) -> str:
    """Cut the spaces at the end, but for one that a backslash quotes."""
    bare = line.rstrip(" ")
    quoted = (len(bare) - len(bare.rstrip("\\"))) % 2 == 1
    return f"{bare} " if quoted and bare != line else bare


def _path_regex(names: Sequence[str]) -> str | None:
    """Return a regular expression for a path of these names; `**` is any number of names."""
    runs: list[list[str]] = [[]]
    for name in names:
        regex = _name_regex(name)
        if regex is None:
            return None
        if name == "**":
            runs.append([])
        else:
            runs[-1].append(regex)
    first, *others = ("/".join(run) for run in runs)
    if not others:
        return first
    *middle, last = others
    start = f"{first}/" if first else ""
    between = "".join(f"(?>(?:[^/]+/)*?{run}/)" for run in middle if run)
    return start + between + (f"(?:[^/]+/)*{last}" if last else ".+")


def _name_regex(name: str) -> str | None:
    if name and not name.strip("*"):
        return "[^/]+"
    chunks, end = [""], 0
    while end < len(name):
        token = _TOKEN.match(name, end)
        if token is None:
            return None
        end = token.end()
        if token["star"]:
            chunks.append("")
        else:
            chunks[-1] += _character_regex(token)
    first, *others = chunks
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in middle) + f"[^/]*{last}"


def _character_regex(token: re.Match[str]) -> str:
    if token["any"]:
        return "[^/]"
    if token["set"] is None:
        return re.escape(token["escaped"] or token["plain"])
    members = _members(token["set"])
    if members is not None and token["negated"]:
        members = set(map(chr, range(1, 256))) - members
    wanted = sorted((members or set()) - {"/"})
    return "[" + "".join(map(re.escape, wanted)) + "]" if wanted else "(?!)"


def _members(text: str) -> set[str] | None:
    """Return the characters that a bracket expression lists, None if it names an unknown class."""
    members: set[str] = set()
    for item in _SET_ITEM.finditer(text):
        if item["low"] is None:
            if item["named"] not in _NAMED_SETS:
                return None
            members.update(_NAMED_SETS[item["named"]])
        else:
            high = item["high"] or item["low"]
            members.update(item["low"], map(chr, range(ord(item["low"]), ord(high) + 1)))
    return members
