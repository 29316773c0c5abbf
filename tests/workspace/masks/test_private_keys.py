from __future__ import annotations

import random
import string

import pytest

from copilot.workspace.masks.private_keys import KIND, key_line, private_keys
from copilot.workspace.masks.span import Span

DRAW = random.Random(7)  # noqa: S311
BASE64 = string.ascii_letters + string.digits + "+/"
LINES = ["".join(DRAW.choices(BASE64, k=64)) for _ in range(6)] + [
    "/" + "aB3+" * 15 + "c/=",
    "Kw==",
]
BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"


def _found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in private_keys(text)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("    ", ""),
        ("# ", ""),
        ("// ", ""),
        (" * ", ""),
        ("> ", ""),
        ("\t", "\r"),
        ('"', '\\n"'),
        ("  '", "\\n' +"),
        ("- ", ""),
        ('    b"', '\\n"'),
        ("-", ""),
    ],
)
def test_each_line_of_a_body_is_a_span_of_its_own(before: str, after: str) -> None:
    body = [f"{before}{line}{after}" for line in [BEGIN, *LINES, END]]
    assert _found("x = 1\n" + "\n".join(body) + "\ny = 2\n") == LINES


def test_a_key_within_one_string() -> None:
    for feed in ("\\n", "\\\\n", "\\r\\n"):
        text = f'{{"private_key": "{BEGIN}{feed}{feed.join(LINES[:4])}{feed}{END}{feed}", "id": 1}}'
        assert _found(text) == [feed.join(LINES[:4])]


def test_headers_stay() -> None:
    headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n"
    assert _found(f"{BEGIN}\n{headers}\n" + "\n".join(LINES) + f"\n{END}\n") == LINES


def test_a_body_without_end_ends_where_no_base64_is() -> None:
    assert _found(f"{BEGIN}\n{LINES[0]}\n{LINES[1]}\n\n<p>a b</p>\n{LINES[2]}\n") == LINES[:2]


def test_two_keys() -> None:
    one = f"{BEGIN}\n{LINES[0]}\n{END}\n"
    assert _found(one + one) == [LINES[0]] * 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        BEGIN,
        f"{BEGIN}\n...\n{END}",
        f"{BEGIN}\nyour key here\n{END}",
        f"{BEGIN}\nQUJD\n{END}",
        f"-----BEGIN CERTIFICATE-----\n{LINES[0]}\n-----END CERTIFICATE-----",
        f"-----BEGIN PUBLIC KEY-----\n{LINES[0]}\n-----END PUBLIC KEY-----",
    ],
)
def test_what_is_no_key(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize("line", ["", "a" * 64, "0" * 40, "A1b" * 10, f"{LINES[0]} and more words"])
def test_what_is_no_line_of_a_key(line: str) -> None:
    assert key_line(line) is None


@pytest.mark.parametrize(("before", "after"), [("", ""), ("+  ", ""), ('    "', '\\n"')])
def test_a_line_inside_a_key(before: str, after: str) -> None:
    body = "wb2blnjflVDsjo4XZNLW8/YEX7D/9obg9k30mJNjYP7e2orcLy5/W9VUpZx6PM9+"
    span = key_line(f"{before}{body}{after}")
    assert span == Span(len(before), len(before) + len(body), KIND)
