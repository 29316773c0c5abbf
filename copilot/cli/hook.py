"""`copilot hook`: git's hooks that review, put in beside those that are there, and taken out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import copilot
from copilot.assist.hooking.policy import policy_of
from copilot.assist.models import choose_model
from copilot.backends.pull import local_path
from copilot.cli.options import new_app
from copilot.cli.ready import agrees
from copilot.cli.standby_call import end_standby
from copilot.cli.talk import can_agree, say
from copilot.errors import CopilotError, ExitCode, UsageError, WriteFailed
from copilot.settings.config import Config, load_config
from copilot.settings.paths import state_paths
from copilot.text import one_line
from copilot.workspace.git_state import git_dir_of
from copilot.workspace.hook_script import HOOKS, KEPT, Program, hook_script
from copilot.workspace.hooks import (
    HookFolder,
    Installed,
    Removed,
    hook_folder,
    install,
    uninstall,
)
from copilot.workspace.roots import find_roots

_USUAL = ("pre-commit", "prepare-commit-msg")
_IDLE = "idle"
_INSTALLED = {
    Installed.NEW: "{name}: installed in {folder}",
    Installed.CHAINED: "{name}: installed in {folder}; the hook that was there runs first, it is "
    "kept beside it as {kept}",
    _IDLE: "{name}: installed in {folder}; what was there is not executable, so that it does not "
    "run as before, and is kept beside it as {kept}",
    Installed.RENEWED: "{name}: installed anew in {folder}",
    Installed.ALREADY: "{name}: is installed already in {folder}",
    Installed.EDITED: "{name}: not installed: ours is there already, but somebody edited it; "
    "remove {folder}/{name} to have a new one",
    Installed.IN_THE_WAY: "{name}: not installed: the hook that is there cannot be kept, as "
    "{kept} is there too; move one of them out of {folder}",
}
_REMOVED = {
    Removed.REMOVED: "{name}: removed from {folder}",
    Removed.RESTORED: "{name}: removed from {folder}; the hook that was there before is back",
    Removed.EDITED: "{name}: left as it is in {folder}: somebody edited it since it was installed",
    Removed.FOREIGN: "{name}: left as it is: the hook in {folder} is not ours any more; the one "
    "before it is still kept as {kept}",
    Removed.ABSENT: "",
}

app = new_app("git's hooks that review what is committed and pushed, and propose messages.")
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[HOOK]...", help=f"Of {', '.join(HOOKS)}.")
]
Root = Annotated[
    str | None,
    typer.Option("--root", "-R", metavar="PATH", help="Default: the work tree around this folder."),
]
Anyway = Annotated[
    bool,
    typer.Option(
        "--anyway",
        help="Although core.hooksPath names a folder in the work tree, or one that several "
        "repositories share.",
    ),
]


@app.command(name="install")
def install_command(names: Names = None, root: Root = None, anyway: Anyway = False) -> None:
    """Install hooks beside those that are there; without names: pre-commit, prepare-commit-msg."""
    wanted = _checked(names or _USUAL)
    top = _top(root)
    folder = hook_folder(top)
    _agree(folder, anyway=anyway)
    config = load_config(state_paths().config_file, [], os.environ)
    policy = policy_of(config)
    without = ExitCode.OK if policy.is_open else ExitCode.INCOMPLETE
    package = Path(copilot.__file__).resolve().parent
    program = Program(Path(sys.executable), package)
    outcomes = []
    try:
        for name in wanted:
            outcomes.append(install(folder.path, name, hook_script(name, program, without)))
            kept = folder.path / f"{name}{KEPT}"
            is_idle = outcomes[-1] is Installed.CHAINED and not os.access(kept, os.X_OK)
            _say(_INSTALLED[_IDLE if is_idle else outcomes[-1]], name, folder)
    except OSError as error:
        raise _refused(folder, error) from error
    if folder.has_worktrees:
        say("every work tree of this repository has these hooks")
    refused = {Installed.EDITED, Installed.IN_THE_WAY} & set(outcomes)
    if set(outcomes) - refused:
        say(_what_follows(config, policy.seconds))
    if refused:
        raise typer.Exit(ExitCode.FINDINGS)


def _what_follows(config: Config, seconds: float) -> str:
    """Return whom the hooks will ask, how long git then waits, and how they are left out."""
    try:
        chosen = choose_model(config, None, None, None)
    except CopilotError as error:
        return f"no model can be asked yet: {error.message}; {error.hint}"
    folder = config.models_dir or state_paths().models
    if any(local_path(one, folder) is None for one in chosen.all_embedded):
        return (
            f"no model is here to ask yet: copilot models add, or copilot models pull {chosen.name}"
        )
    own = ", the embedded model, which may need longer" if chosen.embedded else ""
    return (
        f"git waits at most {seconds:g} s (hook_seconds) for {one_line(chosen.name)}{own}; "
        "SKIP=copilot or --no-verify leaves it out"
    )


@app.command(name="uninstall")
def uninstall_command(names: Names = None, root: Root = None) -> None:
    """Take our hooks out; what was there before them is there again. Without names: all."""
    wanted = _checked(names or HOOKS)
    top = _top(root)
    folder = hook_folder(top)
    if (git_dir := git_dir_of(top, {})) is not None:
        end_standby(os.fspath(git_dir))
    try:
        outcomes = {name: uninstall(folder.path, name) for name in wanted}
    except OSError as error:
        raise _refused(folder, error) from error
    for name, outcome in outcomes.items():
        if outcome is not Removed.ABSENT:
            _say(_REMOVED[outcome], name, folder)
    if set(outcomes.values()) == {Removed.ABSENT}:
        say(f"no hook of ours in {one_line(str(folder.path))}")
    if {Removed.EDITED, Removed.FOREIGN} & set(outcomes.values()):
        raise typer.Exit(ExitCode.FINDINGS)


@app.command(name="run")
def run_command(
    name: Annotated[str, typer.Argument(metavar="HOOK", help=f"One of {', '.join(HOOKS)}.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGUMENT]...", help="What git gives the hook.")
    ] = None,
) -> None:
    """Do what a hook does, for git or for another manager of hooks.

    Nothing in the index or the work tree is changed, but the empty message of prepare-commit-msg.
    """
    from copilot.cli.hook_run import run

    raise typer.Exit(run([name, *(arguments or ())]))


def _checked(names: Sequence[str]) -> tuple[str, ...]:
    """Return the hooks named, each once. Raises UsageError."""
    for name in names:
        if name not in HOOKS:
            raise UsageError(f"no hook of ours: {one_line(name)}", f"one of {', '.join(HOOKS)}")
    return tuple(dict.fromkeys(names))


def _top(root: str | None) -> Path:
    (found,) = find_roots([root] if root else [], Path.cwd())
    if not found.is_git:
        raise UsageError(f"{one_line(str(found.path))} is no git repository", "name one with -R")
    return found.path


def _agree(folder: HookFolder, *, anyway: bool) -> None:
    """Raise UsageError unless the person wants hooks in a folder that is not this repository's."""
    if not (folder.shared or folder.in_work_tree):
        return
    where = one_line(str(folder.path.resolve()))
    why = "which several repositories share" if folder.shared else "in the work tree"
    said = f"the hooks lie in {where}, {why}"
    if anyway or (can_agree() and agrees(f"{said}. Install there? [y/N] ", usually=False)):
        return
    raise UsageError(
        said,
        'add this line to the hook there: copilot hook run HOOK "$@", or add --anyway',
    )


def _say(sentence: str, name: str, folder: HookFolder) -> None:
    say(sentence.format(name=name, folder=one_line(str(folder.path)), kept=name + KEPT))


def _refused(folder: HookFolder, error: OSError) -> WriteFailed:
    where = one_line(str(folder.path))
    return WriteFailed(f"cannot write in {where}: {error.strerror}", "check its permissions")
