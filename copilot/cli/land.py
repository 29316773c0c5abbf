"""From a proposal to files: shown, reviewed, checked, written all or nothing, and told."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from copilot.assist.check import Check
from copilot.assist.commit import commit_changes, uncommitted
from copilot.assist.propose import Proposal
from copilot.cli.keep import write_file
from copilot.cli.reviewers import review
from copilot.cli.setup import Setup
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.edits.patch import git_patch, shown_diff
from copilot.errors import ExitCode, UsageError
from copilot.journal.transact import commit as write_all
from copilot.review.state import Decision, Review, accepted, decide_all, start

NOTHING = ChangeSet()


@dataclass(frozen=True)
class Landing:
    """How changes land: the options of `edit` and `apply`."""

    task: str
    yes: bool = False
    plain: bool = False
    dry_run: bool = False
    patch: Path | None = None
    check: Callable[[ChangeSet], Check] | None = None
    commit: bool = False
    as_json: bool = False


@dataclass(frozen=True)
class Landed:
    """What became of a proposal: in a word, as exit code, and what was written."""

    outcome: str
    code: ExitCode
    changes: ChangeSet = NOTHING
    transaction: str | None = None


def check_landing(landing: Landing, setup: Setup, check: str | None = None) -> None:
    """Raise UsageError for options that exclude each other, before a model is asked in vain."""
    if check is not None and not check.strip():
        raise UsageError("the command after --check is empty", "leave it out, or name one")
    if landing.dry_run and (landing.patch or check or landing.commit):
        raise UsageError("--dry-run only shows", "leave out --patch, --check and --commit")
    if landing.patch and landing.commit:
        raise UsageError("--patch writes no file to commit", "leave out --patch or --commit")
    if landing.patch and not landing.patch.parent.is_dir():
        raise UsageError(f"no folder at {landing.patch.parent}", "check the path after --patch")
    if landing.commit and not all(root.is_git for root in setup.roots):
        raise UsageError("--commit needs git repositories", "leave it out, or run git init there")


def land(proposal: Proposal, setup: Setup, landing: Landing) -> Landed:
    """Review and apply a proposal, and put its result on stdout. Raises CopilotError."""
    landed = _land(proposal, setup, landing)
    # What was done is said before stdout can fail, and without its help.
    _say_end(landed, setup, landing)
    if landing.commit and landed.transaction:
        _commit(landed, setup, landing)
    diff = shown_diff(landed.changes, prefix_alias=len(setup.roots) > 1)
    if landing.as_json:
        put_json(_document(landed, diff))
    elif landed.outcome in {"shown", "applied"}:
        put(diff)
    return landed


def _commit(landed: Landed, setup: Setup, landing: Landing) -> None:
    try:
        for name, revision in commit_changes(landed.changes, setup.roots, landing.task):
            say(f"committed {revision[:12]} in {name}")
    except UsageError as error:
        raise UsageError(
            f"applied, but not committed: {error.message}",
            "commit it by hand, or take it back: copilot undo",
        ) from error


def _land(proposal: Proposal, setup: Setup, landing: Landing) -> Landed:
    for name in proposal.already_applied:
        say(f"already there, nothing to do: {name}")
    if not proposal.changes:
        return Landed("nothing to change", ExitCode.OK)
    if landing.dry_run:
        return Landed("shown", ExitCode.OK, proposal.changes)
    decided = _decide(proposal, landing)
    changes = accepted(decided)
    if not changes:
        return Landed("nothing applied", ExitCode.FINDINGS)
    if landing.check and not _passes(changes, landing.check):
        return Landed("check failed", ExitCode.FINDINGS)
    every = all(file.decision is Decision.ACCEPTED for file in decided.files)
    return _write(changes, setup, landing, ExitCode.OK if every else ExitCode.FINDINGS)


def _decide(proposal: Proposal, landing: Landing) -> Review:
    begun = start(proposal.changes, proposal.flags)
    if not landing.yes:
        return review(begun, landing.task, plain=landing.plain)
    for name, flags in proposal.flags.items():
        say(f"warning: {name}: {'; '.join(flags)}")
    return decide_all(begun, Decision.ACCEPTED)


def _passes(changes: ChangeSet, check: Callable[[ChangeSet], Check]) -> bool:
    """Run the user's check on the result; what it printed is shown if it fails."""
    say("checking the result in a scratch copy")
    result = check(changes)
    if not result.passed:
        say(result.output.rstrip())
    return result.passed


def _write(changes: ChangeSet, setup: Setup, landing: Landing, code: ExitCode) -> Landed:
    if landing.patch:
        for alias, path in _patches(changes, setup, landing.patch).items():
            own = (c for c in changes.changes if c.repository == alias)
            write_file(path, git_patch(ChangeSet(tuple(own))))
        return Landed("patch written", code, changes)
    if landing.commit:
        for name in uncommitted(changes, setup.roots):
            say(f"warning: the commit will also hold your own changes to {name}")
    roots = {root.alias: root.path for root in setup.roots}
    transaction = write_all(changes, roots, setup.paths.journals, label=landing.task)
    return Landed("applied", code, changes, transaction.id)


def _patches(changes: ChangeSet, setup: Setup, path: Path) -> dict[str, Path]:
    """Return each changed repository's patch file: of several, with its alias in the name."""
    aliases = {change.repository for change in changes.changes}
    if len(setup.roots) == 1:
        return dict.fromkeys(aliases, path)
    return {alias: path.with_name(f"{path.stem}.{alias}{path.suffix}") for alias in aliases}


def _say_end(landed: Landed, setup: Setup, landing: Landing) -> None:
    count = len(landed.changes.changes)
    files = f"{count} file{'' if count == 1 else 's'}"
    rest = "; the rest was left out" if landed.code is ExitCode.FINDINGS else ""
    sentences = {
        "nothing to change": "nothing to change",
        "shown": "dry run: nothing was written",
        "nothing applied": "nothing was accepted, nothing was written",
        "check failed": "the check failed, nothing was written",
        "patch written": f"wrote a patch for {files}{rest}",
        "applied": f"applied {files}{rest}; to undo: copilot undo",
    }
    say(sentences[landed.outcome])
    if landed.outcome == "patch written" and landing.patch:
        roots = {root.alias: root.path for root in setup.roots}
        for alias, path in _patches(landed.changes, setup, landing.patch).items():
            say("  " + shlex.join(["git", "-C", str(roots[alias]), "apply", str(path.resolve())]))


def _document(landed: Landed, diff: str) -> dict[str, object]:
    return {
        "outcome": landed.outcome,
        "transaction": landed.transaction,
        "files": [
            {"repository": c.repository, "path": c.path, "change": c.kind.value}
            for c in landed.changes.changes
        ],
        "diff": diff,
    }
