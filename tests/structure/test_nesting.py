"""Files that nest so deep that a grammar's scanner would write past its buffer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.structure.definitions import definitions
from copilot.structure.grammars import missing_grammar
from copilot.structure.nesting import too_deep
from copilot.structure.outline import outline
from copilot.structure.references import references
from copilot.structure.syntax import broken_by

pytestmark = pytest.mark.skipif(
    missing_grammar("a.md") is not None, reason=f"needs {missing_grammar('a.md')}"
)

DEPTH = 400
MARKDOWN = {
    "quotes": ">" * DEPTH + "x\n",
    "quotes with spaces": "> " * DEPTH + "x\n",
    "lists in one line": "- " * DEPTH + "x\n",
    "lists by tabs": "-\t" * DEPTH + "x\n",
    "numbers": "1. " * DEPTH + "x\n",
    "long numbers": "123456789) " * DEPTH + "x\n",
    "lists by indent": "".join("  " * depth + "- a\n" for depth in range(DEPTH)),
    "empty items": "".join("  " * depth + "-\n" for depth in range(DEPTH)),
    "lists in two steps": "- " * 200 + "a\nlazy\n" + "  " * 200 + "- " * 200 + "a\n",
    "after carriage returns": "a\r" + "> " * DEPTH + "x\r",
    "no line end": "+ " * DEPTH,
}
YAML = {
    "lists in one line": "- " * DEPTH + "x\n",
    "keys by indent": "".join(" " * depth + "a:\n" for depth in range(DEPTH)),
    "questions": "? " * DEPTH + "x\n",
    "empty keys": ": " * DEPTH + "x\n",
    "lists under keys": "".join(f"{' ' * d}a:\n{' ' * d}- \n" for d in range(DEPTH)),
    "tags": "!t " + "- " * DEPTH + "x\n",
    "anchors": "&a " + "- " * DEPTH + "x\n",
    "after a document's start": "--- " + "- " * DEPTH + "x\n",
    "after carriage returns": "a: b\r" + "- " * DEPTH + "x\r",
}
STRINGS = [("a.pl", part * 500) for part in ('"${', "`${", '"@{[', "qq{${", '"$x{', "s{${")]
STRINGS += [("a.kt", part * 2000) for part in ('"${', '"""${')]
DEEP = (
    STRINGS
    + [("a.md", text) for text in MARKDOWN.values()]
    + [("a.yml", text) for text in YAML.values()]
)
DEEP += [("a.md", f"```yaml\n{text}```\n") for text in YAML.values()]
DEEP += [("a.md", f"---\n{text}---\n\n# A\n") for text in YAML.values()]


@pytest.mark.parametrize(("path", "text"), DEEP)
def test_a_file_that_nests_too_deep_ends_nothing(path: str, text: str) -> None:
    made = outline(path, text)
    assert made is not None
    assert made.kept_lines + made.left_out_lines == text.count("\n") + (text[-1:] != "\n")
    definitions(path, text.encode())
    references(path, text.encode())


@pytest.mark.parametrize("text", MARKDOWN.values(), ids=MARKDOWN)
def test_deep_markdown_is_not_parsed(text: str) -> None:
    made = outline("a.md", text)
    assert made is not None
    assert made.text == text
    assert made.errors == ((1, made.kept_lines),)
    assert definitions("a.md", text.encode()) == ()


_PARTS = st.sampled_from(
    ["> ", ">", "- ", "1. ", "  ", "\t", "a", "a: ", "? ", "\n", "\r\n", "!t "]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_PARTS, st.integers(1, 200)), max_size=12))
def test_no_nesting_ends_the_process(parts: list[tuple[str, int]]) -> None:
    text = "".join(part * times for part, times in parts)
    for path in ("a.md", "a.yaml"):
        assert outline(path, text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "- " * 20 + "deep\n",
        "> > > quote\n",
        "-" * 2000 + "\n",
        "*" * 2000 + "\n",
        "| a " * 500 + "|\n",
        "a " + "> " * 500 + "\n",
        " " * 450 + "far right\n",
    ],
)
def test_usual_markdown_is_not_too_deep(text: str) -> None:
    assert not too_deep("markdown", text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a:\n  b:\n    - c: |\n" + "".join(" " * (6 + n % 40) + "x\n" for n in range(500)),
        "a: '" + '{"b": 1}, ' * 500 + "'\n",
        "- a - b - c\n" * 500,
        " " * 500 + "far: right\n",
    ],
)
def test_usual_yaml_is_not_too_deep(text: str) -> None:
    assert not too_deep("yaml", text.encode())


def test_usual_strings_are_not_too_deep() -> None:
    assert not too_deep("perl", b'print "$h{a}[0] @{[ map { $_ } @x ]}";\n' * 500)
    assert not too_deep("kotlin", b'val a = "${b("${c}")}"\n' * 2000)


def test_an_edit_that_nests_too_deep_is_not_judged() -> None:
    for path, text in STRINGS:
        assert broken_by(path, b"", text.encode()) is None


def test_other_languages_have_no_such_bound() -> None:
    assert not too_deep("python", b"> " * 1000)
