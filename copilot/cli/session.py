"""`copilot` without a command: a session in the terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import (
    BaseUrl,
    Budget,
    ConfigPath,
    Examples,
    Exclude,
    Focus,
    Fresh,
    Include,
    KeyVariable,
    Model,
    ModeOption,
    NoMask,
    Repo,
    Roots,
    Style,
    Submodules,
    Whom,
    new_app,
    where,
)
from copilot.cli.session_store import LAST, roots_of
from copilot.cli.setup import Setup, set_up
from copilot.cli.web import is_served, serve_web
from copilot.errors import UsageError
from copilot.settings.modes import Mode
from copilot.settings.paths import state_paths

if TYPE_CHECKING:
    from copilot.cli.session_engine import Engine

_INSTEAD = "copilot ask or copilot edit serve without a terminal; copilot --plain reads lines"

app = new_app()


@app.command(name="copilot")
def session(
    root: Roots = None,
    repo: Repo = None,
    submodules: Submodules = None,
    no_mask: NoMask = False,
    include: Include = None,
    exclude: Exclude = None,
    model: Model = None,
    base_url: BaseUrl = None,
    api_key_env: KeyVariable = None,
    budget: Budget = None,
    mode: ModeOption = Mode.AUTO,
    focus: Focus = None,
    fresh: Fresh = False,
    examples: Examples = None,
    style: Style = None,
    config: ConfigPath = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="ID",
            help="Go on with a kept session: its id, a part of that, or `last`.",
        ),
    ] = None,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Line by line, for screen readers and any terminal."),
    ] = False,
    web: Annotated[
        bool, typer.Option("--web", help="Serve the session in a browser, on this machine alone.")
    ] = False,
) -> None:
    """Begin a session: ask about the code and change it, one question after another."""
    if web:
        raise typer.Exit(serve_web([word for word in sys.argv[1:] if word != "--web"]))
    if not plain:
        _check_terminal()
    if resume and resume != LAST and not root:
        root = list(roots_of(state_paths().sessions, resume))
    read = (root, include, exclude, budget, config, repo, submodules, no_mask, mode, focus, fresh)
    setup = set_up(where(*read, examples, style))
    from copilot.cli.session_engine import Engine

    engine = Engine(setup, Whom(model, base_url, api_key_env), resume or "")
    try:
        raise typer.Exit(_run(engine, setup, plain=plain or _is_dumb()))
    finally:
        engine.close()


def _run(engine: Engine, setup: Setup, *, plain: bool) -> int:
    config = setup.config
    if plain:
        from copilot.cli.session_plain import PlainSession

        return PlainSession(engine, config).run()
    from copilot.cli.reviewing import edit
    from copilot.tui.session.app import run_session

    return run_session(engine, keys=config.keys, theme=config.theme, editor=edit)


def _is_dumb() -> bool:
    return os.environ.get("TERM", "dumb") == "dumb" and not is_served()


def _check_terminal() -> None:
    """Raise UsageError unless a person sits before stdin and stderr, where the screen is drawn."""
    if not is_served() and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("a session needs a terminal", _INSTEAD)
