"""What a session shows of its next prompt: its files, its budget, and what sending it will take."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from copilot.assist.estimate import Estimate, estimate, said
from copilot.assist.pack import Packed
from copilot.assist.session.commands import mentions
from copilot.assist.session.protocol import ContextFile, ContextView, Expected, Wish
from copilot.cli.ready import Ready
from copilot.context.entries import latest
from copilot.context.model import Prompt, SectionKind
from copilot.runs.store import Run
from copilot.settings.config import ModelSettings
from copilot.workspace.model import Root

# Of text about code, and of what a question takes besides its words.
_CHARACTERS_A_TOKEN = 4
TASK_TOKENS = {"ask": 60, "edit": 650}
_BASE = frozenset({SectionKind.RULES, SectionKind.BASE, SectionKind.OVERLAY})


def view_of(
    packed: Packed,
    pending: Sequence[str],
    ready: Ready | None,
    *,
    limit: int | None,
    budget: int | None,
    due: Collection[str],
    wishes: Mapping[str, Wish],
) -> ContextView:
    """Return what the next request begins with; `pending` is what was said behind the prompt."""
    prompt = packed.prompt
    parts: Counter[str] = Counter()
    for section in prompt.sections:
        parts[_part(section.kind)] += section.tokens
    parts["conversation"] += sum(tokens_of(text) for text in pending)
    return ContextView(
        _files(prompt, due, wishes),
        parts["base"],
        parts["conversation"],
        parts["focus"],
        limit,
        budget,
        ready.window if ready else None,
        ready.limits.max_reply_tokens if ready else 0,
    )


def _part(kind: SectionKind) -> str:
    if kind in _BASE:
        return "base"
    return "focus" if kind is SectionKind.FOCUS else "conversation"


def _files(
    prompt: Prompt, due: Collection[str], wishes: Mapping[str, Wish]
) -> tuple[ContextFile, ...]:
    tokens: Counter[bytes] = Counter()
    entries = [entry for section in prompt.sections for entry in section.entries]
    for entry in entries:
        tokens[entry.path] += entry.tokens
    full = {entry.path for entry in latest(entries).values() if entry.is_full}
    shown = []
    for file in prompt.files:
        name = f"{file.repository}/{file.path}"
        wish = wish_of(name, wishes)
        path = os.fsencode(name)
        is_due = name in due or _brings(wish, path in full, tokens[path] > 0)
        shown.append(
            ContextFile(name, tokens[path], file.detail, file.reason, wish, is_due, len(file.masks))
        )
    return tuple(shown)


def _brings(wish: Wish | None, is_full: bool, is_shown: bool) -> bool:
    """Tell whether a wish changes what the next request shows of a file."""
    if wish in {Wish.RAISE, Wish.PIN}:
        return not is_full
    return (wish is Wish.LEAVE_OUT and is_shown) or (wish is Wish.LOWER and is_full)


def wish_of(name: str, wishes: Mapping[str, Wish]) -> Wish | None:
    """Return what is wished of a file: by its own name, else of the nearest folder above it."""
    if not wishes:
        return None
    while name:
        if name in wishes:
            return wishes[name]
        name = name.rstrip("/").rpartition("/")[0]
        name = f"{name}/" if name else ""
    return None


def tokens_of(text: str) -> int:
    """Return about how many tokens a text takes."""
    return len(text.encode("utf-8", "replace")) // _CHARACTERS_A_TOKEN + 1


def expected_of(
    tokens: int,
    reusable: int,
    prices: ModelSettings,
    past: Sequence[Run],
    *,
    limit: int | None,
    is_anew: bool,
) -> Expected:
    """Return what a request of about so many tokens will take."""
    about: Estimate = estimate(tokens, min(reusable, tokens), prices, past)
    return Expected(
        tokens,
        about.reusable_tokens,
        about.seconds_to_first_token,
        about.cost,
        about.currency,
        limit,
        is_anew,
        f"about {said(about)}",
    )


def named_files(
    text: str, names: Collection[str], roots: Sequence[Root], folder: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the files, and the folders (with `/`), that a text names by `@`; with alias.

    What means neither is a word like others.
    """
    found = [resolved(name, names, roots, folder) for name in mentions(text)]
    known = list(dict.fromkeys(name for name in found if name))
    files = tuple(name for name in known if not name.endswith("/"))
    return files, tuple(name for name in known if name.endswith("/"))


def resolved(name: str, names: Collection[str], roots: Sequence[Root], folder: Path) -> str | None:
    """Return what a name means: one with alias, or a path below a root or this folder."""
    if name in names:
        return name
    aliases = {root.alias: root for root in roots}
    alias, _, below = name.partition("/")
    if alias in aliases and (found := _in_root(aliases[alias].path / below, aliases[alias])):
        return found
    for root in roots:
        for base in (folder, root.path):
            if found := _in_root(base / name, root):
                return found
    return None


def _in_root(place: Path, root: Root) -> str | None:
    try:
        real = place.resolve()
        if not real.exists() or not real.is_relative_to(root.path):
            return None
        below = real.relative_to(root.path).as_posix()
        end = "/" if real.is_dir() else ""
    except (OSError, ValueError, RuntimeError):
        return None
    return f"{root.alias}/" if below == "." else f"{root.alias}/{below}{end}"
