"""Colours of single lines."""

from __future__ import annotations

from copilot.tui.syntax import MAX_LENGTH, spans


def kinds(path: str, line: bytes) -> dict[str, str]:
    text = line.decode()
    return {text[span.start : span.end]: span.kind for span in spans(path, line)}


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


def test_unknown_names_and_very_long_lines_are_plain() -> None:
    assert spans("notes.unknown", b"def f(): pass") == ()
    assert spans("", b"def f(): pass") == ()
    assert spans("a.py", b"x = 1;" * MAX_LENGTH) == ()


def test_spans_fit_the_text_as_it_is_shown() -> None:
    span = spans("a.py", b"\tpass\x1b\r\n")[0]
    assert (span.start, span.end, span.kind) == (4, 8, "keyword")
