from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.workspace.encodings import Text, read_text

WRITTEN = {
    "utf-8": "Größe, naïve – 日本語\n",
    "utf-16": "wide Ω 日本語\n",
    "utf-32": "wider\n",
    "cp1252": "/* Änderung der Größe: für alle Geräte müssen Maße übereinstimmen */\n",
    "cp1251": "# Привет мир, это русский текст для проверки\n" * 3,
    "koi8_r": "# Привет мир, это русский текст для проверки\n" * 3,
    "cp1250": "# Příliš žluťoučký kůň úpěl ďábelské ódy\n" * 3,
    "cp932": "# 日本語のコメントです。文字コードを判定します\nx = 1\n" * 3,
    "euc_jp": "# 日本語のコメントです。文字コードを判定します\n" * 3,
    "gb18030": "# 这是一个中文注释，用于检测编码\n" * 3,
    "big5": "# 這是一個中文註解，用於檢測編碼\n" * 3,
    "cp949": "# 한국어 주석입니다. 인코딩을 감지합니다\n" * 3,
}


@pytest.mark.parametrize("encoding", WRITTEN)
def test_text_is_read_in_the_encoding_it_was_written_in(encoding: str) -> None:
    assert read_text(WRITTEN[encoding].encode(encoding)) == Text(WRITTEN[encoding], encoding)


def test_ascii_around_changes_no_guess() -> None:
    code = "x = 1  # plain\n" * 20_000
    text = code + WRITTEN["cp932"] + code
    assert read_text(text.encode("cp932")) == Text(text, "cp932")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"# Jos\xe9\r\nx\r\n", Text("# José\nx\n", "cp1252")),
        (b"\xff\xfea\0\r\0\n\0", Text("a\n", "utf-16")),
        (b"\xfe\xff\0a", Text("a", "utf-16")),
        (b"\xff\xfe\0\0a\0\0\0", Text("a", "utf-32")),
        (b"\xff\xfe", Text("", "utf-16")),
        (b"\xef\xbb\xbfa\n", Text("a\n", "utf-8")),
    ],
)
def test_few_bytes(data: bytes, text: Text) -> None:
    assert read_text(data) == text


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0",
        b"a\0b",
        "no mark".encode("utf-16-le"),
        b"\xff\xfea",
        b"\xff\xfe\0\xd8a\0",
        b"\xff\xfea\0\0\0b\0",
        b"caf\xe9\x01",
        b"undefined in cp1252: \x81",
        bytes(range(128, 256)) * 40,
    ],
)
def test_no_text(data: bytes) -> None:
    assert read_text(data) is None


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_not_and_text_has_no_controls(data: bytes) -> None:
    read = read_text(data)
    assert read is None or "\0" not in read.text
    assert read is None or "\r\n" not in read.text
