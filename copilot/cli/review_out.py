"""How a review's result is put on stdout: for people, programs, code hosts, and editors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from copilot.assist.reviewing.finding import Finding, ReviewResult
from copilot.cli.show import put, put_json
from copilot.cli.talk import say, say_always
from copilot.errors import ExitCode
from copilot.settings.paths import StatePaths
from copilot.text import one_line
from copilot.workspace.diffs import Diff
from copilot.workspace.model import Root

if TYPE_CHECKING:
    from copilot.assist.hooking.kept import Kept, Last


class Form(Enum):
    """What stdout gets."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    LINES = "lines"


def put_review(result: ReviewResult, diff: Diff, form: Form) -> None:
    """Put a result on stdout."""
    if form is Form.JSON:
        from copilot.assist.reviewing.out_json import document_of

        put_json(document_of(result, diff))
    elif form is Form.SARIF:
        from copilot.assist.reviewing.out_sarif import sarif_of

        put_json(sarif_of(result, diff))
    elif form is Form.LINES:
        from copilot.assist.reviewing.out_lines import lines_of

        put(lines_of(result))
    else:
        from copilot.assist.reviewing.out_text import text_of

        put(text_of(result, diff))


@dataclass(frozen=True)
class Shown:
    """A review as it was kept: how it ended, its findings, the ids of what it was of by path."""

    code: ExitCode
    findings: tuple[Finding, ...] = ()
    blobs: Mapping[str, str] = field(default_factory=dict)


def put_last(root: Root, paths: StatePaths, form: Form) -> Shown:
    """Put the last review that a hook asked for on stdout.

    One of something else than what is checked out is no answer here: it ends as incomplete.
    """
    from copilot.assist.hooking.kept import last_review, mark_seen, on_their_way
    from copilot.assist.hooking.results import blobs_of, result_of

    running, last = on_their_way(root, paths), last_review(root, paths)
    if running:
        say(f"{running} reviews are on their way" if running > 1 else "a review is on its way")
    if last is None:
        if not running:
            say("no review is kept here: no hook has asked for one, or it was ended")
        return Shown(ExitCode.INCOMPLETE if running else ExitCode.OK)
    _say_others(last, running)
    mark_seen(root, (last.kept, *last.late), paths)
    code = _put_kept(last.kept, form)
    if running or not last.is_here:
        code = ExitCode.INCOMPLETE
    result = result_of(last.kept)
    return Shown(code, result.findings if result else (), blobs_of(last.kept))


def _say_others(last: Last, running: int) -> None:
    """Say what else was reviewed, and what the review that follows is not of."""
    if not last.is_here:
        say("no hook has asked for a review of what is checked out here; the last one of others:")
    for one in last.late:
        if one != last.kept:
            say_always(_late_line(one))
    if running:
        say("the one before:")


def _put_kept(kept: Kept, form: Form) -> ExitCode:
    """Put a review as it was kept on stdout, and return how it ended."""
    from copilot.assist.hooking.results import result_of

    result = result_of(kept)
    if result is None:
        say_always(f"the review of what {kept.hook} saw {_when(kept)} came to nothing:")
        say_always(kept.said.rstrip("\n"))
        return ExitCode(kept.code)
    saw = Diff((), result.key, kept.commit, f"what {kept.hook} saw {_when(kept)}")
    if form is Form.JSON:
        put_json({**kept.document, "reviewed": saw.description})
    else:
        put_review(result, saw, form)
    return result.outcome.exit_code


def _when(kept: Kept) -> str:
    when = datetime.fromtimestamp(kept.when).astimezone().strftime("at %Y-%m-%d %H:%M")
    return f"{when}, with {kept.commit[:12]} checked out" if kept.commit else when


def _late_line(kept: Kept) -> str:
    """Return what became of a review that nobody has seen, and where it is."""
    from copilot.assist.hooking.results import result_of

    result, what = result_of(kept), f"a late review of what {kept.hook} saw {_when(kept)}"
    if result is None:
        return f"{what} came to nothing: {one_line(kept.said)}"
    number = len(result.findings)
    named = kept.tree or kept.commit
    where = f": git notes --ref=copilot show {named[:12]}" if named and number else ""
    return f"{what} has {number} finding{'' if number == 1 else 's'}{where}"
