from __future__ import annotations

import sys
import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.text import is_harmful, one_line, suffix_of, visible

# Unicode's Prepended_Concatenation_Mark and the joiners of hieroglyphs: formats that are drawn.
_DRAWN_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
_DRAWN_FORMATS |= set(range(0x13430, 0x13440))


def test_every_control_and_invisible_format_is_written_as_an_escape() -> None:
    harmful = [
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and ord(char) not in _DRAWN_FORMATS
        and char not in "\t\n"
    ]
    assert len(harmful) > 2200
    shown = {char: visible(char) for char in harmful}
    assert [f"{ord(char):x}" for char, text in shown.items() if not text.startswith("\\")] == []
    assert all(text.isascii() and text.isprintable() for text in shown.values())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\x07", "a\\x0db\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028end", "line\\u2028end"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("name\udcff", "name\\xff"),
        ("half\ud83d", "half\\ud83d"),
    ],
)
def test_harmful_characters_are_escaped(text: str, shown: str) -> None:
    assert visible(text) == one_line(text) == shown


def test_tab_and_newline_stay_but_on_one_line() -> None:
    assert visible("a\tb\nc") == "a\tb\nc"
    assert one_line("a\tb\nc") == "a\\tb\\nc"
    assert one_line("a\r\nb\r\r\n") == "a\\r\\nb\\x0d\\r\\n"


@pytest.mark.parametrize("text", ["plain", "ä é 日本 😀 → ½", "\\x1b", "\u0301combining", "עברית"])
def test_what_is_drawn_stays(text: str) -> None:
    assert visible(text) == text


@given(st.text(st.characters()))
def test_what_is_shown_can_be_encoded_and_shown_again(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert shown.encode().decode() == shown
    assert not any(is_harmful(character) or character == "\n" for character in one_line(text))
    assert shown.count("\n") == text.count("\n")


@given(st.text(st.sampled_from("aB./ ")))
def test_a_suffix_is_pathlibs(path: str) -> None:
    name = path.rpartition("/")[2]
    assert suffix_of(path) == PurePosixPath(name).suffix.lower()


@pytest.mark.parametrize("character", [*"a é漢\t\n", "\x1b", "\u202e", "\u200b", "\udcff"])
def test_harmful_is_what_is_written_as_an_escape(character: str) -> None:
    assert is_harmful(character) == (visible(character) != character)
