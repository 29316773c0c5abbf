"""Lines of a reply that name a file."""

from __future__ import annotations

import re

# Characters; a longer line is prose or content.
_LONGEST = 4096
_HEADING = re.compile(r"\A#{1,6}\s+")
_FILE = re.compile(r"\Afile:\s*", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9_+-]{0,15}\Z")
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
    path, quoted = _unwrapped(named, "`")
    explicit = bool(path) and (quoted or named != text)
    return path if explicit or _looks_like_path(path) else None


def clear_path_in(line: str) -> str | None:
    """Return the path of a path line that can be no other word: it has a slash or an extension."""
    path = path_in(line)
    if path is None:
        return None
    name = path.rpartition("/")[2]
    if " " in path and not _EXTENSION.search(name):
        return None
    known = "/" in path or name.startswith(".") or name.casefold() in _BARE_NAMES
    return path if known or _EXTENSION.search(name) else None


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
