"""Colours of lines and of files."""

from __future__ import annotations

from importlib import import_module

import pytest

from copilot.tui.syntax import LANGUAGES, MAX_LENGTH, Colours, spans

TEXT = b'x = """\ndef no(): pass\n"""\ndef yes(): pass\n'


def kinds(path: str, line: bytes) -> dict[str, str]:
    text = line.decode()
    return {text[span.start : span.end]: span.kind for span in spans(path, line)}


def lines_of(path: str, text: bytes, colours: Colours | None = None) -> list[list[tuple[str, str]]]:
    """Return each line's coloured words as a file's colours have them."""
    colours = colours or Colours()
    lines = text.splitlines(keepends=True)
    found = [colours.line(path, text, n, line) for n, line in enumerate(lines, 1)]
    return [
        [(line[s.start : s.end].decode(), s.kind) for s in coloured]
        for line, coloured in zip(lines, found, strict=True)
    ]


def test_lexer_follows_the_file_name() -> None:
    line = b"def total(x): return 1  # sum"
    assert kinds("src/a.py", line) == {
        "def": "keyword",
        "total": "definition",
        "return": "keyword",
        "1": "number",
        "# sum": "comment",
    }
    assert kinds("Makefile", b"# sum") == {"# sum": "comment"}


@pytest.mark.parametrize(("suffix", "language"), LANGUAGES.items())
def test_language_is_the_one_pygments_finds_by_the_name(suffix: str, language: str) -> None:
    # Pygments ships no type information.
    lexers = import_module("pygments.lexers")
    by_name = lexers.get_lexer_for_filename(f"a{suffix}")
    assert type(lexers.get_lexer_by_name(language)) is type(by_name)


def test_unknown_names_and_very_long_lines_are_plain() -> None:
    assert spans("notes.unknown", b"def f(): pass") == ()
    assert spans("", b"def f(): pass") == ()
    assert spans("a.py", b"x = 1;" * MAX_LENGTH) == ()


def test_spans_are_characters_of_the_line_as_it_is() -> None:
    span = spans("a.py", "\t'é' #漢\x1b\r\n".encode())[0]
    assert (span.start, span.end, span.kind) == (1, 4, "string")


def test_text_of_several_lines_is_coloured_as_text() -> None:
    assert lines_of("a.py", TEXT)[1:] == [
        [("def no(): pass", "string")],
        [('"""', "string")],
        [("def", "keyword"), ("yes", "definition"), ("pass", "keyword")],
    ]


def test_large_file_is_coloured_step_by_step() -> None:
    text = TEXT * 200
    colours = Colours()
    assert lines_of("a.py", text, colours)[-3] == [
        ("def", "keyword"), ("no", "definition"), ("pass", "keyword"),
    ]  # fmt: skip
    steps = [colours.step() for _ in range(20)]
    assert steps.index(True) > 1
    assert colours.is_done
    assert lines_of("a.py", text, colours)[-3] == [("def no(): pass", "string")]


def test_file_with_a_very_long_line_is_coloured_line_by_line() -> None:
    text = TEXT + b"y = '" + b"y" * MAX_LENGTH + b"'\n"
    colours = Colours()
    coloured = lines_of("a.py", text, colours)
    assert coloured[1] == [("def", "keyword"), ("no", "definition"), ("pass", "keyword")]
    assert coloured[-1] == []
    assert colours.is_done


def test_file_that_is_forgotten_is_coloured_again() -> None:
    colours = Colours()
    texts = [TEXT + b"# %d\n" % number for number in range(20)]
    assert len({str(lines_of("a.py", text, colours)[:4]) for text in texts * 2}) == 1


def test_file_that_a_lexer_is_slow_with_is_given_up() -> None:
    text = b" \n" * 60_000 + b"x = 1\n"
    colours = Colours()
    assert colours.line("a.c", text, 60_000, b" \n") == ()
    for _ in range(100):
        colours.step()
    assert colours.is_done
    assert colours.line("a.c", text, 60_001, b"x = 1\n")[0].kind == "number"
