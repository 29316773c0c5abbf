"""`copilot eval`: how much a model really reads, measured on the user's own code."""

from __future__ import annotations

import typer

from copilot.cli.eval_options import (
    DEFAULT_DEPTHS,
    DEFAULT_SAMPLES,
    DEFAULT_SEED,
    Apart,
    Concurrency,
    Depths,
    Examples,
    Format,
    Lengths,
    MaxCost,
    MaxMinutes,
    ModelNames,
    ReplyTokens,
    RowsPath,
    Samples,
    Seed,
    Tasks,
    YesSend,
    wish_of,
)
from copilot.cli.eval_report import compare_command, put_report, rebuild_command, report_command
from copilot.cli.options import (
    BaseUrl,
    ConfigPath,
    Exclude,
    Include,
    Json,
    KeyVariable,
    NoMask,
    Repo,
    Roots,
    Submodules,
    Whom,
    new_app,
    where,
)
from copilot.cli.show import put
from copilot.errors import UsageError

app = new_app("Measure how much a model really reads, on your own code.")

_PURPOSES = {
    "needle": "Find planted lines, by length and depth, and which of two versions counts.",
    "ruler": "The 13 tasks of RULER, in the form of code.",
    "repoqa": "Give a function back that is only described, after RepoQA.",
    "edits": "Make small mechanical edits, as `copilot edit` asks for them.",
}


def _add(suite: str, purpose: str) -> None:
    """Add a suite's command; all have the same options."""

    @app.command(name=suite, help=purpose)
    def measure(
        root: Roots = None,
        repo: Repo = None,
        submodules: Submodules = None,
        no_mask: NoMask = False,
        include: Include = None,
        exclude: Exclude = None,
        model: ModelNames = None,
        base_url: BaseUrl = None,
        api_key_env: KeyVariable = None,
        config: ConfigPath = None,
        lengths: Lengths = None,
        samples: Samples = DEFAULT_SAMPLES,
        seed: Seed = DEFAULT_SEED,
        tasks: Tasks = None,
        depths: Depths = DEFAULT_DEPTHS,
        apart: Apart = False,
        examples: Examples = "0",
        rows: RowsPath = None,
        concurrency: Concurrency = 1,
        max_cost: MaxCost = None,
        max_minutes: MaxMinutes = None,
        reply_tokens: ReplyTokens = None,
        yes: YesSend = False,
        as_json: Json = False,
    ) -> None:
        wish = wish_of(suite, model, lengths, samples, seed, tasks, depths, apart, examples)
        if base_url is None and api_key_env is not None:
            raise UsageError("--api-key-env goes with --base-url")
        # What a run needs takes longer to import than a report does.
        from copilot.cli.eval_run import Order, run
        from copilot.cli.setup import set_up
        from copilot.evals.compare import compared, comparison_text
        from copilot.evals.report import report_of
        from copilot.evals.running import Bounds
        from copilot.evals.suites import SUITES

        read = (root, include, exclude, None, config, repo, submodules, no_mask)
        seconds = None if max_minutes is None else max_minutes * 60
        bounds = Bounds(concurrency, max_cost, seconds, reply_tokens)
        whom = Whom(None, base_url, api_key_env)
        ended = run(Order(SUITES[suite], wish, bounds, set_up(where(*read)), whom, rows, yes))
        asked = [
            row
            for row in ended.rows
            if row.recipe.suite == suite and row.model.digest in ended.digests
        ]
        put_report(report_of(asked), Format.JSON if as_json else Format.TABLE)
        if len(ended.digests) > 1 and not as_json:
            put(f"\n{comparison_text(compared(asked))}")
        if ended.code:
            raise typer.Exit(ended.code)


for _suite, _purpose in _PURPOSES.items():
    _add(_suite, _purpose)
app.command(name="report")(report_command)
app.command(name="compare")(compare_command)
app.command(name="rebuild")(rebuild_command)
