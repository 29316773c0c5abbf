"""What a file's path says of the literals in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from copilot.workspace.kinds import Kind, is_lock_file, kind_of_name

# Endings of languages in which a literal stands in quotes.
_CODE = frozenset(
    {"c", "cc", "cjs", "clj", "cljs", "cpp", "cs", "cts", "cxx", "dart", "ejs", "erb", "erl"}
    | {"ex", "exs", "fs", "go", "gradle", "graphql", "groovy", "h", "hcl", "hpp", "hrl", "hs"}
    | {"htm", "html", "ipynb", "java", "jinja", "jinja2", "jl", "js", "json", "json5", "jsx"}
    | {"kt", "kts", "lua", "m", "mjs", "ml", "mm", "mts", "php", "pl", "pm", "proto", "py"}
    | {"pyi", "pyx", "r", "rb", "rs", "scala", "sol", "sql", "svelte", "swift", "tf", "tfvars"}
    | {"toml", "ts", "tsx", "vb", "vue", "zig"}
)
_PROSE = frozenset({"adoc", "md", "mdx", "rst", "tex", "txt"})
_TRANSLATIONS = re.compile(
    r"(?:^|/)(?:i18n|l10n|lang|langs|languages|locale|locales|translations?)/"
)
_TRANSLATED = frozenset({"po", "pot", "xlf", "xliff", "arb"})
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|testdata|test_\w+|\w+_tests?|specs?|__tests__|e2e|fixtures?|mocks?"
    r"|examples?|samples?|docs?)/"
)
_EXAMPLES = re.compile(r"(?:^|[/._-])(?:example|sample)s?[._\d-]")


@dataclass(frozen=True, slots=True)
class Traits:
    """How the literals of a file are to be judged.

    `bare`: values stand without quotes. `careful`: test or documentation, full of made-up
    passwords. `yaml`: names own what is indented below them. `shapes_only`: names tell nothing
    here (lock files, translations, minified code).
    `long_lines_tell`: a long line is data, not minified code.
    """

    bare: bool
    careful: bool
    yaml: bool
    shapes_only: bool
    long_lines_tell: bool


@lru_cache(maxsize=65536)
def traits_of(path: str) -> Traits:
    """Judge a path relative to its repository."""
    folder, _, name = path.lower().rpartition("/")
    _, dot, ending = name.rpartition(".")
    suffix = ending if dot else name
    kind = kind_of_name(path)
    is_translation, is_test = _folder_traits(folder)
    return Traits(
        bare=suffix not in _CODE,
        careful=kind is Kind.TEST
        or suffix in _PROSE
        or is_test
        or ("ample" in name and bool(_EXAMPLES.search(name))),
        yaml=suffix in {"yml", "yaml"},
        shapes_only=is_lock_file(path)
        or kind in {Kind.MINIFIED, Kind.GENERATED}
        or suffix in {"svg", "diff", "patch", "css", "scss", "less"}
        or is_translation
        or bool(dot and suffix in _TRANSLATED),
        long_lines_tell=suffix not in _CODE or suffix.startswith("json"),
    )


@lru_cache(maxsize=65536)
def _folder_traits(folder: str) -> tuple[bool, bool]:
    """Tell whether a folder holds translations, and whether it holds tests or examples."""
    inside = f"{folder}/" if folder else ""
    is_test = _TESTS.search(inside) or _EXAMPLES.search(inside)
    return bool(_TRANSLATIONS.search(inside)), bool(is_test)
