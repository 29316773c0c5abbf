"""`copilot secrets`: secrets in what is staged, told by file and line, never by value."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.secrets import find_staged
from copilot.cli.options import new_app
from copilot.cli.show import put
from copilot.cli.talk import say_always
from copilot.errors import ExitCode, UsageError
from copilot.text import one_line
from copilot.workspace.changes_of import Changes, What, read_diff
from copilot.workspace.model import Root
from copilot.workspace.roots import find_roots

app = new_app()


@app.command(name="secrets")
def secrets_command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Files to search; default: all that changed."),
    ] = None,
) -> None:
    """Search what is staged for secrets; no model is asked."""
    (root,) = find_roots([], Path.cwd())
    if not root.is_git:
        raise UsageError(f"{root.path} is no git repository", "run it inside one")
    found = find_staged(root, _named(files, root) if files else _changed(root))
    for leak in found.leaks:
        put(f"{one_line(leak.path)}:{leak.line} {leak.kind}\n")
    for path, why in found.unread.items():
        say_always(f"{one_line(path)}: not looked at: {why}")
    if found.leaks:
        raise typer.Exit(ExitCode.FINDINGS)
    if found.unread:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _changed(root: Root) -> list[str]:
    files = read_diff(root, Changes(What.STAGED)).files
    return [file.path for file in files if file.blob and file.status != "submodule"]


def _named(files: Sequence[Path], root: Root) -> list[str]:
    """Return paths from the root. Raises UsageError."""
    paths = []
    for file in files:
        # The folder's links are followed, as in the root's own path; the file may be one itself.
        if file.is_dir() and not file.is_symlink():
            raise UsageError(
                f"{one_line(str(file))} is a folder", "name files, or none: all staged"
            )
        whole = Path(os.path.realpath(file.absolute().parent)) / file.name
        if not whole.is_relative_to(root.path):
            raise UsageError(f"{file} lies outside {root.path}", "name files of this repository")
        paths.append(whole.relative_to(root.path).as_posix())
    return paths
