"""`copilot repos`: repositories elsewhere that are kept on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from copilot.cli.options import Json, new_app
from copilot.cli.setup import keep_repos
from copilot.cli.show import age, put, put_json
from copilot.cli.talk import say
from copilot.errors import UsageError
from copilot.settings.config import Config, load_config
from copilot.settings.paths import StatePaths, state_paths
from copilot.workspace.remote_cache import (
    KeptRepository,
    forget,
    kept_repositories,
    tidy,
)
from copilot.workspace.remote_name import RemoteName, find_repos
from copilot.workspace.remote_watch import bytes_below

app = new_app("Repositories elsewhere, kept at hand to be read with --repo.")

_Names = Annotated[
    list[str], typer.Argument(metavar="REPO[@REF]...", help="As after --repo of other commands.")
]
_SomeNames = Annotated[
    list[str] | None, typer.Argument(metavar="[REPO[@REF]]...", help="Default: all that are kept.")
]


@app.command()
def add(repos: _Names, as_json: Json = False) -> None:
    """Fetch repositories and keep them, so that --repo has them without a network too."""
    paths, config = _settings()
    names = find_repos(repos, config.remotes)
    _put_rows(keep_repos(names, paths, config), as_json=as_json)
    tidy(paths.repositories)


@app.command(name="list")
def list_repos(as_json: Json = False) -> None:
    """List what is kept: repository, commit, age and size on disk."""
    kept = kept_repositories(state_paths().repositories)
    _put_rows(kept, as_json=as_json)
    # Two names of one commit share it.
    total = sum(map(bytes_below, {one.git_dir for one in kept}))
    say(f"{total / 1e6:.1f} MB in all")


@app.command()
def update(repos: _SomeNames = None, as_json: Json = False) -> None:
    """Ask the servers again, and remove the commits that nothing kept leads to any longer."""
    paths, config = _settings()
    before = {kept.name.shown: kept for kept in kept_repositories(paths.repositories)}
    names = _kept(repos, config, before) if repos else [kept.name for kept in before.values()]
    updated = keep_repos(names, paths, config)
    tidy(paths.repositories)
    for kept in updated:
        old = before[kept.name.shown].revision
        change = "unchanged" if old == kept.revision else f"{old[:12]} -> {kept.revision[:12]}"
        say(f"{kept.name.shown}: {change}")
    if as_json:
        _put_rows(updated, as_json=True)


@app.command()
def remove(repos: _Names) -> None:
    """Remove what is kept of repositories from this machine."""
    paths, config = _settings()
    before = {kept.name.shown: kept for kept in kept_repositories(paths.repositories)}
    for name in _kept(repos, config, before):
        forget(name, paths.repositories)
        say(f"removed {name.shown}")
    tidy(paths.repositories)


def _settings() -> tuple[StatePaths, Config]:
    paths = state_paths()
    return paths, load_config(paths.config_file, [], os.environ)


def _kept(
    repos: Sequence[str], config: Config, kept: dict[str, KeptRepository]
) -> list[RemoteName]:
    """Return the names, having seen that each is kept."""
    names = find_repos(repos, config.remotes)
    for name in names:
        if name.shown not in kept:
            raise UsageError(f"{name.shown} is not kept", "copilot repos list shows what is")
    return list(names)


def _put_rows(repositories: Sequence[KeptRepository], *, as_json: bool) -> None:
    if as_json:
        put_json([_row(kept) for kept in repositories])
        return
    for kept in repositories:
        size = f"{bytes_below(kept.git_dir) / 1e6:.1f} MB"
        when = f"{age(time.time() - kept.fetched)} ago"
        put(f"{kept.name.shown}  {kept.revision[:12]}  {when}  {size}\n")


def _row(kept: KeptRepository) -> dict[str, Any]:
    fetched = datetime.fromtimestamp(kept.fetched, UTC).isoformat(timespec="seconds")
    return {
        "url": kept.name.url,
        "ref": kept.name.ref,
        "revision": kept.revision,
        "fetched": fetched,
        "bytes": bytes_below(kept.git_dir),
    }
