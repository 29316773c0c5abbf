"""What a name says of the value that stands behind it."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache


class Tells(IntEnum):
    """How much a name tells: KEY asks for a value that looks random, PASSWORD for little."""

    NOTHING = 0
    KEY = 1
    SECRET = 2
    PASSWORD = 3


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
PASSWORDS = frozenset({"passcode", "passphrase", "passwd", "password", "passwort", "pwd"})
SECRETS = frozenset({"apikey", "credential", "credentials", "creds", "secret", "token"})
# Names that only hint, and most often say no more than "key".
KEYS = frozenset(
    {"auth", "authorization", "bearer", "dsn", "hmac", "key", "pass", "pw", "salt", "seed"}
)
# What a key is for that is a secret: `api_key`.
SECRET_KEYS = frozenset(
    {"access", "account", "api", "app", "application", "auth", "client", "consumer", "crypt"}
    | {"deploy", "encryption", "ingest", "integration", "license", "master", "private"}
    | {"secret", "service", "shared", "signing", "storage", "subscription", "webhook", "write"}
)
# Whose "pass" is a password: `db_pass`.
WHOSE_PASS = frozenset(
    {"admin", "auth", "become", "database", "db", "email", "ftp", "key", "ldap", "login"}
    | {"mail", "mysql", "pg", "postgres", "proxy", "rabbitmq", "redis", "root", "smtp", "sql"}
    | {"ssh", "store", "sudo", "user", "wifi"}
)
_WHOLE_NAMES = frozenset({"masterauth", "pass", "psk", "pw", "requirepass", "wifi_psk", "wpa_psk"})
_GLUED_PASSWORD = re.compile(r"(?:password|passwd|passphrase|pwd)$")
_GLUED_SECRET = re.compile(r"(?:secret|token|(?:api|secret|access|private)key)$")
# Words behind the telling one that change nothing: SECRET_KEY_BASE, password_prod, token2.
_TAILS = frozenset(
    {"base", "current", "data", "default", "dev", "development", "env", "live", "main", "new"}
    | {"old", "plain", "prod", "production", "raw", "staging", "str", "string", "test", "val"}
    | {"value"}
)
# A token or key of these kinds is a number, a word or known to all.
_OPEN = frozenset(
    {"bos", "cache", "cancellation", "change", "cls", "continuation", "cursor", "eos"}
    | {"foreign", "id", "idempotency", "lookup", "mask", "max", "min", "next", "num", "pad"}
    | {"page", "partition", "primary", "public", "publishable", "sep", "site", "sort"}
    | {"special", "stop", "syntax", "unk", "update"}
)


@lru_cache(maxsize=4096)
def what_name_tells(name: str) -> Tells:
    """Judge a name in any case: `DB_PASSWORD`, `stripeSecretKey`, `spring.mail.password`."""
    words = [word.lower() for word in _WORDS.findall(name)]
    while len(words) > 1 and (words[-1] in _TAILS or words[-1].isdigit()):
        words.pop()
    if not words:
        return Tells.NOTHING
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in PASSWORDS or name.lower().lstrip("-$") in _WHOLE_NAMES:
        return Tells.PASSWORD
    if last in {"pass", "pw"} and before in WHOSE_PASS:
        return Tells.PASSWORD
    if before in _OPEN or ("public" in words and "key" in words):
        return Tells.NOTHING
    if last in SECRETS or (last == "key" and before in SECRET_KEYS):
        return Tells.SECRET
    return Tells.KEY if last in KEYS else _what_glued_words_tell(last)


def _what_glued_words_tell(word: str) -> Tells:
    if _GLUED_PASSWORD.search(word):
        return Tells.PASSWORD
    return Tells.SECRET if _GLUED_SECRET.search(word) else Tells.NOTHING


def kind_of_secret(name: str, tells: Tells) -> str:
    """Return the slug for a secret under this name."""
    if tells is Tells.PASSWORD:
        return "password"
    lower = name.lower()
    if "api" in lower and "key" in lower:
        return "api-key"
    return next((slug for slug in ("token", "secret", "key") if slug in lower), "secret")
