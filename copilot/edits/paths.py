"""From the path in a reply to a file of one repository, by its letters alone: no disk."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection

from copilot.edits.operations import Target

# Unicode's controls, invisible and bidirectional formats, lone surrogates, line separators.
_HARMFUL_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DRIVE = re.compile(r"[A-Za-z]:")
# Names under which Windows and macOS open a repository's own `.git`.
_GIT_FOLDERS = frozenset({".git", "git~1"})


Known = Callable[[str, str], bool]


def qualify(
    raw: str, aliases: Collection[str], known: Known | None = None, *, with_alias: bool = True
) -> Target | str:
    """Return the file that `raw` means, or the reason why it is refused.

    `raw` begins with the alias of a repository and a slash. Without an alias it is taken where
    there is one repository, or where `known(alias, path)` says that exactly one has such a file or
    folder. A folder may bear the alias of its repository: `with_alias` says that paths were asked
    for with the alias in front; if not, the reading decides that leads to something.
    """
    reason = _refusal(raw) or ("" if raw.isascii() else _refusal(_compatible(raw)))
    if reason:
        return reason
    named = [alias for alias in aliases if raw.startswith(f"{alias}/")]
    if named:
        alias = max(named, key=len)
        return _with_or_without(raw, alias, known, with_alias)
    holders = [alias for alias in aliases if len(aliases) == 1 or (known and known(alias, raw))]
    if len(holders) == 1:
        return Target(holders[0], raw)
    return _no_repository(aliases, holders)


def _with_or_without(raw: str, alias: str, known: Known | None, with_alias: bool) -> Target | str:
    """Choose between a file of the repository and one of a folder in it with the same name."""
    outer, inner = Target(alias, raw[len(alias) + 1 :]), Target(alias, raw)
    if known is None or not known(alias, alias):
        return outer
    leads = [known(alias, outer.path), known(alias, inner.path)]
    if not any(leads) and not with_alias:
        leads = [known(alias, _folder(outer.path)), known(alias, _folder(inner.path))]
    if leads == [False, True]:
        return inner
    if with_alias or leads == [True, False]:
        return outer
    return f"may mean {outer.name} or {inner.name}; write the one that is meant"


def _folder(path: str) -> str:
    """Return the folder of a path; the repository itself is `.`."""
    return path.rpartition("/")[0] or "."


def _no_repository(aliases: Collection[str], holders: list[str]) -> str:
    if holders:
        return f"names no repository, and several have such a file: {', '.join(sorted(holders))}"
    return f"names no repository; it must begin with one of: {', '.join(sorted(aliases))}"


def _compatible(raw: str) -> str:
    """Return the path as a file system may read it that takes like characters for equal."""
    return unicodedata.normalize("NFKC", raw)


def _refusal(raw: str) -> str:
    """Return why these letters can be no path below a root, or an empty string."""
    if not raw:
        return "is empty"
    if not (raw.isascii() and raw.isprintable()) and any(map(_is_harmful, raw)):
        return "holds control or invisible characters"
    if "\\" in raw:
        return "holds a backslash"
    if raw.startswith("/") or _DRIVE.match(raw):
        return "is absolute"
    if raw.startswith("~"):
        return "begins with `~`, which a shell takes for a home folder"
    if raw.endswith("/"):
        return "names a folder"
    return _component_refusal(raw.split("/"))


def _is_harmful(character: str) -> bool:
    return unicodedata.category(character) in _HARMFUL_CATEGORIES


def _component_refusal(components: list[str]) -> str:
    if "" in components:
        return "has an empty component"
    if "." in components or ".." in components:
        return "has a '.' or '..' component"
    if any(_is_git_folder(component) for component in components):
        return "lies in the folder of git itself"
    return ""


def _is_git_folder(component: str) -> bool:
    """Tell whether a file system may open `.git` by this name; `:` begins an NTFS stream."""
    return component.split(":")[0].rstrip(". ").casefold() in _GIT_FOLDERS
