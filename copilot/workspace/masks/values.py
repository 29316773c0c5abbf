"""Whether a value looks like a real secret or like what stands in for one."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from copilot.workspace.masks.names import Tells

LEAST_RANDOM = 16
_TEMPLATE = re.compile(
    r"""\$\{|\$\(|\#\{|\{\{|\{%|<%|%\(\w|\{\w*\}|<[\w -]+>|^\$[A-Za-z_]\w*$|^%\w+%$|^@[\w.]+@$
    |(?:^|[\s:/_-])%[sdr](?:$|[\s:/_-])|%0\d+l*[xud](?:$|\W)|\[[^\]]*\w-\w[^\]]*\]
    |^__\w+__$|^\[.*\]$|^\{.*\}$|^<.*>$
    |^(?:enc[\[(]|(?:arn|data|enc|env|file|kms|secret|ssm|urn|vault):|op://|ref\+)
    |\bos\.environ|process\.env|getenv|\.\.\.|…|\*\*\*|x{4}|\\[wd][+*{]|\(\?|MASKED_""",
    re.VERBOSE | re.IGNORECASE,
)
_STAND_IN = re.compile(
    r"""change[\W_]?(?:me|it|this)|example|dummy|placeholder|redacted|replace|insert|your|fake|sample
    |not[\W_]?(?:a[\W_]?|so[\W_]?|very[\W_]?)?(?:secret|real|secure|used)|insecure|unsafe|invalid
    |todo|fixme|secret[\W_]?key|default""",
    re.VERBOSE | re.IGNORECASE,
)
_SAYS_WHAT_IT_IS = re.compile(
    r"""(?:my|some|super|top|very|test|any|the|new|old)[\W_]*
    (?:secret|password|passwd|pass|token|key|api|value)""",
    re.VERBOSE | re.IGNORECASE,
)
_STOCK = frozenset(
    {"abc", "abcd", "admin", "administrator", "apikey", "auth", "bar", "baz", "bearer"}
    | {"blank", "creds", "default", "demo", "dev", "empty", "false", "foo", "foobar", "guest"}
    | {"hello", "hidden", "key", "letmein", "login", "mysql", "nil", "nobody", "none", "null"}
    | {"number", "object", "off", "on", "optional", "pass", "passphrase", "passwd", "password"}
    | {"postgres", "prod", "pwd", "qwerty", "required", "root", "secret", "sekrit", "sesame"}
    | {"string", "supersecret", "temp", "test", "tester", "testing", "text", "token", "true"}
    | {"undefined", "unknown", "user", "username", "value", "welcome", "world", "yes"}
)
# Public keys and certificates, in DER or OpenSSH's format, in base64.
_PUBLIC = re.compile(
    r"^(?:MIIBI|MIGfM|MFkwE|MHYwE|MCowBQ|MII[CDEF]\w{2}CC|AAAA[BCE][123]N"
    r"|LS0tLS1CRUdJTiBD|LS0tLS1CRUdJTiBQVU)"
)
_PLACE = re.compile(
    r"^(?:\.{1,2}/|~/|/[a-z0-9_.-]{2,}(?:/|$)|/$|[\w+.:-]{2,24}://|[A-Za-z]:\\|www\.)"
    r"|^[\w./-]+\.[a-z]{1,4}$|^\\\\|^[^\s:]+:\S+@(?:tcp|unix)\("
)
_HASHED = re.compile(r"^\$?[a-z][a-z0-9_-]{1,20}\$|^\$\d\w?\$|^\{\w+\}")
_CALL = re.compile(r"[A-Za-z_][\w.]*[(\[]")
_EMAIL = re.compile(r"^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$")
_LETTERS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NO_NAME = re.compile(r"[^\w./:-]")
_NOT_TYPED = re.compile(r"\w{3,} \w{3,}|\\[wdsbWDS]")
_NUMBERS = re.compile(r"[0-9]+")
# Letters of one case in a row, on average, in what was drawn: with no, one and more numbers in it.
_LONGEST_PIECES = (2.6, 3.2, 4.2)
_LONGEST_PIECES_OF_LONG = (3.8, 4.0, 4.2)
_WORD_AND_NUMBER = re.compile(r"^[\W_]*([A-Za-z]+)[\W_]?(\d{0,4}|12345\d*)[\W_]*$")
_RANDOM_LETTERS = re.compile(r"^[A-Za-z0-9+/_.~=-]+$")
_HEX = re.compile(r"^(?:0x)?(?:[0-9a-f]{16,}|[0-9A-F]{16,})$")
UUID = re.compile(r"^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_FILLING = re.compile(r"example|x{6}|0{8}|1234567890abc|abcdefghij|\*{4}|\.{3}", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"[A-Z]?[a-z]{2,}\W*|[A-Z]{3,}\W*|\d+\W*|a|I|\W*")
_SHORT_WORD = 2
_LONGEST_STAND_IN = 40
_DATE = re.compile(r"^\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}")


def bits_per_character(value: str) -> float:
    """Return Shannon's entropy of the characters of `value`."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts) if value else 0.0


@lru_cache(maxsize=4096)
def looks_random(value: str, least: int = LEAST_RANDOM) -> bool:
    """Tell whether a program drew this value: digits among letters, no words, no order."""
    if len(value) < least or _PLACE.match(value):
        return False
    if not _RANDOM_LETTERS.match(value):
        return _looks_typed_at_random(value)
    if _HEX.match(value) or UUID.match(value):
        return len(set(value)) >= 8 and not _is_ordered(value)
    return _is_drawn(value) and bits_per_character(value) >= 3.2 and not _is_ordered(value)


def _looks_typed_at_random(value: str) -> bool:
    """Tell whether a long value mixes all of ASCII, as WordPress' salts do, and is no pattern."""
    many = len(value) >= 32 and value.isascii() and len(_NO_NAME.findall(value)) >= 6
    return many and not _NOT_TYPED.search(value) and _is_drawn(value) and mixes_all(value)


def _is_drawn(value: str) -> bool:
    """Tell whether letters, capitals and digits change too often for words, names and versions."""
    numbers = len(_NUMBERS.findall(value))
    if not numbers and value in {value.lower(), value.upper()}:
        return False
    limits = _LONGEST_PIECES if len(value) < 20 else _LONGEST_PIECES_OF_LONG
    return _mean_piece(value) < limits[min(numbers, 2)]


def _mean_piece(value: str) -> float:
    """Return how many letters stand together on average, a capital before small ones included."""
    pieces = _LETTERS.findall(value)
    return sum(map(len, pieces)) / len(pieces) if pieces else math.inf


def _is_ordered(value: str) -> bool:
    """Tell whether most characters follow from the one before (0123…, aaaa…, abcabc…)."""
    steps = Counter(ord(second) - ord(first) for first, second in pairwise(value))
    half = value[: len(value) // 2]
    return max(steps.values()) * 3 > len(value) or value in half * 3 or value[1:8] * 2 in value


def is_stand_in(value: str) -> bool:
    """Tell whether a value is a template, an example, a path or a word that is in every manual."""
    if any(marks.search(value) for marks in (_TEMPLATE, _PLACE, _DATE, _PUBLIC)):
        return True
    if (
        len(set(value)) < 4
        or "example" in value.lower()
        or (len(value) <= _LONGEST_STAND_IN and _STAND_IN.search(value))
    ):
        return True
    if _SAYS_WHAT_IT_IS.search(value) and len(value) <= _LONGEST_STAND_IN and _kinds(value) < 4:
        return True
    return len(value) < LEAST_RANDOM and _is_stock(value)


def _is_stock(value: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Za-z]+", value) if len(word) > _SHORT_WORD]
    return bool(words) and _STOCK.issuperset(words)


def _kinds(value: str) -> int:
    """Count which of small letters, capitals, digits and marks stand in `value`."""
    return sum(bool(re.search(kind, value)) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]", _NO_NAME))


def looks_like_words_drawn(value: str) -> bool:
    """Tell whether a value is made of a few short drawn pieces with blanks between."""
    words = value.split(" ")
    if not (2 <= len(words) <= 6 and value.isascii() and len(value) >= 10):
        return False
    return all(len(word) <= 8 and not _PLAIN_WORD.fullmatch(word) for word in words) and any(
        _kinds(word) >= 3 for word in words
    )


def looks_chosen(value: str, careful: bool) -> bool:
    """Tell whether a person chose this value as a password: no word, name or sentence.

    `careful` asks for what nobody writes into a test or a manual by chance.
    """
    if not value.isascii() or " " in value.strip() or not value.isprintable():
        return False
    kinds = _kinds(value)
    digit = any(map(str.isdigit, value))
    if careful:
        return len(value) >= 9 and kinds >= 3 and digit and (kinds == 4 or _is_drawn(value))
    if _WORD_AND_NUMBER.match(value) and not _is_drawn(value):
        return digit and len(value) >= 6
    if _NO_NAME.search(value):
        return len(value) >= 6 and digit and not _EMAIL.match(value)
    if value.isalnum() and len(_NUMBERS.findall(value)) > 1:
        # Words with numbers between them, as people make passwords.
        return len(value) >= 8
    return len(value) >= 8 and (_is_drawn(value) or (kinds == 3 and _mean_piece(value) < 4.4))


def looks_secret(value: str, tells: Tells, careful: bool) -> bool:
    """Judge a literal under a name that `tells` something."""
    if is_stand_in(value) or (careful and _HASHED.match(value)):
        return False
    if tells is Tells.KEY:
        if careful or UUID.match(value) or value.isalpha():
            return False
        return looks_random(value, 20)
    if looks_random(value):
        return not (careful and UUID.match(value))
    if tells is Tells.SECRET:
        return not careful and len(value) >= 8 and looks_chosen(value, careful=True)
    return looks_chosen(value, careful) or (not careful and looks_like_words_drawn(value))


def is_drawn_token(token: str) -> bool:
    """Tell whether a token of a known shape was drawn, not typed as an example or as a name."""
    drawn = any(map(str.isdigit, token)) or _is_drawn(token)
    return drawn and bits_per_character(token) >= 2.5 and not _FILLING.search(token)


def is_mixed(value: str) -> bool:
    """Tell whether small letters, capitals and digits stand in `value` in no order of words."""
    return _kinds(value) >= 3 and any(map(str.isdigit, value)) and _is_drawn(value)


def mixes_all(value: str) -> bool:
    """Tell whether small letters, capitals and digits stand in `value`, almost all different."""
    kinds = (r"[a-z]", r"[A-Z]", r"\d")
    return all(re.search(kind, value) for kind in kinds) and bits_per_character(value) >= 4.2


def is_call(value: str) -> bool:
    """Tell whether a value without quotes is an expression: `hasher.encode(x`, `args[1`."""
    return _CALL.match(value) is not None


def is_hex(value: str) -> bool:
    """Tell whether a value is sixteen or more hexadecimal digits."""
    return _HEX.match(value) is not None
