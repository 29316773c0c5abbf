"""From options to what is read: roots, repositories elsewhere, settings, folders."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.assist.beside import aliases_beside
from copilot.assist.scope import Scope
from copilot.cache import Cache
from copilot.cli.focus import named_in_focus
from copilot.cli.options import Where
from copilot.cli.recovery import recover_first
from copilot.cli.show import age
from copilot.cli.talk import Bar, detail, progress_bar, say
from copilot.context.frozen import FrozenStore
from copilot.context.tokens import DEFAULT_TOKENIZER
from copilot.errors import PolicyRefused, UsageError
from copilot.settings.config import Config, ConfigFile, load_config
from copilot.settings.modes import Mode
from copilot.settings.paths import StatePaths, state_paths
from copilot.text import one_line
from copilot.workspace.choose import Selection
from copilot.workspace.masker import Masker
from copilot.workspace.model import Root
from copilot.workspace.roots import find_roots
from copilot.workspace.seen import SeenStore

if TYPE_CHECKING:
    from copilot.workspace.remote_cache import KeptRepository
    from copilot.workspace.remote_name import RemoteName


@dataclass(frozen=True)
class Setup:
    """What every command that reads repositories begins with."""

    paths: StatePaths
    config: Config
    roots: tuple[Root, ...]
    kept: tuple[KeptRepository, ...] = ()
    submodules: tuple[Root, ...] = ()
    no_mask: bool = False
    mode: Mode = Mode.AUTO
    focus: tuple[str, ...] = ()
    fresh: bool = False
    examples: int = 0
    style: tuple[Path, ...] = ()

    @property
    def read_only(self) -> list[str]:
        """The aliases of what is read, but must not be changed."""
        others = [one.name.alias for one in self.kept] + [root.alias for root in self.submodules]
        return [*others, *aliases_beside(self.roots, others, self.examples, self.style).all]

    @property
    def masker(self) -> Masker | None:
        """What masks secrets, None if the user asked for none."""
        return None if self.no_mask else Masker(self.paths.mask_key_file)

    @property
    def models_dir(self) -> Path:
        return self.config.models_dir or self.paths.models

    def scope(self, tokenizer: str = DEFAULT_TOKENIZER, budget: int | None = None) -> Scope:
        """Return what is read for a prompt of at most `budget` tokens."""
        selection = Selection(self.config.include, self.config.exclude)
        masker = self.masker
        return Scope(
            self.roots,
            selection,
            tokenizer,
            self.paths.prompts,
            self.kept,
            self.submodules,
            Cache(self.paths.facts_file),
            masker=masker,
            budget=budget,
            mode=self.mode,
            focus=self.focus,
            fresh=self.fresh,
            frozen=FrozenStore(self.paths.frozen),
            seen=SeenStore(self.paths.seen, repr(selection), masker=masker),
            examples=self.examples,
            style=self.style,
        )


def set_up(where: Where, *, recovers: bool = True) -> Setup:
    """Find the roots, read all settings, and keep the repositories elsewhere.

    With `recovers`, writes that were interrupted are finished first.

    Raises UsageError, PolicyRefused or ReadIncomplete.
    """
    paths = state_paths()
    roots = find_roots(where.roots, Path.cwd())
    given = ConfigFile(
        budget=where.budget,
        include=list(where.include) or None,
        exclude=list(where.exclude) or None,
        submodules=where.submodules,
        examples=where.examples or None,
    )
    if where.config is not None and not where.config.is_file():
        raise UsageError(f"no configuration file at {where.config}", "check --config")
    user_file = where.config or paths.config_file
    config = load_config(user_file, [root.path for root in roots], os.environ, given)
    for said in config.left_aside:
        say(f"left aside: {said}")
    if where.no_mask and not config.may_unmask:
        raise PolicyRefused(
            "--no-mask shows secrets to the model, which your configuration does not allow",
            "set may_unmask = true in your own config.toml (copilot config shows where it is)",
        )
    if recovers:
        recover_first(paths.journals, [root.path for root in roots])
    names = _repos(where, config, roots)
    submodules: tuple[Root, ...] = ()
    if config.submodules:
        from copilot.workspace.submodules import with_submodules

        roots, submodules = with_submodules(roots, [name.alias for name in names])
        _say_unread(roots + submodules)
    kept = keep_repos(names, paths, config)
    aliases = [*(one.name.alias for one in kept), *(root.alias for root in submodules)]
    focus = named_in_focus(where.focus, roots, aliases, Path.cwd())
    examples = 0 if where.examples == 0 else config.examples
    about = (where.no_mask, where.mode, focus, where.fresh, examples)
    return Setup(paths, config, roots, kept, submodules, *about, _style(where.style))


def _style(named: Sequence[str]) -> tuple[Path, ...]:
    """Return the places of --style. Raises UsageError for one that is not there."""
    places = tuple(Path(os.path.realpath(Path(path).expanduser())) for path in named)
    for path, place in zip(named, places, strict=True):
        if not (place.is_dir() or place.is_file()):
            raise UsageError(f"--style {one_line(path)}: no such file or folder", "check the path")
    return places


def _repos(where: Where, config: Config, roots: Sequence[Root]) -> Sequence[RemoteName]:
    """Return what the user named with --repo; most runs need nothing that knows of it."""
    if not where.repos:
        return ()
    from copilot.workspace.remote_name import find_repos

    return find_repos(where.repos, config.remotes, [root.alias for root in roots])


def _say_unread(roots: Sequence[Root]) -> None:
    """Say which submodules cannot be read."""
    read = {root.path for root in roots}
    for root in roots:
        for path, reason in root.submodules.items():
            if root.path / path not in read:
                say(f"{root.alias}/{one_line(path)}: {reason}")


def keep_repos(
    names: Sequence[RemoteName], paths: StatePaths, config: Config
) -> tuple[KeptRepository, ...]:
    """Keep repositories elsewhere, and no more than the user allows. Raises CopilotError."""
    if not names:
        return ()
    from copilot.workspace.remote_cache import shrink

    kept = tuple(_keep_repo(name, paths, config) for name in names)
    if kept and config.repos_mb is not None:
        for gone in shrink(paths.repositories, config.repos_mb * 1_000_000, names):
            say(f"no longer kept, for want of room (repos_mb): {gone.shown}")
    return kept


def _keep_repo(name: RemoteName, paths: StatePaths, config: Config) -> KeptRepository:
    """Keep a repository, and say which commit serves."""
    from copilot.workspace.remote_cache import keep

    kept = keep(name, paths.repositories, local_only=config.local_only, fetching=_fetching)
    commit = f"{name.alias}: {name.shown}, commit {kept.revision[:12]}"
    if kept.stale:
        say(f"{commit}, as kept {age(time.time() - kept.fetched)} ago ({kept.stale})")
    else:
        detail(commit)
    return kept


@contextmanager
def _fetching(name: RemoteName) -> Iterator[Bar]:
    say(f"fetching {name.shown}")
    with progress_bar(f"fetching {name.alias}") as bar:
        yield bar
