"""What stands on a line where only a secret stands, or has a secret's shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from copilot.workspace.masks.assignments import Assignment, assignments, pair_head, pair_tail
from copilot.workspace.masks.candidates import token_starts
from copilot.workspace.masks.commands import COMMANDS
from copilot.workspace.masks.files import Traits
from copilot.workspace.masks.groups import values_below, values_beside
from copilot.workspace.masks.names import Tells, kind_of_secret
from copilot.workspace.masks.placeholders import PLACEHOLDER, PLACEHOLDER_KIND
from copilot.workspace.masks.shapes import token_at
from copilot.workspace.masks.values import (
    is_call,
    is_drawn_token,
    is_hex,
    is_mixed,
    is_stand_in,
    looks_chosen,
    looks_random,
    looks_secret,
    mixes_all,
)

# Start and end on the line, and the kind.
Found = tuple[int, int, str]
_LONG_LINE = 2048
_LINES_OF_A_PAIR = 5
_URL = re.compile(
    r"://[^\s/:@\"'<>`]{0,100}:(?P<password>[^\s\"'<>`/,]{1,200})@(?P<host>[\w.\[-]{0,80})"
)
# Go's: `user:password@tcp(host:port)/name`; Sentry's, in which the key is the user.
_DSN = re.compile(
    r"[\w.-]{1,64}:(?P<password>[^\s\"'<>`/:]{1,200})@(?:tcp|unix)\((?P<host>[\w.\[-]{0,80})"
)
_SENTRY = re.compile(r"://(?P<key>[0-9a-f]{32})@[\w.-]{3,80}/\d")
_TWILIO_TOKEN = re.compile(r"(?<![\w$/#-])[0-9a-f]{32}(?![\w/-])")
_HEADER = re.compile(
    r"\b(?:Bearer|Basic)[ \t]{1,3}(?P<value>[A-Za-z0-9._~+/=-]{16,})", re.IGNORECASE
)
_SQL = re.compile(r"\bIDENTIFIED\s+BY\s+['\"](?P<value>[^'\"]{4,})['\"]", re.IGNORECASE)
_USER_AND_PASSWORD = re.compile(
    r"(?:auth|login|credentials?)\w{0,12}[\"']?\s?[=:(]{1,2}\s?[(\[]?\s?[\"'][^\"']{1,60}[\"'],\s?"
    r"[\"'](?P<value>[^\"']{6,80})[\"']\s?[)\]]",
    re.IGNORECASE,
)
_BY_WORD = (
    *COMMANDS,
    ("identified", _SQL),
    *((word, _USER_AND_PASSWORD) for word in ("auth", "login", "credential")),
)
_CONNECT = re.compile(r"(?:connect|sequelize)\w{0,16}\([^()\n]{0,300}\)", re.IGNORECASE)
_ARGUMENT = re.compile(r"[\"'](?P<value>[^\"'\s]{8,80})[\"']")
_NAMES_OF_VECTORS = re.compile(r"(?<!api)(?<!api[_-])(?:secret|key|seed)$", re.IGNORECASE)
_QUOTED = re.compile(r"(?P<quote>[\"'`])(?P<value>[A-Za-z0-9+/_-]{22,128}={0,2})(?P=quote)")
_TELLING_LINE = re.compile(
    r"auth|secret|token|passw|pwd|credential|sign(?:ing|er|_)|crypt|cipher|hmac|api|login|connect"
    r"|key",
    re.IGNORECASE,
)
_OPEN_LINE = re.compile(
    r"sha-?\d|md5|hash|digest|checksum|integrity|commit|revision|\brev\b|uuid|guid|fingerprint"
    r"|pub(?:lic|_?key)|cert|font|data:|image|etag|nonce|vector|expected|assert|csrf|continuation"
    r"|cursor|ssh-|\bids?\b|publishable",
    re.IGNORECASE,
)


def told_secrets(text: str, start: int, end: int, traits: Traits) -> Iterator[Found]:
    """Yield start, end and kind of what stands where a secret stands, the surest first.

    The offsets count from `start`, at which a line, or a part of a long one, begins.
    """
    line = text[start:end]
    if "MASKED_" in line:
        yield from ((*match.span(), PLACEHOLDER_KIND) for match in PLACEHOLDER.finditer(line))
    if "@" in line:
        yield from _in_addresses(line, traits)
    if traits.shapes_only or (len(line) >= _LONG_LINE and not traits.long_lines_tell):
        return
    yield from _by_context(line, traits)
    for given in assignments(line):
        if _is_secret(line[given.start : given.end], given, traits):
            yield given.start, given.end, kind_of_secret(given.name, given.tells)
    yield from _grouped(line, text, end, traits)
    if head := pair_head(line):
        yield from _pair(text, start, end, head, traits)
    if not traits.careful:
        yield from _strays(line)


def known_tokens(text: str, start: int, end: int, traits: Traits) -> Iterator[Found]:
    """Yield start, end and kind of what has the shape of a known service's key."""
    line = text[start:end]
    for position in token_starts(line):
        if not (found := token_at(line, position)):
            continue
        kind, first, last = found
        if kind == "password-hash":
            if not traits.careful:
                yield first, last, kind
        elif is_drawn_token(line[first:last]):
            yield first, last, kind
            if kind == "twilio-key":
                yield from _twilio_tokens(text, start, end)


def _twilio_tokens(text: str, start: int, end: int) -> Iterator[Found]:
    """Yield the tokens, which have no shape of their own, on an account's line or next to it."""
    first = text.rfind("\n", max(0, start - _LONG_LINE), max(0, start - 1)) + 1
    first = first if 0 < first < start else start
    last = text.find("\n", end + 1, end + _LONG_LINE)
    last = min(len(text), end + _LONG_LINE) if last < 0 else last
    for match in _TWILIO_TOKEN.finditer(text, first, last):
        line = text[text.rfind("\n", first, match.start()) + 1 : match.start()]
        if looks_random(match[0]) and not _OPEN_LINE.search(line):
            yield match.start() - start, match.end() - start, "twilio-key"


def _grouped(line: str, text: str, end: int, traits: Traits) -> Iterator[Found]:
    below = values_below(line, text, end, traits.yaml)
    for name, tells, value, first in (*values_beside(line, traits.bare), *below):
        if looks_secret(value, tells, traits.careful):
            yield first, first + len(value), kind_of_secret(name, tells)


def _in_addresses(line: str, traits: Traits) -> Iterator[Found]:
    if "://" in line:
        yield from _urls(line, _URL, traits)
    if "@tcp(" in line or "@unix(" in line:
        yield from _urls(line, _DSN, traits)
    for match in _SENTRY.finditer(line) if "sentry" in line else ():
        if looks_random(match["key"]):
            yield *match.span("key"), "url-password"


def _urls(line: str, pattern: re.Pattern[str], traits: Traits) -> Iterator[Found]:
    for match in pattern.finditer(line):
        password = unquote(match["password"])
        if not is_stand_in(password) and _is_url_password(password, match["host"], traits.careful):
            yield *match.span("password"), "url-password"


def _is_url_password(password: str, host: str, careful: bool) -> bool:
    if careful and "example" not in host and len(password) >= 8 and is_mixed(password):
        return True
    if careful or "example" in host:
        return looks_random(password) or looks_chosen(password, careful=True)
    is_word = password.isalnum() and len(password) >= 6
    return is_word or looks_random(password) or looks_chosen(password, careful=False)


def _by_context(line: str, traits: Traits) -> Iterator[Found]:
    """Yield what stands where only a secret stands: HTTP's authorization, SQL, calls, curl."""
    lower = line.lower()
    if "bearer" in lower or "basic" in lower:
        for match in _HEADER.finditer(line):
            if looks_secret(match["value"], Tells.KEY, careful=False):
                yield *match.span("value"), "authorization"
    for word, pattern in _BY_WORD:
        for match in pattern.finditer(line) if word in lower else ():
            group = match.lastgroup or ""
            if looks_secret(match[group], Tells.PASSWORD, traits.careful):
                yield *match.span(group), "password"
    for call in _CONNECT.finditer(line) if "connect" in lower or "sequelize" in lower else ():
        yield from _arguments(line, *call.span())


def _arguments(line: str, start: int, end: int) -> Iterator[Found]:
    for match in _ARGUMENT.finditer(line, start, end):
        if not is_stand_in(match["value"]) and looks_chosen(match["value"], careful=True):
            yield *match.span("value"), "password"


def _is_secret(value: str, given: Assignment, traits: Traits) -> bool:
    if given.quoted:
        is_vector = traits.careful and is_hex(value) and _NAMES_OF_VECTORS.search(given.name)
        return not is_vector and looks_secret(value, given.tells, traits.careful)
    if given.in_shell and not traits.bare:
        return looks_secret(value, given.tells, traits.careful or not is_mixed(value))
    if not (traits.bare or given.in_string or given.in_comment):
        return False
    if is_call(value) and not given.name.isupper():
        return False
    careful = traits.careful or (given.in_comment and not traits.bare)
    return looks_secret(value, given.tells, careful) or (not careful and _is_word(value, given))


def _is_word(value: str, given: Assignment) -> bool:
    """Tell whether a plain word is an environment's password: DB_PASSWORD=sunflower."""
    if given.tells is not Tells.PASSWORD or not given.name.isupper():
        return False
    return value.isalpha() and len(value) >= 6 and not is_stand_in(value)


def _pair(
    text: str, start: int, end: int, head: tuple[str, int], traits: Traits
) -> Iterator[Found]:
    name, behind = head
    line_start, line_end = start, end
    for _ in range(_LINES_OF_A_PAIR):
        given = pair_tail(name, text[line_start:line_end], behind)
        if given:
            value = text[line_start + given.start : line_start + given.end]
            if looks_secret(value, given.tells, traits.careful):
                shift = line_start - start
                yield given.start + shift, given.end + shift, kind_of_secret(name, given.tells)
            return
        behind, line_start = 0, min(len(text), line_end + 1)
        most = min(len(text), line_start + _LONG_LINE)
        line_end = text.find("\n", line_start, most)
        line_end = most if line_end < 0 else line_end


def _strays(line: str) -> Iterator[Found]:
    """Yield quoted random values without a telling name on a line that tells of secrets."""
    for match in _QUOTED.finditer(line):
        value = match["value"]
        random = mixes_all(value) and looks_random(value) and not is_stand_in(value)
        if random and _TELLING_LINE.search(line) and not _OPEN_LINE.search(line):
            yield *match.span("value"), "high-entropy"
