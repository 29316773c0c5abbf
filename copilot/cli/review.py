"""`copilot review`: a change reviewed with the whole repository as context."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from copilot.assist.reviewing.asking import result_of
from copilot.assist.reviewing.finding import Finding, ReviewResult
from copilot.assist.reviewing.fixed import fixed_findings
from copilot.assist.reviewing.matter import never_shown
from copilot.cli.later import put_off
from copilot.cli.options import (
    Allow,
    BaseUrl,
    Budget,
    ConfigPath,
    Exclude,
    Fresh,
    Include,
    Json,
    KeyVariable,
    Model,
    ModeOption,
    NoMask,
    Plain,
    Repo,
    Roots,
    Submodules,
    Whom,
    Yes,
    new_app,
    where,
)
from copilot.cli.review_out import Form, put_last, put_review
from copilot.cli.setup import Setup, set_up
from copilot.cli.talk import voice
from copilot.errors import BudgetExceeded, ModelError, PolicyRefused, UsageError
from copilot.settings.modes import Mode
from copilot.text import one_line
from copilot.workspace.changes_of import Changes, What, range_of, read_diff
from copilot.workspace.diffs import Diff
from copilot.workspace.model import Root
from copilot.workspace.objects import read_blobs

MOST_REQUESTS = 8

app = new_app()


@dataclass(frozen=True)
class _After:
    """What follows a review: whether its suggestions are to land, and where."""

    apply: bool
    on_index: bool
    yes: bool
    plain: bool
    allow: frozenset[str]

    @property
    def lands(self) -> bool:
        return self.apply or self.on_index


@app.command(name="review")
def review_command(
    patch: Annotated[
        str | None,
        typer.Argument(metavar="[-]", help="- : a patch from stdin is reviewed."),
    ] = None,
    staged: Annotated[
        bool, typer.Option("--staged", help="Review what is staged; the default.")
    ] = False,
    range_: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="A..B",
            help="Review what B changes from A on; A...B: from where they part; A: up to HEAD.",
        ),
    ] = None,
    worktree: Annotated[
        bool, typer.Option("--worktree", help="Review tracked files on disk against HEAD.")
    ] = False,
    last: Annotated[
        bool,
        typer.Option(
            "--last",
            help="Show the last review that a hook asked for; --apply and --fix-staged take what "
            "it suggests.",
        ),
    ] = False,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Decide on the suggested changes, and write what you accept."),
    ] = False,
    tui: Annotated[
        bool, typer.Option("--tui", help="The same; only on the full screen, with the findings.")
    ] = False,
    fix_staged: Annotated[
        bool,
        typer.Option(
            "--fix-staged",
            help="As --apply, but change what is staged; the files stay as they are.",
        ),
    ] = False,
    unfix_staged: Annotated[
        bool,
        typer.Option("--unfix-staged", help="Stage again what was staged before --fix-staged."),
    ] = False,
    yes: Yes = False,
    plain: Plain = False,
    allow: Allow = None,
    requests: Annotated[
        int,
        typer.Option(
            "--requests",
            metavar="N",
            min=1,
            max=1000,
            help="At most so many requests for a change that does not fit one prompt.",
        ),
    ] = MOST_REQUESTS,
    root: Roots = None,
    repo: Repo = None,
    submodules: Submodules = None,
    no_mask: NoMask = False,
    include: Include = None,
    exclude: Exclude = None,
    model: Model = None,
    base_url: BaseUrl = None,
    api_key_env: KeyVariable = None,
    budget: Budget = None,
    mode: ModeOption = Mode.AUTO,
    fresh: Fresh = False,
    config: ConfigPath = None,
    as_json: Json = False,
    sarif: Annotated[
        bool, typer.Option("--sarif", help="Print the findings as SARIF 2.1.0 on stdout.")
    ] = False,
    lines: Annotated[
        bool,
        typer.Option("--lines", help="Print `path:line: severity: text` for editors on stdout."),
    ] = False,
) -> None:
    """Review a change: exit 0 for a pass, 1 with findings, 7 if not all could be looked at."""
    form = _form(as_json=as_json, sarif=sarif, lines=lines)
    changes = _changes(patch, range_, staged=staged, worktree=worktree, last=last)
    after = _after(apply, tui, fix_staged, yes, plain, allow)
    read = (root, include, exclude, budget, config, repo, submodules, no_mask, mode, None, fresh)
    # With as many examples as the user's own settings say, as questions have: the base is the same.
    setup = set_up(where(*read, examples=None))
    one = one_root(setup)
    if unfix_staged:
        from copilot.cli.review_land import unfix

        unfix(setup, one)
        return
    _check(after, changes, one, tui=tui)
    if last:
        shown = put_last(one, setup.paths, form)
        _land(shown.findings, setup, one, after, shown.blobs)
        raise typer.Exit(shown.code)
    diff = read_diff(one, changes)
    whom = Whom(model, base_url, api_key_env)
    with put_off():
        result = reviewed(
            setup, one, diff, lambda fixed: _asked(setup, one, changes, diff, whom, fixed, requests)
        )
        put_review(result, diff, form)
    _land(result.findings, setup, one, after)
    raise typer.Exit(result.outcome.exit_code)


def review_known(
    setup: Setup, root: Root, changes: Changes, diff: Diff, fixed: Sequence[Finding]
) -> int:
    """Review what a hook has read and checked already, as `copilot review --json --quiet` does.

    Returns the exit code. Raises CopilotError.
    """
    voice.quiet = True

    def ask(fixed: Sequence[Finding]) -> ReviewResult:
        return _asked(setup, root, changes, diff, Whom(), fixed, MOST_REQUESTS)

    result = _with_fixed(diff, fixed, ask)
    put_review(result, diff, Form.JSON)
    return result.outcome.exit_code


def reviewed(
    setup: Setup, root: Root, diff: Diff, ask: Callable[[Sequence[Finding]], ReviewResult]
) -> ReviewResult:
    """Return the result of the review, of which `ask` is the model's part. Raises CopilotError.

    `ask` gets what our own checks found; that is told even if the model cannot be asked.
    """
    read = partial(read_blobs, root.path) if root.is_git else None
    return _with_fixed(diff, tuple(fixed_findings(diff, setup.masker, read)), ask)


def _with_fixed(
    diff: Diff, fixed: Sequence[Finding], ask: Callable[[Sequence[Finding]], ReviewResult]
) -> ReviewResult:
    if not diff.files:
        return result_of(diff, (), ())
    if not any(file.has_lines for file in diff.files):
        # There is nothing to ask: no model can be shown more than names and modes.
        left_out = [(file.path, why) for file in diff.files if (why := never_shown(file))]
        return result_of(diff, (), fixed, left_out)
    try:
        return ask(fixed)
    except (ModelError, BudgetExceeded, PolicyRefused) as error:
        if not fixed:
            raise
        return result_of(diff, (), fixed, note=f"no model looked at it: {one_line(error.message)}")


def _asked(
    setup: Setup,
    root: Root,
    changes: Changes,
    diff: Diff,
    whom: Whom,
    fixed: Sequence[Finding],
    most: int,
) -> ReviewResult:
    from copilot.cli.ready import ready_model
    from copilot.cli.review_ask import ask_for_review

    with ready_model(setup, whom) as ready:
        return ask_for_review(setup, ready, root, changes, diff, fixed, most)


def _land(
    findings: Sequence[Finding],
    setup: Setup,
    root: Root,
    after: _After,
    reviewed: Mapping[str, str] | None = None,
) -> None:
    """Have a person decide on what is suggested, if that was asked for. Raises CopilotError.

    `reviewed` are the ids of the files that the review was of, where it is an earlier one.
    """
    if not (after.lands and any(finding.suggestion for finding in findings)):
        return
    from copilot.cli.review_land import Way, land_suggestions

    way = Way(after.on_index, after.yes, after.plain, after.allow, reviewed or {})
    land_suggestions(findings, setup, root, way)


def _form(*, as_json: bool, sarif: bool, lines: bool) -> Form:
    """Return the form that stdout gets. Raises UsageError for two."""
    wanted = [
        form
        for form, is_wanted in ((Form.JSON, as_json), (Form.SARIF, sarif), (Form.LINES, lines))
        if is_wanted
    ]
    if len(wanted) > 1:
        raise UsageError("--json, --sarif and --lines exclude each other", "give one of them")
    return wanted[0] if wanted else Form.TEXT


def _changes(
    patch: str | None, range_: str | None, *, staged: bool, worktree: bool, last: bool
) -> Changes:
    """Return what is to be reviewed. Raises UsageError."""
    if patch not in (None, "-"):
        hint = f"--range {one_line(patch or '')}, if that is a range; - reads a patch from stdin"
        raise UsageError(f"not understood: {one_line(patch or '')}", hint)
    if sum([patch is not None, range_ is not None, staged, worktree, last]) > 1:
        raise UsageError(
            "--staged, --range, --worktree, --last and - exclude each other", "give one of them"
        )
    if patch is not None:
        return Changes(What.PATCH, patch=sys.stdin.buffer.read())
    if range_ is not None:
        return range_of(range_)
    return Changes(What.WORK_TREE if worktree else What.STAGED)


def _after(
    apply: bool, tui: bool, on_index: bool, yes: bool, plain: bool, allow: Sequence[str] | None
) -> _After:
    if on_index and apply:
        raise UsageError("--apply and --fix-staged exclude each other", "leave one of them out")
    if tui and plain:
        raise UsageError("--tui and --plain exclude each other", "leave one of them out")
    is_applied = apply or (tui and not on_index)
    if yes and not (is_applied or on_index):
        raise UsageError("--yes accepts suggested changes", "add --apply or --fix-staged")
    return _After(is_applied, on_index, yes, plain, frozenset(allow or ()))


def _check(after: _After, changes: Changes, root: Root, *, tui: bool) -> None:
    """Raise UsageError for what cannot be done, before a model is asked in vain."""
    if after.on_index and not (changes.what is What.STAGED and root.is_git):
        hint = "leave out --range, --worktree and -"
        raise UsageError("--fix-staged is for what is staged", hint)
    if tui:
        from copilot.cli.reviewers import has_full_terminal

        if not has_full_terminal():
            raise UsageError("--tui needs a terminal", "use --apply, or leave it out")


def one_root(setup: Setup) -> Root:
    """Return the repository under review. Raises UsageError."""
    if len(setup.roots) != 1:
        raise UsageError("one repository is reviewed at a time", "name one with --root")
    return setup.roots[0]
