"""From a proposal to files: shown, reviewed, checked, written all or nothing, and told."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.assist.check import DEFAULT_SECONDS, Check, CheckCommand, check_in_copy
from copilot.assist.commit import commit_changes, uncommitted
from copilot.assist.propose import Attempt, Proposal
from copilot.assist.results import FileResult, documents, refused_results, results_of
from copilot.cli.decided import hunk_documents, take_named
from copilot.cli.keep import write_file
from copilot.cli.options import Whom
from copilot.cli.ready import agrees
from copilot.cli.reviewers import can_review, check_keys, is_plain, review
from copilot.cli.reviewing import Reviewing
from copilot.cli.setup import Setup
from copilot.cli.show import put, put_bytes, put_json
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.edits.patch import git_patch, shown_diff
from copilot.errors import CopilotError, EditsRefused, ExitCode, PolicyRefused, UsageError
from copilot.journal.transact import commit as write_all
from copilot.review.marks import holds
from copilot.review.state import (
    Decision,
    Review,
    accepted,
    asked_apart,
    decide_all,
    decide_file,
    decide_files,
    start,
)
from copilot.text import one_line

NOTHING = ChangeSet()
_WHY_PENDING = {
    "shown": "dry run",
    "pending": "nobody was there to review",
    "patch written": "written to the patch",
    "check failed": "the check failed",
    "nothing applied": "not accepted",
}


@dataclass(frozen=True)
class Landing:
    """How changes land: the options of `edit` and `apply`.

    `accept` names the files and hunks that alone are taken, without a review; none: all of `yes`.
    """

    task: str
    yes: bool = False
    plain: bool = False
    dry_run: bool = False
    patch: Path | None = None
    check: CheckCommand | None = None
    commit: bool = False
    as_json: bool = False
    allow: frozenset[str] = frozenset()
    accept: tuple[str, ...] = ()

    @property
    def needs_nobody(self) -> bool:
        """Whether the options alone decide."""
        return self.yes or bool(self.accept)


@dataclass(frozen=True)
class Landed:
    """What became of a proposal: in a word, as exit code, and what was accepted.

    `check` is what the user's command said, where it was run; `is_whole` whether all was accepted.
    `proposal` is what was decided on at last, `decided` how; None if nobody did.
    """

    outcome: str
    code: ExitCode
    proposal: Proposal
    changes: ChangeSet = NOTHING
    transaction: str | None = None
    check: Check | None = None
    is_whole: bool = True
    decided: Review | None = None


def check_of(
    setup: Setup, command: str | None, *, no_check: bool, whom: Whom | None = None
) -> CheckCommand | None:
    """Return the command that must succeed: that of the command line, else the user's usual one.

    It sees no variable that holds the key of a model. Raises UsageError.
    """
    if command is not None and (no_check or not command.strip()):
        raise UsageError("--check needs a command, and no --no-check", "leave one of them out")
    config = setup.config
    wanted = None if no_check else command or config.check
    if not wanted:
        return None
    variables = {model.api_key_env for model in config.models.values()}
    variables |= {whom.key_variable} if whom and whom.key_variable else set()
    return CheckCommand(wanted, config.check_seconds or DEFAULT_SECONDS, frozenset(variables))


def check_landing(landing: Landing, setup: Setup) -> None:
    """Raise UsageError for options that exclude each other, before a model is asked in vain."""
    if landing.yes and landing.accept:
        raise UsageError("--yes accepts everything", "leave out --yes or --accept")
    if landing.dry_run and (landing.patch or landing.commit):
        raise UsageError("--dry-run only shows", "leave out --patch and --commit")
    if landing.patch and landing.commit:
        raise UsageError("--patch writes no file to commit", "leave out --patch or --commit")
    to_stdout = landing.patch is not None and _is_stdout(landing.patch)
    if to_stdout and (landing.as_json or len(setup.roots) > 1):
        raise UsageError("--patch - is for one root, without --json", "name a file")
    if landing.patch and not landing.patch.parent.is_dir():
        raise UsageError(f"no folder at {landing.patch.parent}", "check the path after --patch")
    if landing.commit and not all(root.is_git for root in setup.roots):
        raise UsageError("--commit needs git repositories", "leave it out, or run git init there")
    if not landing.needs_nobody:
        check_keys(setup.config, plain=landing.plain)


def land(
    proposal: Proposal, setup: Setup, landing: Landing, outside: Reviewing | None = None
) -> Landed:
    """Review and apply a proposal, all of it or nothing. Raises CopilotError.

    `outside` is what the review may ask of the world; without it, the disk alone.
    """
    outside = outside or Reviewing(setup, proposal)
    try:
        landed = _land(proposal, setup, landing, outside)
        outside.settled()
    except CopilotError as error:
        if landing.as_json:
            put_refused(proposal, error.message)
        raise
    # What was done is said before stdout can fail, and without its help.
    _say_end(landed, setup, landing)
    if landing.commit and landed.transaction:
        _commit(landed, setup, landing)
    return landed


def put_result(landed: Landed, setup: Setup, landing: Landing, reply: Path | None = None) -> None:
    """Put what became of a proposal on stdout; `reply` is where its reply is kept, if it is."""
    several = len(setup.roots) > 1
    if landing.as_json:
        document = _document(landed, shown_diff(landed.changes, prefix_alias=several))
        put_json(document | ({"reply": str(reply)} if reply else {}))
    elif landed.outcome == "pending" and not sys.stdout.isatty():
        put_bytes(git_patch(landed.changes, prefix_alias=several))
    elif landed.outcome in {"shown", "applied", "pending"}:
        put(shown_diff(landed.changes, prefix_alias=several))


def put_refused(made: Attempt | Proposal | None, reason: str) -> None:
    """Put on stdout as JSON that nothing was written, why, and what of each file."""
    results: tuple[FileResult, ...] = ()
    if isinstance(made, Proposal):
        results = results_of(made, made.changes, written=False, why="nothing was written")
    elif made:
        results = refused_results(made)
    changes = documents(results)
    put_json({"outcome": "refused", "written": False, "reason": reason, "changes": changes})


def _commit(landed: Landed, setup: Setup, landing: Landing) -> None:
    try:
        for name, revision in commit_changes(landed.changes, setup.roots, landing.task):
            say(f"committed {revision[:12]} in {name}")
    except UsageError as error:
        raise UsageError(
            f"applied, but not committed: {error.message}",
            "commit it by hand, or take it back: copilot undo",
        ) from error


def _land(proposal: Proposal, setup: Setup, landing: Landing, outside: Reviewing) -> Landed:
    for name in proposal.already_applied:
        say(f"already there, nothing to do: {name}")
    if not proposal.changes:
        return Landed("nothing to change", ExitCode.OK, proposal)
    if landing.dry_run:
        return Landed("shown", ExitCode.OK, proposal, proposal.changes)
    begun = start(proposal.changes, proposal.flags)
    if landing.needs_nobody:
        return _written(_decided(begun, landing), setup, landing, outside)
    if not can_review(plain=landing.plain):
        return Landed("pending", ExitCode.FINDINGS, proposal, proposal.changes)
    title = landing.task
    while True:
        decided = _asked_apart(review(begun, title, setup.config, outside, plain=landing.plain))
        try:
            _check_as_shown(decided, outside)
            return _written(decided, setup, landing, outside)
        except EditsRefused as refusal:
            if not outside.changed_on_disk(decided):
                raise
            say(refusal.message)
            begun = _to_be_seen(decided, landing, outside)
            title = f"changed on disk, nothing was written; look again: {landing.task}"


def _check_as_shown(decided: Review, outside: Reviewing) -> None:
    """Raise EditsRefused if a file of which something is accepted is not what was shown."""
    names = [
        one_line(decided.files[index].change.name)
        for index in outside.changed_on_disk(decided)
        if holds(decided.files[index].marks, Decision.ACCEPTED)
    ]
    if names:
        raise EditsRefused(f"changed on disk during the review: {', '.join(names)}")


def _to_be_seen(decided: Review, landing: Landing, outside: Reviewing) -> Review:
    """Return a review to be looked at again, placed on the files as they are where that can be.

    Line by line, what is decided is not shown: what was touched is undecided again.
    """
    touched = [decided.files[index].change.source for index in outside.changed_on_disk(decided)]
    try:
        again = outside.placed_again(decided)
        say("placed again; nothing was written, look at it once more")
    except EditsRefused as refusal:
        say(refusal.message)
        say(f"hint: {refusal.hint}")
        again = decided
    if not is_plain(plain=landing.plain):
        return again
    indices = [i for i, file in enumerate(again.files) if file.change.source in touched]
    names = ", ".join(one_line(again.files[i].change.name) for i in indices)
    say(f"to be decided again: {names}")
    return decide_files(again, indices, Decision.UNDECIDED)


def _written(decided: Review, setup: Setup, landing: Landing, outside: Reviewing) -> Landed:
    """Check and write what was accepted. Raises CopilotError."""
    proposed = ChangeSet(tuple(file.change for file in decided.files))
    proposal = replace(outside.proposal, changes=proposed)
    changes = accepted(decided)
    is_whole = all(file.decision is Decision.ACCEPTED for file in decided.files)
    if not changes:
        return Landed("nothing applied", ExitCode.FINDINGS, proposal, decided=decided)
    landed = Landed(
        "check failed", ExitCode.FINDINGS, proposal, changes, is_whole=is_whole, decided=decided
    )
    checked = _checked(changes, setup, landing.check) if landing.check else None
    if checked and not checked.passed:
        return replace(landed, check=checked)
    return _write(landed, setup, landing)


def _decided(begun: Review, landing: Landing) -> Review:
    """Return what the options decide. Raises UsageError, PolicyRefused."""
    for file in begun.files:
        if file.flags:
            texts = "; ".join(flag.text for flag in file.flags)
            say(f"warning: {one_line(file.change.name)}: {texts}")
    if landing.accept:
        decided = take_named(begun, landing.accept)
    else:
        decided = decide_all(begun, Decision.ACCEPTED)
    _refuse_unallowed(decided, landing)
    return decided


def _asked_apart(decided: Review) -> Review:
    """Ask for a yes of its own for each file that needs one; without it, it is left out."""
    for index, flags in asked_apart(decided):
        name = one_line(decided.files[index].change.name)
        say(f"{name}: {'; '.join(flag.text for flag in flags)}")
        if not agrees(f"write {name} all the same? [y/N] ", usually=False):
            decided = decide_file(decided, index, Decision.REJECTED)
    return decided


def _refuse_unallowed(decided: Review, landing: Landing) -> None:
    found = {
        (flag.kind.value, decided.files[index].change.name, flag.text)
        for index, flags in asked_apart(decided)
        for flag in flags
        if flag.kind.value not in landing.allow
    }
    if not found:
        return
    lines = "\n".join(f"  {one_line(name)}: {one_line(text)}" for _, name, text in sorted(found))
    needed = " ".join(f"--allow {kind}" for kind in sorted({kind for kind, *_ in found}))
    option = "--yes" if landing.yes else "--accept"
    raise PolicyRefused(
        f"{option} alone does not accept these; nothing was written\n{lines}",
        f"review them without {option}, or add {needed}",
    )


def _checked(changes: ChangeSet, setup: Setup, check: CheckCommand) -> Check:
    """Run the user's check on the result; what it printed is shown if it fails."""
    say(f"checking the result in a scratch copy: {one_line(check.command)}")
    result = check_in_copy(setup.roots, changes, check, os.environ)
    if not result.passed:
        say(result.output.rstrip())
    return result


def _write(landed: Landed, setup: Setup, landing: Landing) -> Landed:
    changes = landed.changes
    code = ExitCode.OK if landed.is_whole else ExitCode.FINDINGS
    if landing.patch:
        _write_patches(changes, setup, landing.patch)
        return replace(landed, outcome="patch written", code=code)
    if landing.commit:
        for name in uncommitted(changes, setup.roots):
            say(f"warning: the commit will also hold your own changes to {name}")
    roots = {root.alias: root.path for root in setup.roots}
    transaction = write_all(changes, roots, setup.paths.journals, label=landing.task)
    return replace(landed, outcome="applied", code=code, transaction=transaction.id)


def _write_patches(changes: ChangeSet, setup: Setup, path: Path) -> None:
    """Write a patch for each changed repository, over none of the files that are changed."""
    if _is_stdout(path):
        put_bytes(git_patch(changes))
        return
    roots = {root.alias: root.path for root in setup.roots}
    changed = {roots[c.repository] / p for c in changes.changes for p in (c.path, c.old_path) if p}
    for alias, file in _patches(changes, setup, path).items():
        if file.resolve() in changed:
            raise UsageError(f"{file} is one of the changed files", "name another after --patch")
        own = (c for c in changes.changes if c.repository == alias)
        write_file(file, git_patch(ChangeSet(tuple(own))))


def _is_stdout(path: Path) -> bool:
    return str(path) == "-"


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
        "pending": "nothing was written: nobody is here to review, and there is no --yes",
        "patch written": f"wrote a patch for {files}{rest}",
        "applied": f"applied {files}{rest}; to undo: copilot undo",
    }
    say(sentences[landed.outcome])
    if landed.outcome == "patch written" and landing.patch and not _is_stdout(landing.patch):
        roots = {root.alias: root.path for root in setup.roots}
        for alias, path in _patches(landed.changes, setup, landing.patch).items():
            say("  " + shlex.join(["git", "-C", str(roots[alias]), "apply", str(path.resolve())]))


def _document(landed: Landed, diff: str) -> dict[str, object]:
    is_written = landed.outcome == "applied"
    why = "" if is_written else _WHY_PENDING.get(landed.outcome, landed.outcome)
    proposal = landed.proposal
    results = results_of(proposal, landed.changes, written=is_written, why=why)
    return {
        "outcome": landed.outcome,
        "written": is_written,
        "transaction": landed.transaction,
        "changes": documents(results),
        "hunks": hunk_documents(landed.decided or start(proposal.changes)),
        "diff": diff,
    }
