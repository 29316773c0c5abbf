"""`copilot demo`: the main job on a small bundled repository, with its tests before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copilot.assist.demo import ALIAS, TASK, free_folder, make_demo, run_tests
from copilot.cli.edit import run_edit
from copilot.cli.land import Landing
from copilot.cli.options import BaseUrl, ConfigPath, KeyVariable, Model, Whom, new_app, where
from copilot.cli.ready import agrees
from copilot.cli.reviewers import has_full_terminal
from copilot.cli.setup import set_up
from copilot.cli.show import put
from copilot.cli.talk import say
from copilot.errors import ExitCode

app = new_app()


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="PATH", help="Where; default: copilot-demo.")
    ] = None,
    model: Model = None,
    base_url: BaseUrl = None,
    api_key_env: KeyVariable = None,
    config: ConfigPath = None,
) -> None:
    """Watch the main job mend a small repository with a bug."""
    folder = folder or free_folder(Path.cwd())
    make_demo(folder)
    say(f"a small repository with a bug is now in {folder}")
    _put_tests(folder, "before")
    setup = set_up(where([f"{ALIAS}={folder}"], config=config))
    say(f"task: {TASK}")
    by_hand = has_full_terminal() and agrees("review the change on the full screen? [Y/n] ")
    code = run_edit(setup, Whom(model, base_url, api_key_env), Landing(TASK, yes=not by_hand))
    passed = _put_tests(folder, "after")
    say(f"look at it:  cd {folder} && git diff")
    say(f"take it back: cd {folder} && copilot undo")
    raise typer.Exit(code if passed or code else ExitCode.FINDINGS)


def _put_tests(folder: Path, when: str) -> bool:
    """Run the repository's own tests and put their result on stdout."""
    run = run_tests(folder)
    put(f"tests {when}: {'green' if run.passed else 'red'}\n")
    put("".join(f"    {line}\n" for line in run.output.strip().splitlines()))
    return run.passed
