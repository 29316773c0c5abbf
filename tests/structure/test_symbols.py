from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from copilot.cache import Cache
from copilot.structure.embedded import Parsed, parse
from copilot.structure.grammars import Grammar, missing_grammar
from copilot.structure.outliner import Outliner
from copilot.structure.symbols import FileSymbols, SymbolReader, defined_in, packed_symbols
from copilot.workspace.contents import blob_id
from copilot.workspace.model import Part, SourceFile

CASES = [
    (
        "models.py",
        "import os.path\nfrom .base import Base\n\nLIMIT = 3\n\n"
        "class Order(Base):\n    total: int = 0\n    def pay(self) -> Receipt:\n"
        "        check(self)\n        check(self.total)\n        return bank.send(self)\n",
        FileSymbols(
            "python",
            (("LIMIT", "variable"), ("Order", "class"), ("pay", "function"), ("total", "field")),
            (("Base", 1), ("Receipt", 1), ("check", 2), ("int", 1), ("send", 1)),
            (".base", "os.path"),
        ),
    ),
    (
        "store.go",
        'package store\nimport "example.com/app/db"\n'
        "type Store struct{}\nfunc (s *Store) Get(k Key) { db.Open(k) }\n",
        FileSymbols(
            "go",
            (("Get", "method"), ("Store", "struct")),
            (("Key", 1), ("Open", 1), ("Store", 2)),
            ("example.com/app/db",),
        ),
    ),
    (
        "page.html",
        "<div id='top'></div><script src='/a.js'></script><script>function f() { g(); }</script>",
        FileSymbols("html", (("f", "function"),), (("g", 1),), ("/a.js",)),
    ),
    ("data.json", '{"name": "x"}', FileSymbols("json", (), (), ())),
]


def _file(path: str, text: str) -> SourceFile:
    data = text.encode()
    return SourceFile("app", path, blob_id(data), "tracked", data, content=blob_id(data))


def _read(files: Sequence[SourceFile], cache: Cache | None = None) -> dict[str, FileSymbols]:
    with SymbolReader(cache or Cache(), 2) as reader:
        for start in range(0, len(files), 2):
            reader.add(files[start : start + 2])
        return reader.all()


@pytest.mark.parametrize(("path", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_the_names_of_a_file_are_found(path: str, text: str, expected: FileSymbols) -> None:
    if package := missing_grammar(path):
        pytest.skip(f"needs {package}")
    ((packed,),) = packed_symbols([(path, text.encode())])
    assert msgspec.msgpack.decode(packed, type=FileSymbols) == expected


def test_a_header_that_speaks_cpp_is_read_as_such() -> None:
    path, text = (
        "a.h",
        '#include "b/c.h"\nnamespace n {\nclass A { int f() { return B::g(); } };\n}\n',
    )
    if package := missing_grammar("a.cpp"):
        pytest.skip(f"needs {package}")
    found = _read([_file(path, text)])["app/a.h"]
    assert (found.language, found.imports) == ("cpp", ("b/c.h",))
    assert {("A", "class"), ("f", "function")} <= set(found.defines)
    assert ("g", 1) in found.uses


def test_what_qualifies_a_name_is_left_out() -> None:
    text = "<?php\nnamespace A;\nclass B { function f() { new \\C\\D(); \\E\\g(); } }\n"
    if package := missing_grammar("a.php"):
        pytest.skip(f"needs {package}")
    found = _read([_file("a.php", text)])["app/a.php"]
    assert [name for name, _ in found.uses] == ["D", "g"]


def test_files_that_no_grammar_reads_or_that_only_hold_data_have_no_symbols() -> None:
    files = [
        _file("notes.unknown", "def f(): pass\n"),
        _file("data.json", '{"name": "x"}\n'),
        SourceFile("app", "image.png", None, "binary"),
        _file("a.py", "def f(): pass\n"),
    ]
    assert list(_read(files)) == ["app/a.py"]


def test_what_was_read_once_is_known_without_the_text(tmp_path: Path) -> None:
    files = [_file(f"{number}.py", f"def f{number}(): g()\n") for number in range(5)]
    with Cache(tmp_path / "facts.sqlite3") as cache:
        made = _read(files, cache)
        unread = [structs.replace(file, data=None, unread=True) for file in files]
        renamed = structs.replace(unread[0], path="moved.py")
        strange = structs.replace(unread[0], content="of nothing")
        with SymbolReader(cache, 1) as reader:
            assert reader.add([*unread, renamed]) == []
            assert reader.add([strange]) == [strange.name]
            assert reader.all() == {**made, "app/moved.py": made["app/0.py"]}


def test_a_text_without_a_name_for_its_content_is_hashed() -> None:
    files = [
        structs.replace(_file(f"{n}.py", f"def f{n}(): pass\n"), content=None) for n in range(2)
    ]
    found = _read(files)
    assert [one.defines[0][0] for one in found.values()] == ["f0", "f1"]


def test_many_files_are_read_in_any_number_of_parts() -> None:
    files = [_file(f"{number}.py", f"def f{number}(): pass\n" * 99) for number in range(400)]
    found = _read(files)
    assert {name: one.defines for name, one in found.items()} == {
        f"app/{number}.py": ((f"f{number}", "function"),) for number in range(400)
    }


def test_a_text_that_ends_its_parser_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends_on_demand(grammar: Grammar, data: bytes) -> tuple[Parsed, ...]:
        if b"evil" in data:
            os.kill(os.getpid(), signal.SIGSEGV)
        return parse(grammar, data)

    # The processes are forked from this one, and parse with what stands here.
    monkeypatch.setattr("copilot.structure.symbols.parse", ends_on_demand)
    files = [_file(f"{name}.py", f"def {name}(): pass\n") for name in ("a", "evil", "b")]
    with Cache(tmp_path / "facts.sqlite3") as cache:
        for _ in ("made", "kept"):
            assert list(_read(files, cache)) == ["app/a.py", "app/b.py"]


def test_outlines_made_at_once_are_those_that_an_outliner_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "".join(f"    line_{number} = {number}\n" for number in range(9))
    files = [_file("a.py", f"def f():\n{body}"), _file("b.md", "# Title\n\ntext\n")]
    with Cache() as nowhere, Outliner(nowhere, 1) as outliner:
        expected = list(outliner.outlined([Part(tuple(files))]))
    with Cache(tmp_path / "facts.sqlite3") as cache:
        with SymbolReader(cache, 1, outlines=True) as reader:
            reader.add(files)
            assert reader.all()["app/a.py"].defines[0] == ("f", "function")
        # What is in the cache needs no other process.
        monkeypatch.setattr("copilot.structure.outliner.outline", _fails)
        with Outliner(cache, 1) as outliner:
            assert list(outliner.outlined([Part(tuple(files))])) == expected


def _fails(path: str, text: str) -> None:
    raise AssertionError(path)


def test_who_defines_a_name_can_be_looked_up() -> None:
    symbols = {
        "app/a.py": FileSymbols("python", (("f", "function"), ("g", "class")), (), ()),
        "app/b.py": FileSymbols("python", (("f", "class"), ("f", "function")), (), ()),
    }
    assert defined_in(symbols) == {"f": ["app/a.py", "app/b.py"], "g": ["app/a.py"]}
