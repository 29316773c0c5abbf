"""A review in a process of its own: a hook starts it and waits, but it can end without the hook."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from copilot.assist.hooking.jobs import Job, Place, is_running, take
from copilot.assist.hooking.kept import Kept, find, keep
from copilot.cli.hook_process import Review, start_review
from copilot.cli.later import put_off
from copilot.errors import CopilotError, ExitCode, UsageError
from copilot.workspace.notes import begin_tree_of_index, write_note

if TYPE_CHECKING:
    from copilot.assist.reviewing.finding import Finding
    from copilot.settings.config import Config
    from copilot.settings.paths import StatePaths
    from copilot.workspace.changes_of import Changes
    from copilot.workspace.diffs import Diff
    from copilot.workspace.model import Root

_POLL_SECONDS = 0.02
_MOST_SAID = 4000
# A review that takes longer is ended: others wait for its place.
_MOST_SECONDS = 3600
# In a submodule, git would read the state that is set aside too.
_WITHOUT_SUBMODULES = {"COPILOT_SUBMODULES": "0"}


class Late(Exception):
    """The answer is not there in time."""


@dataclass(frozen=True)
class Known:
    """What a hook knows already of what is to be reviewed.

    `as_read` tells the index that it read from others, None where it read none.
    """

    paths: StatePaths
    config: Config
    root: Root
    changes: Changes
    diff: Diff
    fixed: tuple[Finding, ...]
    as_read: object = None


def answer_to(
    place: Place, job: Job, until: float, *, background: bool, known: Known | None = None
) -> Kept:
    """Return how a review ended: that which is on its way already, else one that is started.

    `until` is on the monotonic clock. One that is late is led to its end if `background`. Raises
    Late, CopilotError, OSError.
    """
    on_its_way: Job | None = None
    while (review := _start(place, job, known)) is None and (on_its_way := place.read()) is None:
        # Somebody begins just now, comes to an end, or only looks whether a review is on its way.
        if (kept := _kept(place, "")) is not None:
            return kept
        if time.monotonic() >= until:
            raise Late
        time.sleep(_POLL_SECONDS)
    asked = on_its_way.asked if on_its_way else job.asked
    if review is None:
        return _awaited(place, asked, until)
    try:
        return _awaited(place, asked, until, review)
    except Late:
        if not background:
            _stop(review, place)
            raise
        # It may have ended just before.
        with suppress(FileNotFoundError):
            place.mark_late()
        if (kept := _kept(place, asked)) is not None:
            return kept
        raise
    except KeyboardInterrupt:
        _stop(review, place)
        raise
    finally:
        review.let_go()


def _start(place: Place, job: Job, known: Known | None) -> Review | None:
    """Start the review in a session of its own, None if it is on its way already.

    It holds the lock, until its answer is kept.
    """
    from copilot.workspace.set_aside import set_aside

    held = take(place)
    if held is None:
        return None
    try:
        if job.index is not None:
            where = (Path(job.top), Path(job.git_dir), Path(job.index))
            apart = set_aside(*where, place.path / "git", job.commit)
            index = os.fspath(apart.folder / "index")
            variables = {**apart.variables, **_WITHOUT_SUBMODULES}
            if known and known.as_read != mark_of(Path(job.index)):
                known = None
            job = msgspec.structs.replace(job, variables=variables, index=index)
        place.write(job)
        return start_review(Path(job.top), place, held, partial(finish, known=known))
    finally:
        os.close(held)


def _awaited(place: Place, asked: str, until: float, review: Review | None = None) -> Kept:
    """Return what the job keeps at its end. Raises Late, UsageError if it keeps nothing."""
    while True:
        is_over = not is_running(place)
        if (kept := _kept(place, asked)) is not None:
            return kept
        if is_over:
            raise UsageError("the review broke off", "copilot review --staged says more")
        left = until - time.monotonic()
        if left <= 0:
            raise Late
        if review is None:
            time.sleep(_POLL_SECONDS)
        else:
            review.wait(left)


def _kept(place: Place, asked: str) -> Kept | None:
    """Return what was kept for this request; for one of no name, any answer to its question."""
    kept = find(place.folder, place.key)
    if kept is None:
        return None
    return kept if kept.asked == asked or (not asked and kept.is_answer) else None


def _stop(review: Review, place: Place) -> None:
    review.stop()
    place.clear()


def mark_of(index: Path) -> object:
    """Return what tells an index from what it is after it was written anew; None for none."""
    try:
        facts = index.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def finish(arguments: Sequence[str], known: Known | None = None) -> int:
    """Run the review of a job and keep how it ended: `FOLDER KEY LOCK PIPE`.

    The descriptors LOCK, which holds the job's lock, and PIPE are closed as soon as the answer is
    kept. What is `known` already is not read anew. Raises CopilotError, OSError.
    """
    if len(arguments) != 4 or not "".join(arguments[2:]).isdigit():
        raise UsageError("hook finish is for copilot itself", "copilot hook --help")
    place = Place(Path(arguments[0]), arguments[1])
    job = place.read()
    if job is None:
        raise UsageError("nothing to finish there", "copilot review --staged")
    signal.alarm(_MOST_SECONDS)
    environment = dict(os.environ)
    with put_off():
        try:
            _finish(place, job, known)
        finally:
            # Whoever comes next may begin: what is left to do is for the record.
            place.clear()
            for descriptor in arguments[2:]:
                os.close(int(descriptor))
    with suppress(CopilotError, OSError):
        _keep_warm(Path(job.top), environment)
    return ExitCode.OK


def _keep_warm(top: Path, environment: Mapping[str, str]) -> None:
    """Have a process stand by for the next hook, if the user wants one. Raises CopilotError."""
    from copilot.settings.config import load_config
    from copilot.settings.paths import state_paths

    config = load_config(state_paths().config_file, [top], environment)
    if config.hook_warm_seconds:
        from copilot.cli.standby import begin_standby

        begin_standby(top, environment)


def _finish(place: Place, job: Job, known: Known | None) -> None:
    os.environ.update(job.variables)
    find_tree = _begin_tree(job)
    code = _reviewed(job, known)
    sys.stdout.flush()
    sys.stderr.flush()
    tree = find_tree()
    kept = Kept(
        key=job.key,
        asked=job.asked,
        hook=job.hook,
        when=time.time(),
        code=code,
        said=_text(place.said)[-_MOST_SAID:],
        tree=tree,
        commit=job.commit,
        printed=_text(place.output) or None,
        git_dir=job.git_dir,
        is_late=place.is_late,
    )
    keep(place.folder, kept)
    named = tree if job.index else job.commit
    if place.is_late and named and kept.printed:
        write_note(Path(job.git_dir), named, kept.printed)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _begin_tree(job: Job) -> Callable[[], str | None]:
    """Begin to find the tree that is staged; what git writes for that lies in the job's folder."""
    if job.index is None:
        return lambda: None
    return begin_tree_of_index(Path(job.variables["GIT_DIR"]), Path(job.index))


def _reviewed(job: Job, known: Known | None) -> int:
    from copilot.cli.main import run_command, run_work

    try:
        _check_ready(job)
    except CopilotError as error:
        from copilot.cli.talk import complain

        complain(error)
        return error.exit_code
    arguments = list(job.arguments)
    return run_work(partial(_review, known), arguments) if known else run_command(arguments)


def _review(known: Known) -> int:
    from copilot.cli.review import review_known
    from copilot.cli.setup import Setup

    config = replace(known.config, submodules=False)
    setup = Setup(known.paths, config, (known.root,), examples=config.examples)
    return review_known(setup, known.root, known.changes, known.diff, known.fixed)


def _check_ready(job: Job) -> None:
    """Raise UsageError for what a command by hand would do first, and no hook may.

    That is to fetch a model, and to lead a change that broke off to an end in the work tree.
    """
    from copilot.assist.models import choose_model
    from copilot.backends.pull import local_path
    from copilot.journal.store import unfinished
    from copilot.settings.config import load_config
    from copilot.settings.paths import state_paths

    paths, top = state_paths(), Path(job.top)
    config = load_config(paths.config_file, [top], os.environ)
    chosen = choose_model(config, None, None, None)
    for one in (chosen, *chosen.members):
        wanted = one.embedded
        if wanted and local_path(wanted, config.models_dir or paths.models) is None:
            raise UsageError("no model to ask", "copilot models add, or copilot models pull")
    if paths.journals.exists() and unfinished(paths.journals, {top}):
        raise UsageError("an earlier change was interrupted", "copilot recover")
