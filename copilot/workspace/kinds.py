"""What a file is, as far as its name tells: its kind, from `identify`'s and Pygments' lists."""

from __future__ import annotations

import fnmatch
import re
from enum import StrEnum
from functools import cache, lru_cache
from importlib import import_module

from identify.identify import tags_from_filename


class Kind(StrEnum):
    """What a file is for.

    Generated, vendored, lock and minified files are left out unless the user names them; binary and
    secret ones always.
    """

    SOURCE = "source"
    TEST = "test"
    DOCUMENTATION = "documentation"
    CONFIGURATION = "configuration"
    DATA = "data"
    GENERATED = "generated"
    VENDORED = "vendored"
    LOCK = "lock"
    MINIFIED = "minified"
    BINARY = "binary"
    SECRET = "secret"  # noqa: S105


_LOCK_FILES = frozenset(
    {
        ".terraform.lock.hcl",
        "bun.lock",
        "bun.lockb",
        "cargo.lock",
        "composer.lock",
        "deno.lock",
        "flake.lock",
        "gemfile.lock",
        "go.sum",
        "gradle.lockfile",
        "mix.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "packages.lock.json",
        "pdm.lock",
        "pipfile.lock",
        "pixi.lock",
        "pnpm-lock.yaml",
        "podfile.lock",
        "poetry.lock",
        "pubspec.lock",
        "pylock.toml",
        "uv.lock",
        "yarn.lock",
    }
)
_SECRET_NAMES = (
    ".env",
    ".env.*",
    "*.env",
    ".netrc",
    ".pgpass",
    ".git-credentials",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "*.jks",
    "*.kdbx",
    "*.key",
    "*.keystore",
    "*.p12",
    "*.pem",
    "*.pfx",
    "*.ppk",
)
_SECRET = re.compile("|".join(fnmatch.translate(pattern) for pattern in _SECRET_NAMES))
_SECRET_LOOKALIKES = (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env")
_MINIFIED = re.compile(r".*[.-]min\.(?:js|mjs|cjs|css)")
_SOURCE_MAP = re.compile(r".*\.(?:js|mjs|cjs|css)\.map")
_TEST_NAME = re.compile(
    r"conftest\.py|tests?\.\w+|test_.*|.*[_.-](?:tests?|spec)\.\w+"
    r"|.*(?-i:Tests?|TestCase|Spec)\.\w+",
    re.IGNORECASE,
)
_TEST_FOLDERS = frozenset({"__tests__", "e2e", "spec", "specs", "test", "testdata", "tests"})
_SETTINGS_NAME = re.compile(
    r"package\.json|composer\.json|deno\.jsonc?|bower\.json|[jt]sconfig.*\.json|.*\.config\.json"
    r"|\.env\..*|example\.env"
    r"|.*\.(?:plist|service|desktop|reg|rc)|\..*rc(?:\.\w+)?|\.\w*ignore|manifest\.in|mkdocs\.yml"
)
_SETTINGS_ENDINGS = (
    *(".json", ".jsonc", ".yml", ".in", ".env"),
    *(".plist", ".service", ".desktop", ".reg", "rc"),
)
# A file that another is made from: what it is follows from the name without this ending.
_TEMPLATE_NAME = re.compile(r"(.+)[.-](?:tpl|tmpl|template|in|sample|dist|example|orig)")
# identify's tags. A file with none of these but `text` and a language is source.
_DOCUMENTATION_TAGS = frozenset(
    {"asciidoc", "bib", "markdown", "mdx", "myst", "ngdoc", "plain-text", "quarto", "rst", "tex"}
)
_CONFIGURATION_TAGS = frozenset(
    {
        *("babelrc", "bazelrc", "bowerrc", "browserslistrc", "cargo", "cmake", "codespellrc"),
        *("coveragerc", "csproj", "csslintrc", "dockerfile", "dockerignore", "dotenv"),
        *(
            "editorconfig",
            "flake8",
            "fsproj",
            "gitattributes",
            "gitconfig",
            "gitignore",
            "gitlint",
            "gitmodules",
        ),
        *("go-mod", "hgrc", "ini", "isort", "java-properties", "jshintrc", "json5", "mailmap"),
        *("makefile", "manifest", "meson", "meson-options", "msbuild", "npmignore", "pdbrc", "pom"),
        *("prettierignore", "pylintrc", "pypirc", "pyproj", "pyproject", "salt-lint", "sln"),
        *("toml", "vbproj", "vcxproj", "wixproj", "xcconfig", "xcodebuild", "yaml", "yamllint"),
    }
)
_DATA_TAGS = frozenset(
    {
        *("csv", "diff", "geojson", "gpx", "icalendar", "image", "json", "jsonld", "jupyter"),
        *("kml", "map", "pofile", "svg", "tsv", "wkt", "xliff", "xml"),
    }
)


def is_lock_file(path: str) -> bool:
    """Tell whether a package manager writes this file by itself."""
    return path.rpartition("/")[2].lower() in _LOCK_FILES


def is_secret_file(path: str) -> bool:
    """Tell whether files of this name hold keys or passwords."""
    name = path.rpartition("/")[2].lower()
    return _SECRET.match(name) is not None and name not in _SECRET_LOOKALIKES


def kind_of_name(path: str) -> Kind | None:
    """Return what a path tells of a file's kind; None if it tells nothing.

    No folder's name makes a kind that is left out.
    """
    folder, _, name = path.rpartition("/")
    kind = _kind_of_base_name(name)
    if kind is Kind.SOURCE and not _TEST_FOLDERS.isdisjoint(folder.lower().split("/")):
        return Kind.TEST
    return kind


@lru_cache(maxsize=65536)
def _kind_of_base_name(name: str) -> Kind | None:
    if is_secret_file(name):
        return Kind.SECRET
    if is_lock_file(name):
        return Kind.LOCK
    lower = name.lower()
    if "min." in lower and _MINIFIED.fullmatch(lower):
        return Kind.MINIFIED
    if lower.endswith(".map") and _SOURCE_MAP.fullmatch(lower):
        return Kind.GENERATED
    # Most names are not worth the search for a pattern.
    may_be_settings = lower.startswith(".") or lower.endswith(_SETTINGS_ENDINGS)
    if may_be_settings and _SETTINGS_NAME.fullmatch(lower):
        return Kind.CONFIGURATION
    kind = _kind_by_lists(name)
    if kind is None and (template := _TEMPLATE_NAME.fullmatch(name)):
        kind = _kind_by_lists(template[1])
    return Kind.TEST if kind is Kind.SOURCE and _TEST_NAME.fullmatch(name) else kind


def _kind_by_lists(name: str) -> Kind | None:
    return _kind_of_tags(tags_from_filename(name)) or _kind_by_pygments(name.lower())


def _kind_of_tags(tags: set[str]) -> Kind | None:
    if "binary" in tags:
        return Kind.BINARY
    if not _CONFIGURATION_TAGS.isdisjoint(tags) or tags == {"text"}:
        return Kind.CONFIGURATION
    if not _DATA_TAGS.isdisjoint(tags):
        return Kind.DATA
    if not _DOCUMENTATION_TAGS.isdisjoint(tags):
        return Kind.DOCUMENTATION
    return Kind.SOURCE if tags else None


def _kind_by_pygments(name: str) -> Kind | None:
    _, dot, suffix = name.rpartition(".")
    return Kind.SOURCE if dot and suffix in _pygments_suffixes() else None


@cache
def _pygments_suffixes() -> frozenset[str]:
    """Return the endings of the languages that Pygments knows."""
    lexers = import_module("pygments.lexers").get_all_lexers(plugins=False)
    plain = (re.fullmatch(r"\*\.(\w+)", pattern) for lexer in lexers for pattern in lexer[2])
    return frozenset(match[1].lower() for match in plain if match)
