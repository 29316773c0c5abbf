"""The model that a session asks: connected with the first need of it, changed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress

from copilot.assist.models import choose_model
from copilot.assist.session.protocol import ModelChoice
from copilot.backends import catalogue
from copilot.cli.log_run import past_runs
from copilot.cli.options import Whom
from copilot.cli.ready import Ready, ready_model
from copilot.cli.setup import Setup
from copilot.errors import CopilotError
from copilot.runs.store import Run


class SessionModel:
    """A model by the name that the person knows it by."""

    def __init__(self, setup: Setup, whom: Whom) -> None:
        self._setup = setup
        self.whom = whom
        self._stack = ExitStack()
        self._ready: Ready | None = None
        self._past: tuple[Run, ...] | None = None

    @property
    def name(self) -> str:
        if self._ready:
            return self._ready.chosen.name
        with suppress(CopilotError):
            whom = self.whom
            config = self._setup.config
            return choose_model(config, whom.model, whom.base_url, whom.key_variable).name
        return self.whom.model or ""

    @property
    def connected(self) -> Ready | None:
        """The model if it was asked for already."""
        return self._ready

    def ready(self) -> Ready:
        """Connect the model, if need be. Raises CopilotError."""
        if self._ready is None:
            self._ready = self._stack.enter_context(ready_model(self._setup, self.whom))
        return self._ready

    def narrow(self, ready: Ready) -> None:
        """Go on with what was found out of the model."""
        self._ready = ready

    def use(self, name: str) -> None:
        """Ask another model from now on. Raises UsageError, PolicyRefused if that cannot be."""
        choose_model(self._setup.config, name, None, None)
        self.close()
        self.whom = Whom(name)

    def stop(self) -> None:
        """End what is being answered, from any thread."""
        if self._ready:
            self._ready.backend.stop()

    @property
    def past(self) -> tuple[Run, ...]:
        """The newest runs of the model, for an estimate."""
        if self._past is None:
            self._past = past_runs(self._setup, self._ready) if self._ready else ()
        return self._past

    def forget_past(self) -> None:
        self._past = None

    def choices(self) -> tuple[ModelChoice, ...]:
        """Return the models that can be asked: the person's own first."""
        return tuple(self._choices())

    def _choices(self) -> Iterator[ModelChoice]:
        current, models = self.name, self._setup.config.models
        for name, settings in models.items():
            place = settings.base_url or settings.provider
            yield ModelChoice(name, f"{settings.model or name} at {place}", name == current)
        for model in catalogue.models():
            if model.name not in models:
                about = f"{model.title}, embedded"
                yield ModelChoice(model.name, about, model.name == current)
        named = {*models, *(model.name for model in catalogue.models())}
        if current and current not in named:
            yield ModelChoice(current, "as on the command line", is_current=True)

    def close(self) -> None:
        self._stack.close()
        self._ready = self._past = None
