"""A line in the runs file for each request; a full disk there never costs the person their work."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.assist.ask import Answer
from copilot.assist.pack import Packed
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.talk import say
from copilot.errors import UsageError
from copilot.runs.store import Run, record_run
from copilot.text import visible
from copilot.workspace.model import Repository


def log_run(
    setup: Setup,
    command: str,
    task: str,
    packed: Packed,
    ready: Ready,
    answer: Answer,
    outcome: str,
) -> None:
    """Record one request; a runs file that cannot be written is only a warning."""
    usage = answer.usage
    run = Run(
        started=answer.started.isoformat(timespec="seconds"),
        command=command,
        task=visible(task),
        roots=visible(" ".join(f"{root.alias}={root.path}" for root in setup.roots)),
        model=visible(ready.facts.model),
        prompt_sha256=packed.prompt.sha256,
        prompt_tokens=usage.prompt if usage else packed.prompt.total_tokens,
        reply_tokens=usage.reply if usage else None,
        cached_tokens=usage.cached if usage else None,
        seconds=round(answer.seconds, 3),
        outcome=outcome,
        read_only=visible(_read_only(setup, packed.snapshot.repositories)),
    )
    try:
        record_run(setup.paths.runs_file, run)
    except UsageError as error:
        say(f"warning: {error.message}")


def _read_only(setup: Setup, read: Sequence[Repository]) -> str:
    """Return what was read besides the roots, each with its place and commit."""
    aliases = set(setup.read_only)
    return " ".join(
        f"{one.alias}={one.url or one.root}@{one.revision}" for one in read if one.alias in aliases
    )
