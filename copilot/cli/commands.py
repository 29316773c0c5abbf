"""The table of commands; a command's module is imported only when it is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from copilot import __version__
from copilot.cli.talk import voice

# Command: (module, name of its typer app there), in the order of the help.
COMMANDS = {
    "edit": ("edit", "app"),
    "ask": ("ask", "app"),
    "pack": ("pack", "app"),
    "apply": ("apply", "app"),
    "review": ("review", "app"),
    "message": ("message", "app"),
    "hook": ("hook", "app"),
    "secrets": ("secrets", "app"),
    "undo": ("history", "undo_app"),
    "redo": ("history", "redo_app"),
    "recover": ("history", "recover_app"),
    "log": ("history", "log_app"),
    "models": ("models", "app"),
    "repos": ("repos", "app"),
    "eval": ("evals", "app"),
    "runs": ("runs", "app"),
    "sessions": ("sessions", "app"),
    "config": ("config", "app"),
    "doctor": ("doctor", "app"),
    "demo": ("demo", "app"),
}
# Before a command's name.
_COMMON = frozenset({"-q", "--quiet", "-v", "--verbose", "--no-color"})
_OF_THE_GROUP = frozenset(
    {"-h", "--help", "-V", "--version", "--install-completion", "--show-completion"}
)
# Set by a shell that asks what may follow.
_COMPLETES = "_COPILOT_COMPLETE"


class LazyGroup(TyperGroup):
    """A group whose commands are imported by name; each takes the common options too."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]
        self.params += _common_options()

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return command_of(cmd_name) if cmd_name in COMMANDS else None


@cache
def command_of(name: str) -> Any:
    """Return a command, imported."""
    module, attribute = COMMANDS[name]
    command = typer.main.get_command(getattr(import_module(f"copilot.cli.{module}"), attribute))
    command.name = name
    for own in [command, *getattr(command, "commands", {}).values()]:
        own.params += _common_options()
    return command


def _be_quiet(value: bool) -> None:
    voice.quiet = voice.quiet or value


def _be_verbose(value: bool) -> None:
    voice.verbose = voice.verbose or value


def _be_colorless(value: bool) -> None:
    voice.color = voice.color and not value
    if value:
        # The review screen and the programs we start know this variable.
        os.environ["NO_COLOR"] = "1"


def _option(*names: str, heard: Callable[[bool], None], text: str) -> Any:
    return typer.Option(*names, callback=heard, expose_value=False, help=text)


@cache
def _common_options() -> list[Any]:
    """Return the options that stand before or behind a command's name alike."""
    holder = typer.Typer(add_completion=False)

    @holder.command()
    def hold(
        quiet: Annotated[
            bool, _option("--quiet", "-q", heard=_be_quiet, text="Say only errors.")
        ] = False,
        verbose: Annotated[
            bool, _option("--verbose", "-v", heard=_be_verbose, text="Say more.")
        ] = False,
        no_color: Annotated[
            bool, _option("--no-color", heard=_be_colorless, text="No colours.")
        ] = False,
    ) -> None:
        """Hold the options for others to take."""

    return list(typer.main.get_command(holder).params)


app = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command, a session begins in the terminal; copilot --plain --help lists its "
    "options. Exit codes and files: see docs/.",
)


@app.callback()
def copilot(
    version: Annotated[bool, typer.Option("--version", "-V", help="Show the version.")] = False,
) -> None:
    """A coding copilot that reads the whole repository and changes only what you accept."""
    if version:
        typer.echo(f"copilot {__version__}")
        raise typer.Exit


def command_line(arguments: Sequence[str]) -> None:
    """Run one command; leaves by SystemExit or with an error of ours."""
    if "--map" in arguments:
        from copilot.cli.pack_out import with_map_joined

        arguments = list(with_map_joined(arguments))
    if is_session(arguments) and _COMPLETES not in os.environ:
        from copilot.cli.session import app as session_app

        session = typer.main.get_command(session_app)
        session.params += _common_options()
        if not arguments and not sys.stdin.isatty():
            _show_help()
        session.main(list(arguments), prog_name="copilot")
    app(list(arguments), prog_name="copilot")


def _show_help() -> None:
    """Show the help on stderr, to who called for a session without a terminal."""
    group = typer.main.get_command(app)
    with group.make_context("copilot", [], resilient_parsing=True) as context:
        print(group.get_help(context), file=sys.stderr)


def is_session(arguments: Sequence[str]) -> bool:
    """Tell whether a command line names no command, so that a session begins."""
    for word in arguments:
        if word not in _COMMON:
            return word.startswith("-") and word not in _OF_THE_GROUP
    return True
