"""`copilot hook run pre-commit`: our own checks, then a kept answer, else a review in time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.assist.hooking.commits import Spent, spend
from copilot.assist.hooking.jobs import Job, Place, new_name
from copilot.assist.hooking.kept import Kept, find, folder_of, renew, review_key
from copilot.assist.hooking.leaving import is_relevant
from copilot.assist.hooking.policy import Verdict, found, late, not_reviewed
from copilot.assist.hooking.results import result_of, result_of_checks
from copilot.cli.hook_child import Known, Late, answer_to, mark_of
from copilot.cli.hook_message import reason
from copilot.cli.hook_run import Hook, why_of
from copilot.cli.hook_time import TooSlow, in_time
from copilot.errors import CopilotError, ExitCode
from copilot.forks import can_fork
from copilot.workspace.changes_of import Changes, What, read_diff
from copilot.workspace.git_state import common_dir_of
from copilot.workspace.inherited import index_of
from copilot.workspace.masker import Masker

if TYPE_CHECKING:
    from copilot.assist.reviewing.finding import Finding, ReviewResult
    from copilot.workspace.diffs import Diff

_INDEX = "index"


def review_staged(hook: Hook) -> Verdict:
    """Review what is staged. Raises CopilotError, OSError."""
    named = index_of(hook.root.path).get("GIT_INDEX_FILE")
    index = named or os.fspath(hook.git_dir / _INDEX)
    in_vain = True
    try:
        verdict, in_vain = review(hook, Changes(What.STAGED), ("--staged",), index)
        return verdict
    finally:
        seconds = time.monotonic() - hook.called.began
        spend(hook.paths, hook.git_dir, Spent(hook.called.process, time.time(), seconds, in_vain))


def check_staged(hook: Hook, why: str) -> Verdict:
    """Return how the hook ends where no model may be asked, which `why` says.

    Raises CopilotError, OSError.
    """
    without = not_reviewed(hook.policy, f"not reviewed: {why}", hook.what)
    try:
        diff, fixed = _read(hook, Changes(What.STAGED))
    except TooSlow:
        return without
    _show_checks(fixed, diff)
    verdict = _of_checks(hook, fixed)
    return verdict if verdict.code else without


def review(
    hook: Hook, changes: Changes, what: tuple[str, ...], index: str | None = None
) -> tuple[Verdict, bool]:
    """Return how the hook ends, and whether a model was asked in vain.

    `what` are the options that name the changes to `copilot review`, `index` is what git commits
    from. What our own checks stop is shown to no model. Raises CopilotError, OSError.
    """
    # Taken before it is read, it tells whether the index that is set aside is another.
    as_read = mark_of(Path(index)) if index else None
    try:
        diff, fixed = _read(hook, changes)
    except TooSlow:
        why = f"not reviewed: not even read within {hook.policy.seconds:g} s"
        return not_reviewed(hook.policy, why, hook.what), True
    verdict = _of_checks(hook, fixed)
    if verdict.code or not is_relevant(diff):
        _show_checks(fixed, diff)
        return (verdict if fixed else Verdict(ExitCode.OK)), False
    try:
        known = Known(hook.paths, hook.config, hook.root, changes, diff, tuple(fixed), as_read)
        kept = _answer(hook, known, what, index)
    except (Late, CopilotError, OSError) as error:
        _show_checks(fixed, diff)
        return _without_answer(hook, error), True
    # `git commit -a` and `git commit FILE` stage in an index of their own.
    return _told(hook, diff, kept, fixed, apart=Path(index or _INDEX).name != _INDEX)


def _read(hook: Hook, changes: Changes) -> tuple[Diff, Sequence[Finding]]:
    """Return what changed, and what our own checks find. Raises TooSlow, CopilotError, OSError."""
    with in_time(hook.until):
        diff = read_diff(hook.root, changes)
        return diff, _checked(hook, diff)


def _of_checks(hook: Hook, fixed: Sequence[Finding]) -> Verdict:
    return found(hook.policy, [one.severity.value for one in fixed], hook.what)


def _checked(hook: Hook, diff: Diff) -> Sequence[Finding]:
    """Return what our own checks find."""
    if not diff.files:
        return ()
    # Its patterns take longer to load than most else here.
    from copilot.assist.reviewing.fixed import fixed_findings
    from copilot.workspace.objects import read_blobs

    masker = Masker(hook.paths.mask_key_file)
    return fixed_findings(diff, masker, partial(read_blobs, hook.root.path))


def _answer(hook: Hook, known: Known, what: tuple[str, ...], index: str | None) -> Kept:
    """Return the answer as it was kept, else as it comes. Raises Late, CopilotError, OSError."""
    diff = known.diff
    folder = folder_of(common_dir_of(hook.git_dir), hook.paths)
    key = review_key(diff.key, hook.config, hook.paths.prompts)
    kept = find(folder, key)
    if kept is not None and kept.is_answer:
        renew(folder, key)
        return kept
    job = Job(
        key=key,
        asked=new_name(),
        hook=hook.called.name,
        top=os.fspath(hook.root.path),
        git_dir=os.fspath(hook.git_dir.resolve()),
        arguments=("review", *what, "--json", "--quiet"),
        index=index,
        commit=diff.revision,
    )
    hook.say_waiting("reviewing", hook.until)
    if can_fork():
        from copilot.assist.reviewing.matter import state_of
        from copilot.assist.reviewing.places import begin_ahead

        begin_ahead(state_of(hook.root, known.changes, diff), diff)
    place, background = Place(folder, key), hook.policy.background
    return answer_to(place, job, hook.until, background=background, known=known)


def _without_answer(hook: Hook, error: Late | CopilotError | OSError) -> Verdict:
    if isinstance(error, Late):
        return late(hook.policy, hook.what)
    return not_reviewed(hook.policy, f"not reviewed: {why_of(error)}", hook.what)


def _told(
    hook: Hook, diff: Diff, kept: Kept, fixed: Sequence[Finding], *, apart: bool
) -> tuple[Verdict, bool]:
    """Show what the review found, and return what follows."""
    result = result_of(kept)
    if result is None or result.key != diff.key:
        _show_checks(fixed, diff)
        why = "something else was read" if result else reason(kept.said)
        return not_reviewed(hook.policy, f"not reviewed: {why}", hook.what), True
    _show(result)
    severities = [one.severity.value for one in result.findings]
    suggests = any(one.suggestion for one in result.findings)
    verdict = found(hook.policy, severities, hook.what, suggests=suggests, apart=apart)
    if not result.is_complete:
        said = f"the review is incomplete: {result.note or 'not all of it was looked at'}"
        held_back = replace(verdict, line=f"{verdict.line}; {said}")
        verdict = held_back if verdict.code else not_reviewed(hook.policy, said, hook.what)
    return verdict, not result.model


def _show_checks(fixed: Sequence[Finding], diff: Diff) -> None:
    """Show what our own checks found, where no review does."""
    if fixed:
        from copilot.assist.reviewing.out_lines import lines_of

        lines = lines_of(result_of_checks(fixed, diff.key))
        print(lines, end="", file=sys.stderr, flush=True)


def _show(result: ReviewResult) -> None:
    if not (result.findings or result.dropped or result.unread or result.left_out):
        return
    # What a clean commit does not need is not loaded.
    from copilot.assist.reviewing.out_text import details_of

    print(details_of(result), end="", file=sys.stderr, flush=True)
