"""Which grammar reads a file. A grammar is imported when the first file of its language is read."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Language, Parser

_PACK = "tree-sitter-language-pack"
_USES = Path(__file__).parent / "queries" / "uses"


@dataclass(frozen=True)
class Grammar:
    """A language: the distribution that holds its grammar, and our query files for it.

    `function` makes the grammar; empty, the module knows many and is asked by the language's name.
    """

    language: str
    package: str
    module: str
    function: str = "language"
    queries: tuple[str, ...] = ()

    @property
    def uses(self) -> tuple[str, ...]:
        """The query files there are for what a file uses; JSX is a part of two grammars alone."""
        jsx = ("jsx",) if self.language in ("javascript", "tsx") else ()
        return tuple(n for n in (*self.queries, *jsx) if (_USES / f"{n}.scm").is_file())


def _own(language: str, *queries: str, package: str = "", function: str = "language") -> Grammar:
    package = package or f"tree-sitter-{language}"
    module = package.replace("-", "_")
    return Grammar(language, package, module, function, queries or (language,))


def _packed(language: str, *queries: str) -> Grammar:
    return Grammar(language, _PACK, _PACK.replace("-", "_"), "", queries or (language,))


_GRAMMARS = {
    grammar.language: grammar
    for grammar in (
        _own("python"),
        _own("javascript", "javascript", "javascript-only"),
        _own(
            "typescript",
            "javascript",
            "typescript",
            function="language_typescript",
        ),
        _own(
            "tsx",
            "javascript",
            "typescript",
            package="tree-sitter-typescript",
            function="language_tsx",
        ),
        _own("go"),
        _own("rust"),
        _own("java"),
        _own("c"),
        _own("cpp", "c", "cpp"),
        _own("csharp", package="tree-sitter-c-sharp"),
        _own("ruby"),
        _own("php", function="language_php"),
        _own("bash"),
        _packed("kotlin"),
        _packed("scala"),
        _packed("swift"),
        _packed("lua"),
        _packed("perl"),
        _packed("r"),
        _packed("julia"),
        _packed("dart"),
        _packed("elixir"),
        _packed("zig"),
        _packed("objc", "c", "objc"),
        _packed("erlang"),
        _packed("haskell"),
        _packed("ocaml", "ocaml", "ocaml-only"),
        _packed("ocaml_interface", "ocaml"),
        _packed("clojure"),
        _packed("sql"),
        _packed("hcl"),
        _packed("proto"),
        _packed("graphql"),
        _packed("dockerfile"),
        _packed("make"),
        _packed("cmake"),
        _packed("yaml"),
        _packed("toml"),
        _packed("json"),
        _packed("markdown"),
        _packed("html", "html", "html-only"),
        _packed("css"),
        _packed("scss", "css", "scss"),
        _packed("vue", "html", "vue"),
        _packed("svelte", "html", "svelte"),
    )
}

_SUFFIXES = {
    "python": "py pyi pyw",
    "javascript": "js jsx mjs cjs",
    "typescript": "ts mts cts",
    "tsx": "tsx",
    "go": "go",
    "rust": "rs",
    "java": "java",
    "c": "c h",
    "cpp": "cc cpp cxx c++ hh hpp hxx h++ ipp tpp inl cu cuh",
    "csharp": "cs csx",
    "ruby": "rb rake gemspec ru",
    "php": "php phtml php5 php7 php8",
    "bash": "sh bash ksh",
    "kotlin": "kt kts",
    "scala": "scala sc",
    "swift": "swift",
    "lua": "lua",
    "perl": "pl pm t",
    "r": "r",
    "julia": "jl",
    "dart": "dart",
    "elixir": "ex exs",
    "zig": "zig",
    "objc": "m mm",
    "erlang": "erl hrl escript",
    "haskell": "hs hs-boot",
    "ocaml": "ml",
    "ocaml_interface": "mli",
    "clojure": "clj cljs cljc",
    "sql": "sql",
    "hcl": "hcl tf tfvars",
    "proto": "proto",
    "graphql": "graphql graphqls gql",
    "dockerfile": "dockerfile",
    "make": "mk mak make",
    "cmake": "cmake",
    "yaml": "yaml yml",
    "toml": "toml",
    "json": "json jsonc webmanifest geojson",
    "markdown": "md markdown",
    "html": "html htm xhtml",
    "css": "css",
    "scss": "scss",
    "vue": "vue",
    "svelte": "svelte",
}
_NAMES = {
    "ruby": "rakefile gemfile guardfile vagrantfile",
    "bash": ".bashrc .bash_profile .profile pkgbuild",
    "dockerfile": "dockerfile containerfile",
    "make": "makefile gnumakefile makefile.am makefile.in",
    "cmake": "cmakelists.txt",
    "toml": "cargo.lock poetry.lock uv.lock pdm.lock pipfile",
    "json": "composer.lock pipfile.lock",
    "yaml": ".clang-format .clang-tidy",
}
_BY_SUFFIX = {f".{s}": name for name, suffixes in _SUFFIXES.items() for s in suffixes.split()}
_BY_NAME = {file: name for name, files in _NAMES.items() for file in files.split()}

# What people call a language after a Markdown fence or in `lang="..."`.
_ALIASES = {"shell": "bash", "zsh": "bash", "golang": "go", "c#": "csharp"}
_ALIASES |= {"protobuf": "proto", "postgresql": "sql", "mysql": "sql", "sqlite": "sql"}
_ALIASES |= {"objective-c": "objc", "makefile": "make", "docker": "dockerfile", "terraform": "hcl"}
_VARIANTS = ("dockerfile.", "containerfile.")


def grammar_of(path: str) -> Grammar | None:
    """Return the grammar for a file's name, installed or not, or None if we know none."""
    name = path.rpartition("/")[2].lower()
    stem, dot, suffix = name.rpartition(".")
    language = _BY_NAME.get(name) or (_BY_SUFFIX.get(dot + suffix) if stem else None)
    if language is None and name.startswith(_VARIANTS):
        language = "dockerfile"
    return _GRAMMARS[language] if language else None


def grammar_named(language: str) -> Grammar:
    """Return the grammar of a language such as `cpp`. Raises KeyError for one we do not know."""
    return _GRAMMARS[language]


def grammar_called(name: str) -> Grammar | None:
    """Return the grammar for what people write: `Python`, `py`, `c++`, `shell`. None if none."""
    word = name.lower()
    language = _ALIASES.get(word) or _BY_SUFFIX.get(f".{word}") or word
    return _GRAMMARS.get(language)


def missing_grammar(path: str) -> str | None:
    """Return the package to install before this file can be parsed, or None if none is missing."""
    grammar = grammar_of(path)
    return grammar.package if grammar and not is_installed(grammar) else None


@cache
def is_installed(grammar: Grammar) -> bool:
    """Say whether the grammar's package is there; it is not imported for that."""
    return importlib.util.find_spec(grammar.module) is not None


@cache
def load(grammar: Grammar) -> Language:
    """Import a grammar. Raises ModuleNotFoundError if its package is not installed."""
    module = importlib.import_module(grammar.module)
    if grammar.function:
        return Language(getattr(module, grammar.function)())
    return Language(module.get_binding(grammar.language))


@cache
def parser_of(grammar: Grammar) -> Parser:
    """Return the one parser of a grammar that is installed."""
    return Parser(load(grammar))


def parser_for(suffix: str) -> Parser | None:
    """Return the parser for a file-name suffix such as `.py`, or None if no grammar reads it."""
    language = _BY_SUFFIX.get(suffix.lower())
    grammar = _GRAMMARS[language] if language else None
    return parser_of(grammar) if grammar and is_installed(grammar) else None
