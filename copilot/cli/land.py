"""From a proposal to files: shown, reviewed, checked, written all or nothing, and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from copilot.assist.check import Check
from copilot.assist.commit import commit_changes
from copilot.assist.propose import Proposal
from copilot.cli.keep import write_file
from copilot.cli.reviewers import review
from copilot.cli.setup import Setup
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.edits.patch import git_patch, shown_diff
from copilot.errors import ExitCode
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


def land(proposal: Proposal, setup: Setup, landing: Landing) -> Landed:
    """Review and apply a proposal, and put its result on stdout. Raises CopilotError."""
    landed = _land(proposal, setup, landing)
    diff = shown_diff(landed.changes, prefix_alias=len(setup.roots) > 1)
    if landing.as_json:
        put_json(_document(landed, diff))
    elif landed.outcome in {"shown", "applied"}:
        put(diff)
    _say_end(landed, landing)
    if landing.commit and landed.transaction:
        for name, revision in commit_changes(landed.changes, setup.roots, landing.task):
            say(f"committed {revision[:12]} in {name}")
    return landed


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
        write_file(landing.patch, git_patch(changes, prefix_alias=len(setup.roots) > 1))
        return Landed("patch written", code, changes)
    roots = {root.alias: root.path for root in setup.roots}
    transaction = write_all(changes, roots, setup.paths.journals, label=landing.task)
    return Landed("applied", code, changes, transaction.id)


def _say_end(landed: Landed, landing: Landing) -> None:
    count = len(landed.changes.changes)
    files = f"{count} file{'' if count == 1 else 's'}"
    some = " in part" if landed.code is ExitCode.FINDINGS else ""
    sentences = {
        "nothing to change": "nothing to change",
        "shown": "dry run: nothing was written",
        "nothing applied": "nothing was accepted, nothing was written",
        "check failed": "the check failed, nothing was written",
        "patch written": f"wrote {landing.patch}: git apply {landing.patch}",
        "applied": f"applied {files}{some}; to undo: copilot undo",
    }
    say(sentences[landed.outcome])


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
