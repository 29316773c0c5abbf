"""Names and the literals that are given to them, on one line of any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from copilot.workspace.masks.names import Tells, what_name_tells

_NAME = re.compile(r"(?<![\w$])(?:--)?[\w$][\w$.-]{1,80}(?<![.-])")
_CLOSE = r"(?:\\?[\"'`])?(?:\]|\)|\[\d*\]|\?)?"
# `= "…"`, `: "…"`, `=> "…"`, `: str = "…"`, ` string = "…"`; XML's ` value="…"`; `("…"`; SQL's
# ` '…'`. The close of a name in quotes may be followed by a comma: `getenv("NAME", "…"`, or an
# option's default. What stands for an empty variable: `process.env.NAME || "…"`, `or "…"`.
_OPENS = re.compile(
    _CLOSE
    + r"""(?:\s{0,16}(?:[:?+|]{0,2}=(?![=~])>?|:)
    |\s{0,4}(?:[:=]\s{0,4}[\w.$]{1,60}(?:[(\[]["'][\w.-]{1,60}["'][)\]])?\s{0,4})?
     (?:\|\||\?\?|\?:|\bor\b|\.(?:unwrap_or|orElse|getOrElse)\w*\()
    |(?<=["'`])\s{0,2},(?:[^\n"']|"[^"\n]{0,80}"|'[^'\n]{0,80}'){0,40}?\sdefault\s?=
    |[ ]{0,2}:?[ ]{0,2}[\w\[\].|&*?<>' ]{1,40}?\s{0,4}=(?![=~>])
    |\s{1,4}(?:value|content|default|defaultValue)\s?=
    |\s{0,2}\(
    |(?<=["'`])\s{0,2},
    |\s(?=['"]))
    \s{0,8}
    (?:[bBrRuUfFL@$]{0,2}|(?:String|SecretStr|Some|to_string|env|secret|(?:[\w:.]{1,24}[.:])?
     (?:fromhex|unhexlify|[bB]64decode|base64_decode|hex2bin|from|parseHex)|SecretBox)\(
    |ConvertTo-SecureString[ ](?:-String[ ])?)?
    (?P<quote>\\?(?:\"{3}|'{3}|["'`]))""",
    re.VERBOSE,
)
_BARE_OPENS = re.compile(
    _CLOSE + r"(?P<gives>\s{0,16}(?:[:?+]?=(?![=~>])|:(?![:=/]))[ \t]{0,16}|>[ \t]{0,8}|[ \t]{1,4})"
)
# `${NAME:-value}` and the like.
_SHELL_DEFAULT = re.compile(r":?[-=?+][\"']?(?P<value>[^\s\"'$`{}()]{4,})")
_SHELL_LINE = re.compile(r"\s*(?:export\s+)?[A-Z][A-Z0-9_]*=[\w+/=.~!@#%^*:?-]+\s*$")
_BARE_IN_STRING = re.compile(r"[^\s\"'`;,&<>\\(){}\[\]]+")
_BARE = re.compile(r"[^\s\"'`<>{}\[\]()$%!&*|][^\s<>]*")
_STOP = re.compile(r"[\s\"'`(,;&?]")
_ELEMENT_TEXT = re.compile(r"[^\s<>]{4,}(?=\s{0,8}</)")
_SCHEME = re.compile(r"(?:bearer|basic|token|digest|apikey)\s{1,3}", re.IGNORECASE)
_GIVEN_BY_SPACE = re.compile(r"(?:^|\s)(?:ENV|ARG|setx|set(?:\s-\w+)*|login\s+\S+)\s+$")
_REDIS_DIRECTIVES = ("masterauth", "requirepass")
_COMMENT = re.compile(r"\s*(?:#|//|/?\*|--|;|%|rem\b|<!--)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A name and its literal; `start` and `end` are the value's offsets in the line."""

    name: str
    tells: Tells
    start: int
    end: int
    quoted: bool
    in_string: bool
    in_comment: bool
    in_shell: bool = False


def assignments(line: str) -> Iterator[Assignment]:
    """Yield the literals on `line` that stand behind a name which tells of a secret."""
    position = 0
    while match := _NAME.search(line, position):
        position = match.end()
        in_path = line.endswith("::", 0, match.start())
        tells = Tells.NOTHING if in_path else what_name_tells(match[0])
        if "-" in match[0] and line.endswith("${", 0, match.start()):
            tells = what_name_tells(match[0].partition("-")[0])
        found = tells and (_quoted(line, match, tells) or _bare(line, match, tells))
        if found:
            yield found
        if found and not found.quoted:
            # What is no literal may hold names and literals itself: `getenv("NAME", "…")`.
            stop = _STOP.search(line, found.start, found.end)
            position = max(position, stop.start() if stop else found.end)


def _quoted(line: str, name: re.Match[str], tells: Tells) -> Assignment | None:
    opening = _OPENS.match(line, name.end())
    if not opening:
        return None
    start = opening.end()
    end = _closing(line, start, opening["quote"])
    if end < 0:
        return None
    scheme = _SCHEME.match(line, start, end)
    return Assignment(name[0], tells, scheme.end() if scheme else start, end, True, True, False)


def _closing(line: str, start: int, quote: str) -> int:
    """Return where the string ends, past quotes behind a backslash; -1 if it does not."""
    end = line.find(quote, start)
    while end > start and line[end - 1] == "\\" and quote[0] != "\\":
        end = line.find(quote, end + 1)
    return end


def _bare(line: str, name: re.Match[str], tells: Tells) -> Assignment | None:
    if line.endswith("${", 0, name.start()):
        return _shell_default(line, name)
    opening = _BARE_OPENS.match(line, name.end())
    if not opening:
        return None
    gives = opening["gives"].strip()
    if not gives and not _is_given_by_space(line, name):
        return None
    if gives == ":" and line[: name.start()].endswith((":", "/")):
        return None
    start = opening.end()
    if scheme := _SCHEME.match(line, start):
        start = scheme.end()
    inside = _inside_string(line, name.start()) or line[: name.start()].endswith(("?", "&"))
    pattern = _ELEMENT_TEXT if gives == ">" else _BARE_IN_STRING if inside else _BARE
    value = pattern.match(line, start)
    if not value:
        return None
    end = start + len(value[0].rstrip("\"'`,;)]}"))
    inside = inside or gives == ">"
    in_comment = _COMMENT.match(line) is not None
    in_shell = name[0].isupper() and _SHELL_LINE.match(line) is not None
    return Assignment(name[0], tells, start, end, False, inside, in_comment, in_shell)


def _shell_default(line: str, name: re.Match[str]) -> Assignment | None:
    variable = name[0].partition("-")[0]
    tells = what_name_tells(variable)
    value = _SHELL_DEFAULT.match(line, name.start() + len(variable))
    if not (tells and value):
        return None
    return Assignment(variable, tells, *value.span("value"), False, True, False)


def _is_given_by_space(line: str, name: re.Match[str]) -> bool:
    if name[0].startswith("--") or name[0] in _REDIS_DIRECTIVES:
        return True
    return _GIVEN_BY_SPACE.search(line, 0, name.start()) is not None


def _inside_string(line: str, position: int) -> bool:
    return any(line.count(quote, 0, position) % 2 for quote in "\"'`")


_PAIR_HEAD = re.compile(
    r"""^\s*-?\s*["']?(?:name|key)["']?\s*[:=]\s*["']?(?P<yaml>[\w.-]+)["']?,?\s*$
    |<(?:key|name)>\s*(?P<xml>[\w.-]+)\s*</(?:key|name)>
    |^\s*variable\s+"(?P<hcl>\w+)"\s*\{""",
    re.VERBOSE | re.IGNORECASE,
)
_PAIR_TAIL = re.compile(
    r"""^\s*["']?(?:value|default)["']?\s*[:=]\s*
    (?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<bare>[^\s"'{}\[\]$!&*|>]\S*))
    |<(?:string|value)>(?P<xml>[^<]+)</(?:string|value)>""",
    re.VERBOSE | re.IGNORECASE,
)


def pair_head(line: str) -> tuple[str, int] | None:
    """Return the telling name on a line whose value may stand behind it or on a line below.

    The number is the offset behind the name.
    """
    lower = line.lower()
    if "name" not in lower and "key" not in lower and "variable" not in lower:
        return None
    match = _PAIR_HEAD.search(line)
    name = match and match[match.lastgroup or 0]
    return (name, match.end()) if match and name and what_name_tells(name) else None


def pair_tail(name: str, line: str, start: int) -> Assignment | None:
    """Return the value on a line for the name that a line above told."""
    match = _PAIR_TAIL.search(line, start) if start else _PAIR_TAIL.search(line)
    if not match:
        return None
    group = match.lastgroup or ""
    first, last = match.span(group)
    return Assignment(name, what_name_tells(name), first, last, group != "bare", True, False)
