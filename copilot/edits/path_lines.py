"""Lines of a reply that name a file."""

from __future__ import annotations

import re

# Characters; a longer line is prose or content.
_LONGEST = 4096
_HEADING = re.compile(r"\A#{1,6}\s+(?:\d{1,3}[.)]\s+)?")
_FILE = re.compile(r"\A(?:\*\*)?file(?:name)?:(?:\*\*)?\s*", re.IGNORECASE)
# Words before a path in backticks; behind the first ones stands the whole file.
_WHOLE_VERB = re.compile(r"\A(?:create|write|update|rewrite|overwrite)\s+(?=`)", re.IGNORECASE)
_PART_VERB = re.compile(r"\A(?:edit|modify|change|in)\s+(?=`)", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9_+-]{0,15}\Z")
# Extensions of files, so that a name without a folder is surely one.
_KNOWN_EXTENSIONS = frozenset(
    {"adoc", "bash", "bat", "c", "cc", "cfg", "clj", "cmake", "cmd", "conf", "cpp", "cs"}
    | {"css", "csv", "cu", "dart", "el", "erl", "ex", "exs", "fish", "gd", "go", "gql"}
    | {"gradle", "graphql", "groovy", "h", "hcl", "hpp", "hs", "htm", "html", "hxx", "ini"}
    | {"ipynb", "java", "jl", "js", "json", "json5", "jsonc", "jsx", "kt", "kts", "less", "lua"}
    | {"m", "md", "mdx", "mjs", "cjs", "ml", "mm", "nix", "php", "pl", "pm", "properties"}
    | {"proto", "ps1", "py", "pyi", "pyx", "r", "rb", "rs", "rst", "sass", "scala", "scss"}
    | {"sh", "sql", "svelte", "svg", "swift", "tf", "toml", "ts", "tsx", "txt", "vb", "vim"}
    | {"vue", "xml", "yaml", "yml", "zig", "zsh"}
)
# Names of software that look like those of files.
_SOFTWARE = frozenset(
    {"alpine.js", "angular.js", "chart.js", "d3.js", "discord.js", "ember.js", "express.js"}
    | {"next.js", "node.js", "nuxt.js", "p5.js", "react.js", "require.js", "three.js", "vue.js"}
)
_NAMED_KEY = re.compile(r"\b(?:title|file|filename|path)=(?:\"([^\"]*)\"|'([^']*)'|(\S+))")
_DOT_FILE = re.compile(
    r"\.(?:[a-z]+ignore|[a-z]{2,}rc|git[a-z]+|env(?:\.[a-z]+)*|editorconfig|[a-z]+-versions?)\Z"
)
_LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9_+#-]*\Z")
# Files that are usual without a folder and without an extension.
_BARE_NAMES = frozenset(
    {"brewfile", "codeowners", "containerfile", "copying", "dockerfile", "gemfile", "gnumakefile"}
    | {"jenkinsfile", "justfile", "license", "makefile", "notice", "pipfile", "procfile"}
    | {"rakefile", "readme", "tiltfile", "vagrantfile"}
)


def path_in(line: str) -> str | None:
    """Return the path of a path line, freed of Markdown, or None where the line is prose."""
    if len(line) > _LONGEST:
        return None
    text = _HEADING.sub("", line.strip())
    text, _ = _unwrapped(text, "**")
    named = _FILE.sub("", text)
    path, quoted = _unwrapped(_WHOLE_VERB.sub("", _PART_VERB.sub("", named)), "`")
    explicit = bool(path) and (quoted or named != text)
    return path if explicit or _looks_like_path(path) else None


def clear_path_in(line: str) -> str | None:
    """Return the path of a path line that can be no other word: it has a slash or an extension."""
    path = path_in(line)
    return path if path and _is_clear(path) else None


def sure_path_in(line: str) -> str | None:
    """Return the path of a path line that is one wherever it stands: its name is that of a file."""
    path = path_in(line)
    return path if path and not speaks_of_part(line) and _is_file_name(path) else None


def speaks_of_part(line: str) -> bool:
    """Tell whether a path line says that a part of the file follows, as `Edit` does."""
    return bool(_PART_VERB.match(_HEADING.sub("", line.strip()).removeprefix("**")))


def info_path(info: str) -> str | None:
    """Return the path that a fence's info string names: `a/b.py`, `py:a/b.py`, `py title="a.py"`.

    Two numbers before the path quote lines of it, which is no file.
    """
    if len(info) > _LONGEST:
        return None
    key = _NAMED_KEY.search(info)
    if key:
        path = key[1] or key[2] or key[3] or ""
    else:
        language, colon, rest = info.partition(":")
        path = rest if colon and _LANGUAGE.match(language) else info
        if not colon and ("/" not in path or not _has_known_extension(path)):
            return None
    return path if _is_file_name(path) else None


def _is_file_name(path: str) -> bool:
    """Tell whether a path is surely that of a file, not an address, a heading or a method."""
    if any(mark in path for mark in (" ", ":", "//")):
        return False
    name = path.rpartition("/")[2]
    if "/" in path and (_EXTENSION.search(name) or name.casefold() in _BARE_NAMES):
        return True
    known = _has_known_extension(name) and name.casefold() not in _SOFTWARE
    return known or bool(_DOT_FILE.match(name))


def _has_known_extension(path: str) -> bool:
    extension = _EXTENSION.search(path)
    return bool(extension and extension[0][1:].casefold() in _KNOWN_EXTENSIONS)


def _is_clear(path: str) -> bool:
    name = path.rpartition("/")[2]
    if " " in path and not _EXTENSION.search(name):
        return False
    known = "/" in path or name.startswith(".") or name.casefold() in _BARE_NAMES
    return bool(known or _EXTENSION.search(name))


def _unwrapped(text: str, wrap: str) -> tuple[str, bool]:
    """Return the text without `wrap` on both sides and a colon behind, and whether it had them."""
    bare = text.removesuffix(":") if "/" in text or "." in text else text
    inner = bare.removeprefix(wrap).removesuffix(wrap)
    wrapped = len(bare) == len(inner) + 2 * len(wrap) and wrap not in inner
    return (inner.strip() if wrapped else bare), wrapped


def _looks_like_path(text: str) -> bool:
    """Tell a path from prose: a path with spaces needs a slash behind its first word."""
    if not text or "`" in text or text[-1] in ".,:;!?":
        return False
    first, slash, _ = text.partition("/")
    return len(text.split()) == 1 or bool(slash and len(first.split()) == 1)
