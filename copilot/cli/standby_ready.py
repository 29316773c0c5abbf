"""Getting ready for reviews of a repository: what they need is imported, its files are read once.

What is read stays in memory by what it was made of, and is used for nothing else.
"""

from __future__ import annotations

import importlib
import os
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from copilot.assist.models import choose_model, open_backend
from copilot.assist.read import Read
from copilot.assist.reviewing.held_words import hold_words
from copilot.cli.commands import command_of
from copilot.cli.setup import Setup
from copilot.context.counting import counter_of
from copilot.settings.config import Config, load_config
from copilot.settings.paths import StatePaths, state_paths
from copilot.structure.definitions import definitions
from copilot.workspace.roots import find_roots

# What else would be imported when it is first of use.
_NEEDED = (
    "copilot.assist.reviewing.out_json",
    "copilot.assist.reviewing.out_lines",
    "copilot.assist.reviewing.out_text",
    "copilot.cli.hook_message",
    "copilot.cli.hook_push",
    "copilot.cli.hook_review",
    "copilot.cli.main",
    "copilot.cli.message",
    "copilot.cli.review",
    "copilot.cli.review_ask",
    "copilot.context.few",
    "copilot.journal.store",
    "encodings.idna",
    "re2",
)
_MOST_LANGUAGES = 5


def get_ready(top: Path) -> int:
    """Import what a review needs, and read what is staged in a work tree.

    Returns for how many seconds the user wants a process to stand by, 0 for none. Raises
    CopilotError, OSError.
    """
    for name in _NEEDED:
        importlib.import_module(name)
    command_of("review")
    paths = state_paths()
    config = load_config(paths.config_file, [top], os.environ)
    tokenizer = _with_model(config, paths)
    counter_of(tokenizer).begin([b"a"], paths.cache)
    roots = tuple(replace(root, state="index") for root in find_roots([os.fspath(top)], top))
    scope = Setup(paths, config, roots).scope(tokenizer)
    with closing(scope.cache):
        read = Read.of(scope.parts(_silent, skip=True))
        hold_words(read.files, scope)
    _know_languages(read)
    return config.hook_warm_seconds or 0


def _with_model(config: Config, paths: StatePaths) -> str:
    """Import what talks with the model, which is asked nothing; return its tokenizer."""
    chosen = choose_model(config, None, None, None)
    if chosen.embedded is None and not chosen.members:
        models = config.models_dir or paths.models
        open_backend(chosen, os.environ, models, paths.prompts, states=paths.slots).close()
    return chosen.settings.tokenizer


def _know_languages(read: Read) -> None:
    """Load what finds definitions in the languages of most files."""
    counts = Counter(Path(file.path).suffix for file in read.files if file.is_text)
    for suffix, _ in counts.most_common(_MOST_LANGUAGES):
        definitions(f"a{suffix}", b"\n")


def _silent(_done: int, _known: int) -> None:
    return
