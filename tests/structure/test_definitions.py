from __future__ import annotations

import pytest

from copilot.structure.definitions import Definition, definitions
from copilot.structure.grammars import missing_grammar

SOURCE = b'''\
LIMIT = 3

@decorate(
    1)
class A(B):
    """Doc."""
    size: int = 0

    def method(
        self, x: int = 1,
    ) -> int:
        def inner(): return x
        return inner()
'''


def test_a_definition_knows_its_name_kind_parent_lines_and_signature() -> None:
    assert definitions("a.py", SOURCE) == (
        Definition("LIMIT", "variable", None, 1, 1, "LIMIT = 3"),
        Definition("A", "class", None, 3, 13, "@decorate(\n    1)\nclass A(B):", "Doc."),
        Definition("size", "field", "A", 7, 7, "size: int = 0"),
        Definition(
            "method", "method", "A", 9, 13, "def method(\n        self, x: int = 1,\n    ) -> int:"
        ),
        Definition("inner", "function", "A.method", 12, 12, "def inner():"),
    )


def test_a_file_of_no_known_language_defines_nothing() -> None:
    assert definitions("a.txt", SOURCE) == ()


def test_bytes_that_are_no_utf8_do_not_disturb() -> None:
    found = definitions("a.py", b"# caf\xe9\ndef f(\xe9):\n    pass\n\ndef g():\n    pass\n")
    assert "g" in [d.name for d in found]


def test_code_after_a_mistake_is_still_found() -> None:
    found = definitions("a.py", b"def f(:\n    pass\n\ndef g():\n    pass\n")
    assert [(d.name, d.start_line) for d in found][-1] == ("g", 4)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.ex", b"defmodule A do\n  # \xe9\n  def f(x), do: x\nend\n"),
        ("Makefile", b"a: \x80b\n\techo \xe9\n\nf:\n\techo\n"),
        ("a.css", b"/* \xff */\n.f { color: red }\n"),
    ],
)
def test_queries_that_compare_texts_read_bytes_that_are_no_utf8(path: str, data: bytes) -> None:
    if missing_grammar(path):
        pytest.skip(f"needs {missing_grammar(path)}")
    assert [d.name for d in definitions(path, data)][-1].strip(".") == "f"
