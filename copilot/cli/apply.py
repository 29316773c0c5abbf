"""`copilot apply`: a reply from anywhere, reviewed and applied."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.never_read import NeverRead
from copilot.assist.propose import Attempt, Ground, Proposal, attempt, read_reply
from copilot.cli.land import Landing, check_landing, check_of, land, put_refused, put_result
from copilot.cli.options import (
    Accept,
    Allow,
    Check,
    ConfigPath,
    DryRun,
    Json,
    NoCheck,
    PatchFile,
    Plain,
    Repo,
    Roots,
    Submodules,
    Yes,
    new_app,
    where,
)
from copilot.cli.reviewing import Reviewing
from copilot.cli.setup import set_up
from copilot.errors import EditsRefused, UsageError
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
    accept: Accept = None,
    plain: Plain = False,
    dry_run: DryRun = False,
    patch: PatchFile = None,
    check: Check = None,
    no_check: NoCheck = False,
    allow: Allow = None,
    as_json: Json = False,
) -> None:
    """Review and apply a reply from a file, a web chat, stdin."""
    setup = set_up(where(root, config=config, submodules=submodules))
    reply = _reply(file, clipboard)
    label = f"apply {file}" if file and str(file) != "-" else "apply a pasted reply"
    command = check_of(setup, check, no_check=no_check)
    allowed = frozenset(allow or ())
    landing = Landing(
        label,
        yes,
        plain,
        dry_run,
        patch,
        command,
        as_json=as_json,
        allow=allowed,
        accept=tuple(accept or ()),
    )
    check_landing(landing, setup)
    taken = [*(root.alias for root in setup.roots), *setup.read_only]
    far = [name.alias for name in find_repos(repo or (), setup.config.remotes, taken)]
    read_only = frozenset([*setup.read_only, *far])
    ground = Ground(setup.roots, read_only, setup.masker, NeverRead(setup.roots))
    proposal = _proposed(reply, ground, as_json=as_json)
    is_on_disk = file is not None and file.is_file() and not clipboard
    outside = Reviewing(setup, proposal, is_on_disk=is_on_disk)
    landed = land(proposal, setup, landing, outside)
    put_result(landed, setup, landing)
    raise typer.Exit(landed.code)


def _proposed(reply: str, ground: Ground, *, as_json: bool) -> Proposal:
    """Return what a reply proposes; as JSON, a refusal is told on stdout too."""
    made: Attempt | None = None
    try:
        made = attempt(read_reply(reply, closing_required=False), ground)
        return made.proposal()
    except EditsRefused as refusal:
        if as_json:
            put_refused(made, refusal.message)
        raise


def _reply(file: Path | None, clipboard: bool) -> str:
    """Return the reply's text. Raises UsageError."""
    if clipboard:
        return _pasted()
    if file is None or str(file) == "-":
        return _decoded(sys.stdin.buffer.read(), "stdin")
    try:
        return _decoded(file.read_bytes(), str(file))
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
