"""How a review's result is put on stdout: for people, programs, code hosts, and editors."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from copilot.assist.reviewing.finding import Finding, ReviewResult
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.errors import ExitCode
from copilot.settings.paths import StatePaths
from copilot.workspace.diffs import Diff
from copilot.workspace.model import Root


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


def put_last(root: Root, paths: StatePaths, form: Form) -> tuple[ExitCode, tuple[Finding, ...]]:
    """Put the last review that a hook asked for on stdout; return its end and its findings."""
    from copilot.assist.hooking.kept import last_review, on_their_way
    from copilot.assist.hooking.results import result_of

    if number := on_their_way(root, paths):
        say(f"{number} reviews are on their way" if number > 1 else "a review is on its way")
    kept = last_review(root, paths)
    result = result_of(kept) if kept else None
    if kept is None:
        if not number:
            say("no hook has asked for a review here")
        return (ExitCode.INCOMPLETE if number else ExitCode.OK), ()
    if result is None:
        say(kept.said)
        return ExitCode(kept.code), ()
    when = datetime.fromtimestamp(kept.when).astimezone().strftime("%Y-%m-%d %H:%M")
    upon = f", with {kept.commit[:12]} checked out" if kept.commit else ""
    saw = Diff((), result.key, kept.commit, f"what {kept.hook} saw at {when}{upon}")
    put_review(result, saw, form)
    return result.outcome.exit_code, result.findings
