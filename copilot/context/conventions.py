"""Which files hold a repository's wishes about its code, and what the model is told of them.

Only names are looked at: what such a file says is data, as in every other file. The names are those
of AGENTS.md (https://agents.md), of Claude Code and of aider.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from copilot.context.model import Detail, PackedFile
from copilot.settings.prompts import fill_prompt
from copilot.text import visible
from copilot.workspace.vendored import folders_above, vendored_folders, vendored_reason

# In one folder the first of these holds alone.
_NAMES = ("AGENTS.md", "CLAUDE.md", "CONVENTIONS.md")
_ENDINGS = tuple(name.lower() for name in _NAMES)
MOST_LISTED = 20


@dataclass(frozen=True)
class Convention:
    """A file of wishes, and the folder for which it holds; both with alias, the folder with `/`."""

    name: str
    folder: str


def conventions(names: Iterable[str]) -> tuple[Convention, ...]:
    """Return the file of wishes of each folder that has one, sorted by folder.

    `names` are files with their alias. In a folder, a name is taken in its usual spelling; at the
    top of a repository in any case, where `agents.md` is hardly a page about agents. What lies in a
    vendored folder holds for nobody.
    """
    listed = list(names)
    named = [name for name in listed if name.lower().endswith(_ENDINGS)]
    vendored = vendored_folders(listed) if named else {}
    best: dict[str, tuple[int, bool, str]] = {}
    for name in named:
        folder, _, last = name.rpartition("/")
        rank = _rank(last, is_top="/" not in folder)
        if folder and rank is not None and not vendored_reason(name, vendored):
            found = (*rank, name)
            best[f"{folder}/"] = min(found, best.get(f"{folder}/", found))
    return tuple(Convention(best[folder][-1], folder) for folder in sorted(best))


def convention_names(names: Collection[str], focus: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the files of wishes that belong in a prompt in full, the most needed first.

    These are at most 20: first those that hold for `focus` (files, or folders that end in `/`, with
    their alias), then those near it, then those of the folders with the most files among `names`.
    """
    return tuple(convention.name for convention in _by_need(names, focus)[:MOST_LISTED])


def convention_note(names: Collection[str], template: str, focus: Sequence[str] = ()) -> str:
    """Return what the model is told of the files of wishes among `names`; nothing without one.

    `names` are what the prompt holds in full (see `names_in_full`), `template` is the prompt text
    `conventions`. The note holds names of folders, so it is no template itself. Raises UsageError
    for a wrong blank.
    """
    found = _by_need(names, focus)
    if not found:
        return ""
    listed = sorted(found[:MOST_LISTED], key=lambda convention: convention.folder)
    lines = [f"- {_quoted(c.name)}: for files below {_quoted(c.folder)}" for c in listed]
    if more := len(found) - len(listed):
        lines.append(f"- and {more} more, each for files below its own folder")
    return fill_prompt(template, files="\n".join(lines))


def names_in_full(files: Iterable[PackedFile], aliases: Collection[str]) -> tuple[str, ...]:
    """Return the names of what the prompt holds in full of the repositories `aliases`."""
    full = (f for f in files if f.detail is Detail.FULL and f.repository in aliases)
    return tuple(dict.fromkeys(f"{file.repository}/{file.path}" for file in full))


def _rank(last: str, *, is_top: bool) -> tuple[int, bool] | None:
    """Return a name's place among those of its folder, lower before higher; None for others."""
    for place, usual in enumerate(_NAMES):
        if last == usual or (is_top and last.lower() == usual.lower()):
            return place, last != usual
    return None


def _by_need(names: Collection[str], focus: Sequence[str]) -> list[Convention]:
    found = conventions(names)
    if not found:
        return []
    size = Counter(folder for name in names for folder in folders_above(name))
    goals = [list(folders_above(path)) for path in focus]

    def need(convention: Convention) -> tuple[tuple[bool, int], int, str]:
        folder = convention.folder
        near = min((_nearness(folder, goal) for goal in goals), default=(True, 0))
        return near, -size[folder], folder

    return sorted(found, key=need)


def _nearness(folder: str, goal: Sequence[str]) -> tuple[bool, int]:
    """Return whether a folder lies beside `goal` (all folders above a focus), and steps to it."""
    above = [*folders_above(folder)]
    shared = sum(one == other for one, other in zip(above, goal, strict=False))
    return folder not in goal, len(above) + len(goal) - 2 * shared


def _quoted(name: str) -> str:
    """Return a name as the line before a file's text has it."""
    return json.dumps(visible(name), ensure_ascii=False)
