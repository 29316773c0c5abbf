"""`copilot doctor`: what works here, what does not, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import typer

from copilot import __version__
from copilot.assist.models import choose_model
from copilot.backends import catalogue
from copilot.backends.pull import local_path
from copilot.cli.options import ConfigPath, Json, new_app
from copilot.cli.show import put, put_json
from copilot.context.tokens import TOKENIZERS, count_tokens, reference_encoding
from copilot.errors import CopilotError, ExitCode, UsageError
from copilot.journal.history import log
from copilot.settings.config import Config, load_config
from copilot.settings.paths import StatePaths, state_paths
from copilot.workspace.git import run_git

app = new_app()

_SAMPLE = "def add(a, b):\n    return a + b  # sums 2 numbers\n"


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `needed` marks what the main job cannot do without."""

    what: str
    works: bool
    said: str
    needed: bool = True


@app.command()
def doctor(config: ConfigPath = None, as_json: Json = False) -> None:
    """Look at what copilot needs on this machine."""
    findings = list(_examine(config))
    if as_json:
        put_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = "ok " if finding.works else ("BAD" if finding.needed else "no ")
            put(f"{mark} {finding.what:16} {finding.said}\n")
    if any(finding.needed and not finding.works for finding in findings):
        raise typer.Exit(ExitCode.FINDINGS)


def _examine(config_file: Path | None) -> Iterator[Finding]:
    paths = state_paths()
    yield Finding("copilot", True, f"{__version__}, Python {platform.python_version()}")
    yield _git()
    yield _tokenizers()
    settings = Config()
    try:
        settings = load_config(config_file or paths.config_file, [], os.environ)
        choose_model(settings, None, None, None)
        yield Finding("configuration", True, _configured(settings, paths))
    except CopilotError as error:
        yield Finding("configuration", False, f"{error.message}; {error.hint}")
    yield _state(paths)
    yield _engine()
    yield from _models(settings.models_dir or paths.models)
    yield _journal(paths)


def _git() -> Finding:
    try:
        said = run_git(Path.cwd(), "version").decode("utf-8", "replace").strip()
    except UsageError as error:
        return Finding("git", False, f"{error.message}; {error.hint}")
    return Finding("git", True, said)


def _tokenizers() -> Finding:
    wrong = [
        name
        for name in TOKENIZERS
        if count_tokens([_SAMPLE], name)[0]
        != len(reference_encoding(name).encode_ordinary(_SAMPLE))
    ]
    said = (
        f"disagree with tiktoken: {', '.join(wrong)}; reinstall quicktok-v1"
        if wrong
        else (f"{', '.join(TOKENIZERS)} count as tiktoken does")
    )
    return Finding("tokenizers", not wrong, said)


def _configured(settings: Config, paths: StatePaths) -> str:
    count = len(settings.models)
    return f"{paths.config_file}: {count} model{'' if count == 1 else 's'} of your own"


def _state(paths: StatePaths) -> Finding:
    """Tell whether the state folder can be written, and how full its disk is."""
    folder = paths.state
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("state folder", False, f"{folder}: {error.strerror}")
    works = os.access(folder, os.W_OK) and free > 50_000_000
    return Finding("state folder", works, f"{folder}, {free / 1e9:.1f} GB free")


def _engine() -> Finding:
    found = find_spec("xllamacpp") is not None
    said = "installed" if found else "missing: pip install 'repo-copilot[embedded]'"
    return Finding("embedded engine", found, said, needed=False)


def _models(models_dir: Path) -> Iterator[Finding]:
    for model in catalogue.models():
        path = local_path(model, models_dir)
        said = f"{model.name}: " + (str(path) if path else f"copilot models pull {model.name}")
        yield Finding("embedded model", path is not None, said, needed=False)


def _journal(paths: StatePaths) -> Finding:
    try:
        interrupted = [t for t in log(paths.journals) if t.status == "prepared"]
    except (OSError, CopilotError) as error:
        return Finding("journal", False, str(error))
    said = f"{len(interrupted)} interrupted changes: copilot recover" if interrupted else "clean"
    return Finding("journal", not interrupted, said)
