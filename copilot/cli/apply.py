"""`copilot apply`: a reply from anywhere, reviewed and applied."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.propose import propose
from copilot.cli.land import Landing, check_landing, land
from copilot.cli.options import (
    ConfigPath,
    DryRun,
    Json,
    PatchFile,
    Plain,
    Repo,
    Roots,
    Submodules,
    Yes,
    new_app,
    where,
)
from copilot.cli.setup import set_up
from copilot.errors import UsageError
from copilot.workspace.remote_name import find_repos

app = new_app()


@app.command()
def apply(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The reply; default: stdin.")
    ] = None,
    root: Roots = None,
    repo: Repo = None,
    submodules: Submodules = None,
    config: ConfigPath = None,
    clipboard: Annotated[
        bool, typer.Option("--clipboard", help="Take the reply from the clipboard.")
    ] = False,
    yes: Yes = False,
    plain: Plain = False,
    dry_run: DryRun = False,
    patch: PatchFile = None,
    as_json: Json = False,
) -> None:
    """Review and apply a reply from a file, a web chat, stdin."""
    setup = set_up(where(root, config=config, submodules=submodules))
    reply, from_stdin = _reply(file, clipboard)
    if from_stdin and not (yes or dry_run):
        raise UsageError(
            "the reply came on stdin, so nobody can review it there",
            "give a FILE or --clipboard, or accept everything with --yes",
        )
    label = f"apply {file}" if file else "apply a pasted reply"
    landing = Landing(label, yes, plain, dry_run, patch, commit=False, as_json=as_json)
    check_landing(landing, setup)
    taken = [*(root.alias for root in setup.roots), *setup.read_only]
    far = [name.alias for name in find_repos(repo or (), setup.config.remotes, taken)]
    proposal = propose(reply, setup.roots, read_only=[*setup.read_only, *far], masker=setup.masker)
    raise typer.Exit(land(proposal, setup, landing).code)


def _reply(file: Path | None, clipboard: bool) -> tuple[str, bool]:
    """Return the reply's text, and whether stdin was used up for it."""
    if clipboard:
        return _pasted(), False
    if file is None or str(file) == "-":
        return _decoded(sys.stdin.buffer.read(), "stdin"), True
    try:
        return _decoded(file.read_bytes(), str(file)), False
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", "check the path") from error


def _pasted() -> str:
    import pyperclip

    try:
        return str(pyperclip.paste())
    except pyperclip.PyperclipException as error:
        raise UsageError("there is no clipboard to read", "give a FILE instead") from error


def _decoded(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is no UTF-8 text", "save the reply as UTF-8") from error
