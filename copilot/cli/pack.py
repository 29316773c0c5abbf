"""`copilot pack`: the prompt itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.pack import Packed, check_fit, count_files, pack
from copilot.assist.scope import Scope
from copilot.cli.keep import manifest_of, write_manifest
from copilot.cli.options import (
    Budget,
    ConfigPath,
    Examples,
    Exclude,
    Focus,
    Fresh,
    Include,
    Json,
    ModeOption,
    NoMask,
    Repo,
    Roots,
    Style,
    Submodules,
    new_app,
    where,
)
from copilot.cli.pack_out import FORMAT_SHARE, Asked, data_of, deliver, deliver_parts, draw, in_form
from copilot.cli.setup import Setup, set_up
from copilot.cli.show import counted_files, counts, put, put_json, say_masks, say_reuse
from copilot.cli.talk import progress_bar, say
from copilot.context.formats import Format
from copilot.context.model import Detail, PackedFile
from copilot.context.tokens import DEFAULT_TOKENIZER
from copilot.context.tree import token_tree
from copilot.errors import UsageError
from copilot.settings.config import DEFAULT_BUDGET
from copilot.settings.modes import Mode

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
    mode: ModeOption = Mode.AUTO,
    focus: Focus = None,
    fresh: Fresh = False,
    examples: Examples = None,
    style: Style = None,
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
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Write it for another tool; by default for our own models."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", metavar="N", help="Cut it into parts of at most N tokens: FILE.1, FILE.2, …"
        ),
    ] = None,
    drawn: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="[FILE.svg]",
            help="Draw where the tokens go instead, in the terminal or as a picture.",
        ),
    ] = None,
    explain_cache: Annotated[
        bool,
        typer.Option(
            "--explain-cache",
            help="Say instead how many tokens of the last prompt that was sent this one begins "
            "with, and what breaks the rest.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the prompt a model would get, for a chat window or a tool."""
    _check_together(mode, split, form, clipboard=clipboard)
    read = (root, include, exclude, budget, config, repo, submodules, no_mask, mode, focus, fresh)
    setup = set_up(where(*read, examples, style))
    outputs = [path for path in (output, manifest) if path]
    only_listed = listed and not (output or clipboard)
    limit = setup.config.budget or DEFAULT_BUDGET
    held = None if only_listed else limit
    room = round(held * FORMAT_SHARE) if held and form else held
    scope = _scope(setup.scope(tokenizer, room), setup, detail, outputs)
    if only_listed and not (manifest or as_json):
        _list(scope, detail)
        return
    asked = Asked("edit" if task else None, task or "")
    with progress_bar("reading files") as bar:
        packed = pack(scope, asked.kind, asked.text, bar)
    check_fit(packed.prompt, held, None, 0)
    if manifest:
        write_manifest(manifest, packed, limit, None, setup.masker)
    if explain_cache:
        _explain(setup, scope, packed)
    if as_json:
        put_json(manifest_of(packed, limit, None, setup.masker))
    elif listed:
        put(token_tree(packed.prompt.files, packed.snapshot))
    elif drawn:
        draw(packed, limit, drawn)
    is_told = as_json or listed or drawn or explain_cache
    if split:
        deliver_parts(packed, scope, split, output)
    elif output or clipboard or not is_told:
        data = in_form(packed, scope, form, asked) if form else data_of(packed)
        deliver(data, output, clipboard=clipboard)
    say(f"packed {counted_files(packed)}")
    say_masks(packed.prompt.files)
    if detail is Shown.OUTLINE:
        _say_ungrammared(packed.prompt.files)


def _check_together(mode: Mode, split: str | None, form: Format | None, *, clipboard: bool) -> None:
    """Raise UsageError for options that do not go together."""
    if mode is Mode.SELECT:
        raise UsageError("--mode select asks a model", "use it with copilot edit or copilot ask")
    if split and (form or clipboard):
        raise UsageError("--split cuts our own form into files", "leave --format, --clipboard out")


def _explain(setup: Setup, scope: Scope, packed: Packed) -> None:
    from copilot.assist.reuse import last_store, reuse_with

    reuse = reuse_with(scope, packed, last_store(setup.paths.frozen, scope))
    if reuse is None:
        put("nothing was sent from here yet: a cache holds none of it\n")
    else:
        say_reuse(reuse, lambda text: put(f"{text}\n"))


def _scope(scope: Scope, setup: Setup, detail: Shown, outputs: Sequence[Path]) -> Scope:
    """Return what is to be read; what this command itself writes is no part of it."""
    own = [pattern for path in outputs for pattern in _patterns(path, setup)]
    chosen = scope.selection
    selection = replace(chosen, exclude=(*chosen.exclude, *own))
    return replace(scope, selection=selection, outlines=detail is Shown.OUTLINE)


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
