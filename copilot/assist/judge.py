"""A judge of replies with edits: what the user's own tests say of each, for an ensemble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from copilot.assist.best_of import Account, Candidate, Trial, compare
from copilot.assist.propose import Attempt
from copilot.backends.ensembles.best_of import Judge, Judgement
from copilot.backends.ensembles.members import MemberAnswer, Report, Tell
from copilot.edits.changes import ChangeSet, FileChange
from copilot.edits.patch import shown_diff
from copilot.text import one_line
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker

# Of one candidate's diff, as much as helps to choose.
_MOST_CHARACTERS = 20_000


def judge_of(
    interpret: Callable[[str], Attempt],
    trial: Trial,
    masker: Masker | None,
    tell: Tell,
) -> Judge:
    """Return a judge that tries each answer's edits, and tells what became of each.

    `interpret` takes a reply and places its edits. Level answers are shown to a model as diffs,
    with secrets masked.
    """

    def judge(answers: Sequence[MemberAnswer]) -> Judgement:
        candidates = [Candidate(answer.name, answer.text) for answer in answers]
        verdict = compare(candidates, interpret, trial)
        for account in verdict.accounts:
            tell(_report(account))
        attempts = [verdict.attempts[number] for number in verdict.best]
        is_level = len(attempts) > 1
        shown = tuple(diff_to_send(made, masker) for made in attempts if is_level and made)
        return Judgement(verdict.best, shown)

    return judge


def diff_to_send(attempt: Attempt, masker: Masker | None) -> str:
    """Return the diff of an attempt as a model may see it.

    Secrets are masked as in a prompt; of files that the model did not see, only the names stand.
    """
    pieces = []
    for change in attempt.placement.changes.changes:
        paths = (change.path, change.old_path or change.path)
        if change.before is not None and any(
            f"{change.repository}/{path}" in attempt.known.unseen for path in paths
        ):
            kind = change.kind.value
            pieces.append(f"{one_line(change.name)}: {kind}, of a file that is not shown\n")
        else:
            hidden = ChangeSet((_masked(change, masker),))
            pieces.append(shown_diff(hidden, prefix_alias=True))
    diff = "".join(pieces)
    cut = len(diff) - _MOST_CHARACTERS
    more = f"\n(and {cut:,} characters more)\n" if cut > 0 else ""
    return f"{diff[:_MOST_CHARACTERS]}{more}" or "(no change)"


def _masked(change: FileChange, masker: Masker | None) -> FileChange:
    if masker is None:
        return change

    def hide(path: str, data: bytes | None) -> bytes | None:
        text = read_text(data) if data else None
        return masker.masked(path, text.text)[0].encode() if text else data

    old_path = change.old_path or change.path
    before, after = hide(old_path, change.before), hide(change.path, change.after)
    return replace(change, before=before, after=after)


def _report(account: Account) -> Report:
    if account.standing == "not placed":
        return Report(account.name, "dropped", account.why)
    return Report(account.name, account.standing, account.why)
