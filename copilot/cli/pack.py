"""`copilot pack`: the prompt itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.pack import Packed, Scope, check_fit, count_files, pack
from copilot.cli.keep import write_file, write_manifest
from copilot.cli.options import (
    Budget,
    ConfigPath,
    Exclude,
    Include,
    Json,
    NoMask,
    Repo,
    Roots,
    Submodules,
    new_app,
    where,
)
from copilot.cli.setup import Setup, set_up
from copilot.cli.show import counted_files, counts, put, put_json, say_masks
from copilot.cli.talk import progress_bar, say
from copilot.context.manifest import manifest as manifest_of
from copilot.context.model import Detail, PackedFile
from copilot.context.tokens import DEFAULT_TOKENIZER
from copilot.context.tree import token_tree
from copilot.errors import UsageError
from copilot.settings.config import DEFAULT_BUDGET

app = new_app()


class Shown(StrEnum):
    """How files are shown."""

    FULL = "full"
    OUTLINE = "outline"


@app.command(name="pack")
def pack_command(
    task: Annotated[
        str | None, typer.Argument(help="A task to put at the end, with the format to reply in.")
    ] = None,
    root: Roots = None,
    repo: Repo = None,
    submodules: Submodules = None,
    no_mask: NoMask = False,
    include: Include = None,
    exclude: Exclude = None,
    budget: Budget = None,
    config: ConfigPath = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it here.")
    ] = None,
    clipboard: Annotated[
        bool, typer.Option("--clipboard", help="Put it on the clipboard.")
    ] = False,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="Write what is in it, as JSON."),
    ] = None,
    tokenizer: Annotated[
        str, typer.Option("--tokenizer", metavar="NAME", help="What tokens are counted with.")
    ] = DEFAULT_TOKENIZER,
    listed: Annotated[
        bool,
        typer.Option(
            "--list",
            help="Print a tree of all files instead: their tokens, what each is, why it is in or "
            "out. The budget does not matter then.",
        ),
    ] = False,
    detail: Annotated[
        Shown,
        typer.Option(
            "--detail",
            help="Show files in full, or as outlines: without the bodies of functions.",
        ),
    ] = Shown.FULL,
    as_json: Json = False,
) -> None:
    """Print the prompt a model would get, for a chat window or a tool."""
    setup = set_up(where(root, include, exclude, budget, config, repo, submodules, no_mask))
    outputs = [path for path in (output, manifest) if path]
    with _scope(setup, tokenizer, detail, outputs) as scope:
        if listed and not (output or clipboard or manifest or as_json):
            _list(scope, detail)
            return
        with progress_bar("reading files") as bar:
            packed = pack(scope, "edit" if task else None, task or "", bar)
    limit = setup.config.budget or DEFAULT_BUDGET
    if not listed or output or clipboard:
        limit = check_fit(packed.prompt, limit, None, 0)
    if manifest:
        write_manifest(manifest, packed, limit, None)
    if as_json:
        put_json(manifest_of(packed.prompt, packed.snapshot, limit, None))
    elif listed:
        put(token_tree(packed.prompt.files, packed.snapshot))
    _deliver(packed, output, clipboard, to_stdout=not as_json and not listed)
    say(f"packed {counted_files(packed)}")
    say_masks(packed.prompt.files)
    if detail is Shown.OUTLINE:
        _say_ungrammared(packed.prompt.files)


@contextmanager
def _scope(setup: Setup, tokenizer: str, detail: Shown, outputs: Sequence[Path]) -> Iterator[Scope]:
    """Yield what is to be read; what this command itself writes is no part of it."""
    scope = setup.scope(tokenizer)
    own = [pattern for path in outputs for pattern in _patterns(path, setup)]
    chosen = scope.selection
    scope = replace(scope, selection=replace(chosen, exclude=(*chosen.exclude, *own)))
    if detail is Shown.FULL:
        yield scope
        return
    from copilot.structure.outliner import Outliner

    with Outliner(scope.cache) as outliner:
        yield replace(scope, outliner=outliner)


def _patterns(path: Path, setup: Setup) -> Iterator[str]:
    """Yield a pattern for a file that lies in a root."""
    place = path.resolve()
    for root in setup.roots:
        if place.is_relative_to(root.path):
            name = place.relative_to(root.path).as_posix()
            yield "/" + re.sub(r"([\\*?\[\]! #])", r"\\\1", name)


def _list(scope: Scope, detail: Shown) -> None:
    with progress_bar("reading files") as bar:
        snapshot, files = count_files(scope, bar)
    put(token_tree(files, snapshot))
    say(f"counted {counts(files)}")
    say_masks(files)
    if detail is Shown.OUTLINE:
        _say_ungrammared(files)


def _say_ungrammared(files: Sequence[PackedFile]) -> None:
    """Say how many files stand in full only because a package is missing."""
    from copilot.structure.grammars import missing_grammar

    full = [file for file in files if file.detail is Detail.FULL and missing_grammar(file.path)]
    if full:
        say(
            f"{len(full)} files in full for want of their grammars: "
            "pip install 'repo-copilot[languages]'"
        )


def _deliver(packed: Packed, output: Path | None, clipboard: bool, *, to_stdout: bool) -> None:
    if clipboard:
        _copy(packed.prompt.text)
    if output:
        write_file(output, *_data(packed))
    elif to_stdout and not clipboard:
        # The bytes are the contract here, so they are not made harmless as shown text is.
        sys.stdout.buffer.writelines(_data(packed))


def _data(packed: Packed) -> list[bytes]:
    return [piece for section in packed.prompt.sections for piece in section.pieces]


def _copy(text: str) -> None:
    import pyperclip

    try:
        pyperclip.copy(text)
    except pyperclip.PyperclipException as error:
        raise UsageError(
            "there is no clipboard to copy to", "use -o FILE, or install xclip or wl-clipboard"
        ) from error
