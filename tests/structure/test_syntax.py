from __future__ import annotations

from pathlib import Path

import pytest

import copilot
from copilot.structure.grammars import missing_grammar
from copilot.structure.syntax import broken_by, first_error_line

GOOD = b"def f(x):\n    return x\n"

VALID = [
    b"",
    b"\n",
    b"x = 1",
    b"\xef\xbb\xbfx = 1\n",
    b"x = 1\r\ny = 2\r\n",
    b"# -*- coding: latin-1 -*-\n# caf\xe9\nx = '\xe9'\n",
    b"async def f():\n    async with a as b, c:\n        await d\n",
    b"match x:\n    case {'a': [1, *_]} if y:\n        pass\n",
    b"if (n := len(a)) > 1:\n    pass\n",
    b"type X[T] = list[T]\n",
    b"def f[T: int](a: T, /, *, b: T) -> T: ...\n",
    b"try:\n    pass\nexcept* ValueError as e:\n    pass\n",
    b"with (open(a) as b, open(c) as d):\n    pass\n",
    b"f'{a!r:>{width}} {b[\"c\"]}'\n",
    b"lambda *a, **k: (yield)\n",
    b"print 'python 2'\n",
    b"@a.b(c)\nclass D(E, metaclass=F):\n    x: int = 1\n",
]

BROKEN = [
    (b"x = 1\ny = (\nz = 2\n", 2),
    (b"def f(:\n    pass\n", 1),
    (b"x = 1\n\nelse:\n    pass\n", 3),
    (b"a = 1\nb = 'no end\nc = 2\n", 2),
    (b"for x in\n    pass\n", 1),
    (b"x = [1, 2\ny = 3\n", 1),
    (b"a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> x\n", 2),
    (b"a = 1\nb = 2 +\nc = 3\n", 2),
    (b"def f():\n    return 1\n\ndef g(a b):\n    pass\n", 4),
    (b"class A:\n    def f(self):\n        return }\n", 3),
    (b"a = 1\r\nb = )\r\n", 2),
    (b"a = 1\n\0\n", 2),
]


@pytest.mark.parametrize("data", VALID)
def test_code_that_parses_has_no_error(data: bytes) -> None:
    assert first_error_line("src/a.py", data) is None


@pytest.mark.parametrize(("data", "line"), BROKEN)
def test_the_first_error_is_found(data: bytes, line: int) -> None:
    assert first_error_line("src/a.py", data) == line


def test_our_own_source_parses() -> None:
    files = sorted(Path(copilot.__file__).parent.rglob("*.py"))
    assert len(files) > 50
    assert [f for f in files if first_error_line(f.name, f.read_bytes()) is not None] == []


@pytest.mark.parametrize("path", ["a.txt", "a", "Makefile", "a.py.txt", ".py", "a.xyz"])
def test_a_file_that_no_grammar_reads_has_no_error_to_be_seen(path: str) -> None:
    assert first_error_line(path, b"def f(:\n") is None


_UNJUDGED = ["a.yml", "a.md", "Dockerfile", "rules.mk", "CMakeLists.txt", "a.cmake", "a.html"]
_UNJUDGED += ["a.css", "a.scss", "a.vue", "a.svelte", "a.jsonc", "tsconfig.base.json"]
_UNJUDGED += [".vscode/settings.json", "web/jsconfig.json", ".swcrc", "web/.eslintrc.json"]


@pytest.mark.parametrize("path", _UNJUDGED)
@pytest.mark.parametrize("data", [b"{\n,,\n", b"a: [\n", b"<a\n<b>\0", b"\t- x\n}}}\n", b"{% x"])
def test_an_edit_of_a_language_that_is_not_judged_is_never_told(path: str, data: bytes) -> None:
    assert broken_by(path, b"", data) is None
    assert broken_by(path, None, data) is None


@pytest.mark.parametrize(
    ("path", "before", "after", "line"),
    [
        ("package.json", b'{\n  "a": 1\n}\n', b'{\n  "a": 1,\n}\n', 2),
        ("a.json", b"[]\n", b"[\n  1,\n  2 3\n]\n", 3),
        ("pyproject.toml", b"a = 1\n", b"a = 1\nb =\n", 2),
        ("Cargo.toml", b"[a]\n", b"[a\nb = 1\n", 1),
    ],
)
def test_an_edit_that_breaks_a_data_file_is_told(
    path: str, before: bytes, after: bytes, line: int
) -> None:
    if missing_grammar(path):
        pytest.skip(f"needs {missing_grammar(path)}")
    assert broken_by(path, before, after) == line


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.json", b'{"a": [1, 2.5e3, true, null, "\\u00e9"]}\n'),
        ("a.json", b"// A comment.\n{}\n"),
        ("a.json", b'\xef\xbb\xbf{"a": 1}\r\n'),
        ("a.json", b""),
        ("a.toml", b'a."b c".d = 1979-05-27T07:32:00Z\n[[x]]\ny = { z = [\n  1,\n] }\n'),
        ("a.toml", b'a = """\nx "y" z"""\n'),
    ],
)
def test_a_data_file_that_parses_has_no_error(path: str, data: bytes) -> None:
    assert first_error_line(path, data) is None


@pytest.mark.parametrize("path", ["a.PY", "a.pyi", "x.y/a.b.py"])
def test_the_suffix_chooses_the_grammar(path: str) -> None:
    assert first_error_line(path, b"def f(:\n") == 1


@pytest.mark.parametrize(("data", "line"), BROKEN)
def test_an_edit_that_breaks_a_file_is_told(data: bytes, line: int) -> None:
    assert broken_by("a.py", GOOD, data) == line
    assert broken_by("a.py", None, data) == line


def test_an_edit_of_a_file_that_was_broken_is_not_told() -> None:
    assert broken_by("a.py", b"def f(:\n", b"def g(:\n") is None


@pytest.mark.parametrize("before", [None, GOOD, b"def f(:\n"])
def test_an_edit_that_parses_or_deletes_is_not_told(before: bytes | None) -> None:
    assert broken_by("a.py", before, GOOD) is None
    assert broken_by("a.py", before, None) is None
