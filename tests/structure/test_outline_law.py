"""The law of lines: what an outline keeps and what it says it leaves out is the file, line by line.

Held over our own files, over files that come with Python and its packages, and over the golden
sources as they are, in another language, and mangled.
"""

from __future__ import annotations

import os
import re
import sysconfig
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.structure.definitions import definitions
from copilot.structure.grammars import grammar_named, grammar_of, is_installed
from copilot.structure.outline import Outline, outline
from copilot.structure.references import references

_HERE = Path(__file__)
_REPOSITORY = _HERE.parents[2]
_MARK = re.compile(r"\s*… (\d+) lines?\r?\n?")
_LARGEST = 60_000
_FILES_EACH = 6
_FOREIGN_EACH = 5


def _golden() -> dict[str, list[tuple[str, str]]]:
    """Return the names and texts of the golden sources of each language that is installed."""
    made = defaultdict(list)
    for case in sorted((_HERE.parent / "cases").glob("*/*.txt")):
        head, _, rest = case.read_bytes().decode().partition("\n")
        if is_installed(grammar_named(case.parent.name)):
            source = rest.partition("\n--- outline")[0] + "\n"
            made[case.parent.name].append((head.removeprefix("--- source: "), source))
    return dict(made)


_GOLDEN = _golden()
_LANGUAGES = sorted(_GOLDEN)
_NAMES = {language: cases[0][0] for language, cases in _GOLDEN.items()}


def _lines(text: str) -> list[str]:
    """Split after line feeds alone: no other character ends a line of a file."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _assert_law(text: str, made: Outline | None) -> None:
    """Walk along file and outline: each line is the file's own next one, or a mark."""
    assert made is not None
    source, row, left_out = _lines(text), 0, 0
    for line in _lines(made.text):
        if row < len(source) and line == source[row]:
            row += 1
            continue
        mark = _MARK.fullmatch(line)
        assert mark, line
        row += int(mark[1])
        left_out += int(mark[1])
    assert row == len(source) == made.kept_lines + made.left_out_lines
    assert left_out == made.left_out_lines
    assert len(made.text) <= len(text)
    assert len(made.text.encode("utf-8", "replace")) <= len(text.encode("utf-8", "replace"))


def _assert_definitions(name: str, data: bytes) -> None:
    """Assert that definitions and references lie in the file; a documentation has one line."""
    count = data.count(b"\n") + 1
    for each in definitions(name, data):
        assert 1 <= each.start_line <= each.end_line <= count
        assert "\n" not in each.doc
        assert each.doc == each.doc.strip()
    assert all(1 <= each.line <= count for each in references(name, data))


def _files(folder: Path) -> Iterator[Path]:
    for around, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "cases")))
        yield from (Path(around, name) for name in sorted(names))


def _ours() -> list[Path]:
    folders = ("benchmarks", "copilot", "docs", "tests", ".github")
    found = [path for name in folders for path in _files(_REPOSITORY / name)]
    found += [path for path in sorted(_REPOSITORY.iterdir()) if path.is_file()]
    return [path for path in found if _is_read(path)]


def _is_read(path: Path) -> bool:
    grammar = grammar_of(path.name)
    return grammar is not None and is_installed(grammar) and path.is_file()


@pytest.mark.parametrize("members", [True, False])
def test_our_own_files(members: bool) -> None:
    ours = _ours()
    assert {"outline.py", "README.md", "pyproject.toml"} <= {path.name for path in ours}
    for path in ours:
        text = path.read_bytes().decode()
        made = outline(path.name, text, members=members)
        _assert_law(text, made)
        assert made is not None
        assert path.suffix != ".py" or made.errors == ()


def _installed_files() -> list[Path]:
    """Return some files of each language among those of Python and of its packages."""
    chosen: dict[str, list[Path]] = defaultdict(list)
    library = Path(sysconfig.get_path("stdlib"))
    folders = (Path(sysconfig.get_path("purelib")), library / "idlelib", library / "pydoc_data")
    for path in (path for folder in folders for path in _files(folder)):
        grammar = grammar_of(path.name)
        some = chosen[grammar.language] if grammar else []
        if grammar and is_installed(grammar) and len(some) < _FILES_EACH:
            some += [path] * (path.stat().st_size < _LARGEST)
    return [path for some in chosen.values() for path in some]


def test_files_of_python_and_its_packages() -> None:
    files = _installed_files()
    assert {".py", ".h", ".md"} <= {path.suffix for path in files}
    for path in files:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        for members in (True, False):
            _assert_law(text, outline(path.name, text, members=members))
        _assert_definitions(path.name, path.read_bytes())


@pytest.mark.parametrize("language", _LANGUAGES)
def test_golden_sources(language: str) -> None:
    for name, text in _GOLDEN[language]:
        for variant in (text, text.replace("\n", "\r\n").rstrip(), text.replace("}", "")):
            for members in (True, False):
                _assert_law(variant, outline(name, variant, members=members))
            _assert_definitions(name, variant.encode())


@pytest.mark.parametrize("language", _LANGUAGES)
def test_sources_of_another_language(language: str) -> None:
    first = _LANGUAGES.index(language) + 1
    for other in (_LANGUAGES * 2)[first : first + _FOREIGN_EACH]:
        _, text = _GOLDEN[other][0]
        for members in (True, False):
            _assert_law(text, outline(_NAMES[language], text, members=members))
        _assert_definitions(_NAMES[language], text.encode())


_PLACES = st.floats(0, 1, exclude_max=True)
_STEPS = st.lists(
    st.tuples(st.sampled_from(["cut", "repeat", "delete", "byte"]), _PLACES, st.integers(0, 255)),
    min_size=1,
    max_size=4,
)


def _mangled(data: bytes, steps: list[tuple[str, float, int]]) -> bytes:
    """Cut bytes, repeat or delete lines, and put bytes in that may be no text."""
    for what, place, number in steps:
        if what in ("cut", "byte"):
            at = int(place * len(data))
            size, new = (number, b"") if what == "cut" else (1, bytes([number]))
            data = data[:at] + new + data[at + size :]
            continue
        lines = data.split(b"\n")
        at = int(place * len(lines))
        some = lines[at : at + 1 + number % 8]
        lines[at : at + len(some)] = some * 2 if what == "repeat" else []
        data = b"\n".join(lines)
    return data


@pytest.mark.parametrize("language", _LANGUAGES)
@settings(max_examples=10, deadline=None)
@given(choice=_PLACES, steps=_STEPS, members=st.booleans())
def test_mangled_sources(
    language: str, choice: float, steps: list[tuple[str, float, int]], members: bool
) -> None:
    cases = _GOLDEN[language]
    name, source = cases[int(choice * len(cases))]
    data = _mangled(source.encode(), steps)
    text = data.decode("utf-8", "surrogateescape")
    _assert_law(text, outline(name, text, members=members))
    _assert_definitions(name, data)


_PIECES = st.sampled_from(
    [
        *("def f(a,", "b):", "class A:", "pass", "x = ", "function g()", "=>", "(", ")", "{", "}"),
        *("\n", "\r\n", "\r", "    ", "\t", ";", '"""', "// no", "# c", "/* ", "*/"),
        *("é", "\x0c", "\0", "\ud800"),
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join), st.sampled_from(_LANGUAGES), st.booleans())
def test_any_text(text: str, language: str, members: bool) -> None:
    name = _NAMES[language]
    made = outline(name, text, members=members)
    _assert_law(text, made)
    assert outline(name, text, members=members) == made
