from __future__ import annotations

import pytest

from copilot.structure.boundaries import boundaries, inner_boundaries
from copilot.structure.syntax import first_error_line

PYTHON = b"""#!/usr/bin/env python
\"\"\"Documented.\"\"\"
from __future__ import annotations
import os

# About the next one.
@cache
def first(
    value,
):
    \"\"\"Documented.\"\"\"
    text = \"\"\"
VALUE = 1
\"\"\"
    return text

if os:
    A = 1
else:
    A = 2
"""


def lines_at(data: bytes, offsets: tuple[int, ...]) -> list[bytes]:
    return [data[offset:].split(b"\n")[0] for offset in offsets]


def test_python_takes_lines_between_statements_of_the_top_level() -> None:
    found = boundaries("a.py", PYTHON)
    assert lines_at(PYTHON, found) == [b"import os", b"# About the next one.", b"if os:", b""]


def test_python_takes_lines_in_blocks_too_below_the_documentation() -> None:
    found = inner_boundaries("a.py", PYTHON)
    offsets = tuple(offset for offset, _ in found)
    assert lines_at(PYTHON, offsets) == [b'    text = """', b"    return text"]
    assert {indent for _, indent in found} == {"    "}


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("a.go", b'package a\n\nimport "os"\n\n// A.\nfunc A() {}\n', [b"// A.", b""]),
        ("a.rs", b"#![allow(x)]\nuse a;\n#[test]\nfn b() {}\n", [b"use a;", b"#[test]", b""]),
        ("a.js", b'"use strict";\nlet a; let b;\nf(\n1);\n', [b"let a; let b;", b"f(", b""]),
        ("a.java", b"package a;\nclass A {\n  int x;\n  int y;\n}\n", [b"  int x;", b"  int y;"]),
        ("a.php", b"<?php\nnamespace A;\nf();\ng();\n", [b"f();", b"g();", b""]),
        ("a.c", b"#ifndef A\n#define A\nint a;\nint b;\n#endif\n", [b"int a;", b"int b;", b""]),
        ("a.rb", b"module A\n  B = 1\n  C = 2\nend\n", [b"  B = 1", b"  C = 2", b""]),
        ("a.cc", b"namespace a {\nint b;\nint c;\n}\n", [b"int b;", b"int c;", b""]),
    ],
)
def test_headers_and_what_leads_a_definition_stay_together(
    path: str, data: bytes, expected: list[bytes]
) -> None:
    found = lines_at(data, boundaries(path, data))
    assert [line for line in found if line in expected] == expected
    assert first_error_line(path, data) is None


@pytest.mark.parametrize(
    ("path", "data"),
    [("a.py", b"def broken(:\n    pass\nA = 1\n"), ("a.txt", b"a\nb\n"), ("a.py", b"A = 1\r\n")],
)
def test_what_cannot_be_read_takes_no_line(path: str, data: bytes) -> None:
    assert boundaries(path, data) == ()
    assert inner_boundaries(path, data) == ()
