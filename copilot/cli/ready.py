"""From options to a model ready to answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.assist.ask import Limits
from copilot.assist.models import ChosenModel, choose_model, open_backend
from copilot.assist.stopping import Stoppable
from copilot.backends.protocol import ModelFacts
from copilot.backends.pull import check_local, local_path, pull
from copilot.cli.options import Whom
from copilot.cli.setup import Setup
from copilot.cli.talk import can_agree, listener, progress_bar, say
from copilot.errors import UsageError
from copilot.settings.config import Config
from copilot.settings.windows import effective_length, found_window
from copilot.text import one_line

_RAISE = "set max_reply_tokens in the model's table, or ask for less"
_QUARTER = "that is a quarter of its window"
_HALF = "that is half of its window: serve it with a larger one, or ask for less"
_PROJECT_FILES = frozenset({".copilot.toml", "pyproject.toml"})


@dataclass(frozen=True)
class Ready:
    """A model ready to answer; `found_window` is what its window was found to be, in our tokens.

    `effective` is the prompt up to which it was measured to read well, in our tokens too.
    """

    chosen: ChosenModel
    backend: Stoppable
    facts: ModelFacts
    found_window: int | None = None
    effective: int | None = None

    @property
    def window(self) -> int | None:
        return self.found_window or self.claimed_window

    @property
    def claimed_window(self) -> int | None:
        return self.chosen.settings.window or self.facts.window

    @property
    def cache(self) -> str:
        """Whose cache holds what was sent: the model, and the server where it is not ours."""
        server = self.chosen.settings.base_url
        return f"{self.facts.model} at {server}" if server else self.facts.model

    @property
    def endpoint(self) -> str:
        """What a window is found for: the server, the model, and what it claims."""
        server = self.chosen.settings.base_url or self.chosen.settings.provider
        return f"{server} {self.facts.model} {self.claimed_window}"

    def budget(self, config: Config) -> int | None:
        """The most tokens of a prompt: what the user set, else up to where the model reads well.

        A project's file may only narrow that. None where nothing bounds a prompt but the window.
        """
        if config.budget is None or self.effective is None:
            return config.budget or self.effective
        is_users = Path(config.origins.get("budget", "")).name not in _PROJECT_FILES
        return config.budget if is_users else min(config.budget, self.effective)

    @property
    def reply_bound(self) -> tuple[int, str]:
        """The most tokens of a reply, and what a person can do about that bound.

        It takes half the window at most; a quarter, where the person did not set it.
        """
        own, most = self.chosen.settings.max_reply_tokens, self.facts.max_reply_tokens
        bounds = [(own or self.chosen.usual_reply_tokens, _RAISE)]
        if most:
            bounds.append((most, "the model writes no more: ask for less"))
        if self.window and own:
            bounds.append((self.window // 2, _HALF))
        elif self.window:
            bounds.append((self.window // 4, f"{_QUARTER}: {_RAISE}"))
        return min(bounds, key=lambda bound: bound[0])

    @property
    def limits(self) -> Limits:
        """The reply's limits."""
        tokens, _ = self.reply_bound
        # llama.cpp samples at 0.8 unless told otherwise; hosted models may refuse any value.
        usual = 0.0 if self.facts.grammar == "llama.cpp" else None
        chosen = self.chosen.settings.temperature
        return Limits(tokens, usual if chosen is None else chosen)


@contextmanager
def ready_model(setup: Setup, whom: Whom, *, tells_budget: bool = True) -> Iterator[Ready]:
    """Choose, fetch if need be, and connect the model; closed at the end. Raises ModelError.

    `tells_budget` is False for what no measured length bounds.
    """
    chosen = choose_model(setup.config, whom.model, whom.base_url, whom.key_variable)
    for one in (chosen, *chosen.members):
        _fetch_embedded(one, setup.models_dir, local_only=setup.config.local_only)
    backend = Stoppable(
        lambda: open_backend(
            chosen,
            os.environ,
            setup.models_dir,
            setup.paths.prompts,
            lambda report: say(str(report)),
            setup.paths.slots,
        )
    )
    try:
        ready = Ready(chosen, backend, backend.facts())
        yield _as_found(ready, setup, tells_budget=tells_budget)
    finally:
        backend.close()


def _as_found(ready: Ready, setup: Setup, *, tells_budget: bool) -> Ready:
    """Return the model with what was found of it earlier, and say so."""
    file, model = setup.paths.windows_file, one_line(ready.facts.model)
    found = found_window(file, ready.endpoint)
    if found is not None:
        claimed = f", where it claims {ready.claimed_window:,}" if ready.claimed_window else ""
        say(f"the window of {model} was found to be {found:,} tokens{claimed}")
    effective = effective_length(file, ready.endpoint)
    if effective is None:
        return replace(ready, found_window=found)
    ready = replace(ready, found_window=found, effective=effective.room)
    if tells_budget and ready.budget(setup.config) == effective.room:
        say(
            f"budget: {effective.room:,} tokens, because {model} was measured to read well up to "
            f"{effective.tokens:,} and not at {effective.fails_at:,} (copilot eval "
            f"{one_line(effective.suite)}); for more, say --budget N"
        )
    return ready


def _fetch_embedded(chosen: ChosenModel, models_dir: Path, *, local_only: bool) -> None:
    """Say which model serves, and fetch it the first time (in a terminal: after asking).

    Raises PolicyRefused, UsageError, ModelUnreachable.
    """
    model = chosen.embedded
    if model is None:
        return
    say(
        f"model: {model.title}, embedded ({model.license}); "
        "for a stronger one: copilot models add, or --base-url URL"
    )
    if local_path(model, models_dir) is not None:
        return
    check_local(model.name, local_only=local_only)
    size = f"{model.size_bytes / 1e9:.1f} GB"
    if can_agree() and not agrees(f"fetch it once, {size}, into {models_dir}? [Y/n] "):
        raise UsageError("no model to ask", "copilot models add, or copilot models pull")
    fetch_model(model.name, models_dir)


def fetch_model(
    name: str, models_dir: Path, *, verify: bool = False, local_only: bool = False
) -> Path:
    """Fetch an embedded model with a progress bar and return its path.

    Raises ModelUnreachable, PolicyRefused.
    """
    from copilot.backends import catalogue

    model = catalogue.find(name)
    here = local_path(model, models_dir)
    if here is not None and not verify:
        say(f"the model is here already: {here}; to check its bytes: --verify")
        return here
    if here is None:
        check_local(name, local_only=local_only)
    doing = "checking" if here else "fetching"
    say(f"{doing} {model.title}, {model.size_bytes / 1e9:.1f} GB, in {models_dir}")
    with progress_bar(model.name, unit_bytes=True) as bar:
        path = pull(model, models_dir, progress=bar, verify=verify, local_only=local_only)
    say(f"the model is at {path}, SHA-256 checked")
    return path


def agrees(question: str, *, usually: bool = True) -> bool:
    """Ask a yes-or-no question; the empty answer is what one `usually` says, no input is no.

    Where a screen hears what is said, it is asked.
    """
    if hearing := listener():
        return hearing.answer is not None and hearing.answer(question)
    try:
        print(question, end="", file=sys.stderr, flush=True)
        answer = input().strip().lower()
        return answer in {"y", "yes"} or (usually and not answer)
    except EOFError:
        return False
