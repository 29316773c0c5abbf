"""`copilot models probe`: in two minutes, what a model's window, edits and speed really are."""

from __future__ import annotations

from typing import Annotated

import typer

from copilot.cli.models_warm import complete_configured
from copilot.cli.options import (
    BaseUrl,
    ConfigPath,
    Exclude,
    Include,
    Json,
    KeyVariable,
    NoMask,
    Repo,
    Roots,
    Submodules,
    Whom,
    where,
)
from copilot.cli.setup import set_up
from copilot.cli.show import put, put_json
from copilot.errors import UsageError
from copilot.settings.amounts import parse_tokens

# A week: no timer takes any number of seconds.
_MOST_MINUTES = 7 * 24 * 60


def probe_command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A model of `copilot models list`.",
            autocompletion=complete_configured,
        ),
    ] = None,
    root: Roots = None,
    repo: Repo = None,
    submodules: Submodules = None,
    no_mask: NoMask = False,
    include: Include = None,
    exclude: Exclude = None,
    base_url: BaseUrl = None,
    api_key_env: KeyVariable = None,
    config: ConfigPath = None,
    minutes: Annotated[
        float, typer.Option("--minutes", help="Begin nothing that would not end by then.")
    ] = 2.0,
    up_to: Annotated[
        str | None,
        typer.Option("--up-to", metavar="N", help="Ask no longer prompts: 32k, 200k, 1M."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find out what a model's window really is, whether it edits as asked, and how fast it is.

    Its prompts are made of this repository's files. A window that was seen to be smaller than
    claimed is kept, and holds for all commands.
    """
    if not 0 < minutes <= _MOST_MINUTES:
        raise UsageError(
            f"--minutes must be more than 0, and at most {_MOST_MINUTES:,}",
            "leave it out for 2 minutes",
        )
    most = parse_tokens(up_to) if up_to else None
    setup = set_up(where(root, include, exclude, None, config, repo, submodules, no_mask))
    whom = Whom(name, base_url, api_key_env)
    # What measures takes long to import, and no other command on models needs it.
    from copilot.cli.probing import probe

    found = probe(setup, whom, 60 * minutes, most)
    if as_json:
        put_json(found.facts)
        return
    for line in found.lines:
        put(f"{line}\n")
