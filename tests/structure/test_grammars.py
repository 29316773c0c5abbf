from __future__ import annotations

import importlib.util

import pytest

from copilot.structure.grammars import (
    grammar_called,
    grammar_named,
    grammar_of,
    missing_grammar,
    parser_for,
)

FILES = [
    ("a.py", "python"),
    ("a.PYI", "python"),
    ("x/y.mjs", "javascript"),
    ("a.d.ts", "typescript"),
    ("a.tsx", "tsx"),
    ("a.go", "go"),
    ("a.rs", "rust"),
    ("A.java", "java"),
    ("a.c", "c"),
    ("a.h", "c"),
    ("a.hpp", "cpp"),
    ("a.cs", "csharp"),
    ("lib/Rakefile", "ruby"),
    ("a.php", "php"),
    (".bashrc", "bash"),
    ("Dockerfile", "dockerfile"),
    ("build/Dockerfile.dev", "dockerfile"),
    ("Containerfile", "dockerfile"),
    ("api.dockerfile", "dockerfile"),
    ("Makefile", "make"),
    ("rules.mk", "make"),
    ("CMakeLists.txt", "cmake"),
    ("x.cmake", "cmake"),
    (".github/workflows/ci.yml", "yaml"),
    ("pyproject.toml", "toml"),
    ("Cargo.lock", "toml"),
    ("package.json", "json"),
    ("README.md", "markdown"),
    ("index.html", "html"),
    ("a.css", "css"),
    ("a.scss", "scss"),
    ("App.vue", "vue"),
    ("+page.svelte", "svelte"),
    ("src/a.hrl", "erlang"),
    ("A.hs", "haskell"),
    ("a.ml", "ocaml"),
    ("a.mli", "ocaml_interface"),
    ("a.cljc", "clojure"),
    ("a.SQL", "sql"),
    ("a.tfvars", "hcl"),
    ("a.proto", "proto"),
    ("a.gql", "graphql"),
]


@pytest.mark.parametrize("suffix", [".py", ".pyi", ".PY"])
def test_python_has_a_parser(suffix: str) -> None:
    parser = parser_for(suffix)
    assert parser is not None
    assert parser.parse(b"x = 1\n").root_node.type == "module"


@pytest.mark.parametrize("suffix", ["", ".", "py", ".txt", ".\udcff"])
def test_other_files_have_none(suffix: str) -> None:
    assert parser_for(suffix) is None


@pytest.mark.parametrize(("path", "language"), FILES)
def test_a_files_name_tells_its_language(path: str, language: str) -> None:
    grammar = grammar_of(path)
    assert grammar == grammar_named(language)
    assert grammar is not None
    assert grammar.language == language


@pytest.mark.parametrize("path", ["", "a", "py", "a.txt", "x.py/a", "makefile.orig"])
def test_other_names_tell_none(path: str) -> None:
    assert grammar_of(path) is None
    assert missing_grammar(path) is None


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Python", "python"),
        ("py", "python"),
        ("c++", "cpp"),
        ("C#", "csharp"),
        ("shell", "bash"),
        ("yml", "yaml"),
        ("golang", "go"),
    ],
)
def test_a_grammar_is_found_by_what_people_call_it(name: str, language: str) -> None:
    assert grammar_called(name) == grammar_named(language)


@pytest.mark.parametrize("name", ["", "text", "console", ".py", "a.py", "\0"])
def test_what_nobody_calls_a_language_is_none(name: str) -> None:
    assert grammar_called(name) is None


@pytest.mark.parametrize(("path", "language"), FILES)
def test_a_grammar_that_is_not_there_is_named_and_not_an_error(path: str, language: str) -> None:
    grammar = grammar_named(language)
    if importlib.util.find_spec(grammar.module):
        assert missing_grammar(path) is None
    else:
        assert missing_grammar(path) == grammar.package


def test_a_missing_grammar_means_no_parser() -> None:
    for suffix in (".go", ".rs"):
        assert (parser_for(suffix) is None) == (missing_grammar(f"a{suffix}") is not None)
