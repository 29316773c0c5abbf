"""The values of a Kubernetes Secret, whose names say nothing."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator

from copilot.workspace.masks.names import Tells
from copilot.workspace.masks.span import Span
from copilot.workspace.masks.values import is_stand_in, looks_secret

KIND = "secret"
_IS_SECRET = re.compile(r"^kind:[ \t]*[\"']?Secret[\"']?[ \t]*\r?$", re.MULTILINE)
_DOCUMENT_END = re.compile(r"^---", re.MULTILINE)
_MAP = re.compile(
    r"^(?P<map>data|stringData):[ \t]*\r?\n(?P<body>(?:[ \t]+.*\n?|#.*\n?)+)", re.MULTILINE
)
_ENTRY = re.compile(
    r"^[ \t]+[\"']?[\w.-]{1,253}[\"']?:[ \t]+(?P<quote>[\"']?)"
    r"(?P<value>[^\s\"'{}|>!&*][^\s\"']{5,})"
    r"(?P=quote)[ \t]*(?:#.*)?\r?$",
    re.MULTILINE,
)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){1,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def kubernetes_secrets(text: str, careful: bool) -> Iterator[Span]:
    """Yield the values under `data` and `stringData` in YAML documents of `kind: Secret`.

    What is decoded to a word of every manual is none. `careful` asks for strong passwords.
    """
    for start, end in _documents(text):
        if not _IS_SECRET.search(text, start, end):
            continue
        for group in _MAP.finditer(text, start, end):
            for entry in _ENTRY.finditer(text, *group.span("body")):
                encoded = group["map"] == "data"
                if _is_secret(entry["value"], encoded, careful):
                    yield Span(*entry.span("value"), KIND)


def _documents(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for mark in _DOCUMENT_END.finditer(text):
        yield start, mark.start()
        start = mark.end()
    yield start, len(text)


def _is_secret(value: str, encoded: bool, careful: bool) -> bool:
    if not encoded:
        return looks_secret(value, Tells.PASSWORD, careful)
    if len(value) < 8 or is_stand_in(value) or not _BASE64.fullmatch(value):
        return False
    content = b64decode(value).decode("latin-1")
    return not is_stand_in(content) and (not careful or looks_secret(value, Tells.PASSWORD, True))
