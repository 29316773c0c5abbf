"""`copilot runs replay`: a prompt once more, byte for byte, from its manifest."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from copilot.assist.replay import Gone, Replayed, replay
from copilot.assist.sources import Source, find_sources
from copilot.cache import Cache
from copilot.cli.keep import write_file
from copilot.cli.talk import progress_bar, say, voice
from copilot.context.manifest import Manifest, parse_manifest
from copilot.errors import ReadIncomplete, UsageError
from copilot.runs.store import KEPT_MANIFESTS, read_manifest, read_run
from copilot.settings.config import load_config
from copilot.settings.paths import StatePaths, state_paths
from copilot.text import one_line
from copilot.workspace.masker import Masker
from copilot.workspace.remote_cache import KeptRepository, kept_repositories
from copilot.workspace.remote_name import find_repos
from copilot.workspace.roots import find_roots

_MOST_MANIFEST_BYTES = 256 * 1024**2
_GONE_SAID = 20


def replay_command(
    number: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="A run, as in the list.")
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="Rebuild from this manifest instead."),
    ] = None,
    root: Annotated[
        list[str] | None,
        typer.Option(
            "--root",
            "-R",
            metavar="[ALIAS=]PATH",
            help="Where a folder of the manifest lies; may be given several times. Default: for a "
            "run where it lay then, for --manifest the work tree around this folder.",
        ),
    ] = None,
    repo: Annotated[
        list[str] | None,
        typer.Option(
            "--repo",
            metavar="REPO",
            help="With --manifest: a repository elsewhere that may be read, if it is kept here.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it here.")
    ] = None,
) -> None:
    """Print the prompt of a run again, byte for byte, or say what of it is gone."""
    if (number is None) == (manifest is None):
        raise UsageError(
            "name a run or a manifest, one of them", "copilot runs list shows the runs"
        )
    paths = state_paths()
    if manifest is not None:
        parsed = parse_manifest(_read(manifest))
        sources = _named_sources(parsed, root or [], repo or [], paths)
    else:
        parsed = parse_manifest(_of_run(number or 0, paths))
        sources = _own_sources(parsed, root or [], paths)
    with progress_bar("rebuilding") as bar, closing(Cache(paths.facts_file)) as cache:
        replayed = replay(parsed, sources, Masker(paths.mask_key_file), cache, bar)
    if replayed.gone:
        raise _incomplete(replayed, parsed)
    _deliver(replayed, output)
    say(f"rebuilt {parsed.total_tokens:,} tokens, SHA-256 {parsed.prompt_sha256}, as they were")


def kept_or_refused(manifest: dict[str, Any] | None, number: int) -> dict[str, Any]:
    """Return the manifest of a run. Raises UsageError if it is not kept."""
    if manifest is None:
        raise UsageError(
            f"the manifest of run {number} is not kept",
            f"those of the newest {KEPT_MANIFESTS} runs are; --manifest FILE of edit and ask "
            "writes one to keep",
        )
    return manifest


def _of_run(number: int, paths: StatePaths) -> dict[str, Any]:
    if read_run(paths.runs_file, number) is None:
        raise UsageError(f"there is no run {number}", "copilot runs list shows what there is")
    return kept_or_refused(read_manifest(paths.runs_file, number), number)


def _read(file: Path) -> Any:
    """Return what a file holds as JSON. Raises UsageError."""
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_MANIFEST_BYTES + 1)
        if len(data) > _MOST_MANIFEST_BYTES:
            raise UsageError(f"{file} is larger than any manifest", "check --manifest")
        return json.loads(data)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", "check --manifest") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{file} is no manifest: {one_line(str(error))}", "check --manifest"
        ) from error


def _own_sources(parsed: Manifest, roots: list[str], paths: StatePaths) -> dict[str, Source]:
    """Return where a run's files are looked for: as it names them, unless the user says where."""
    named = find_roots(roots, Path.cwd()) if roots else ()
    kept = _kept(parsed, paths)
    return find_sources(parsed, named, kept, own=True)


def _named_sources(
    parsed: Manifest, roots: list[str], repos: list[str], paths: StatePaths
) -> dict[str, Source]:
    """Return where the files of anybody's manifest are looked for: in what the user names alone."""
    config = load_config(paths.config_file, [], os.environ)
    urls = {name.url for name in find_repos(repos, config.remotes)}
    kept = [one for one in _kept(parsed, paths) if one.name.url in urls]
    return find_sources(parsed, find_roots(roots, Path.cwd()), kept, own=False)


def _kept(parsed: Manifest, paths: StatePaths) -> tuple[KeptRepository, ...]:
    if not any(repository.url for repository in parsed.repositories):
        return ()
    return kept_repositories(paths.repositories)


def _incomplete(replayed: Replayed, parsed: Manifest) -> ReadIncomplete:
    """Return the error that names what is gone, and how much is not."""
    gone = replayed.gone if voice.verbose else replayed.gone[:_GONE_SAID]
    more = len(replayed.gone) - len(gone)
    size = sum(section.size for section in parsed.sections)
    lines = [
        f"{len(replayed.gone)} of {replayed.entries:,} entries are gone, "
        f"{replayed.size:,} of {size:,} bytes could be rebuilt; nothing was written",
        *map(_line, gone),
        *([f"  and {more} more: say --verbose"] if more else []),
    ]
    return ReadIncomplete(
        "\n".join(lines), "bring them back (git stash, git fetch), then try again"
    )


def _line(gone: Gone) -> str:
    return f"  {one_line(gone.name)} in {gone.section}: {gone.why}"


def _deliver(replayed: Replayed, output: Path | None) -> None:
    if output:
        write_file(output, *replayed.pieces)
    else:
        # The bytes are the contract here, so they are not made harmless as shown text is.
        sys.stdout.buffer.writelines(replayed.pieces)
